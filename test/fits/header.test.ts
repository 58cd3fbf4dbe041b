import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cardText, type CardValue } from '../../examples/fits-cards.mjs';
import { headerBytes } from '../../examples/fits-writer.mjs';
import { headerValues, parseHeader } from '../../src/fits/header.js';

/** Cards given as text, each filled to 80 characters. */
function parse(...cards: string[]) {
  return parseHeader([...cards, 'END'].map((card) => card.padEnd(80)).join(''));
}

describe('values of cards', () => {
  it.each([
    ["ORIGIN  = 'NASA/Ames'          / institution", 'NASA/Ames'],
    ["OWNER   = 'O''HARA '           / a quote", "O'HARA"],
    ["LEADING = '  two   '", '  two'],
    ["EMPTY   = ''", ''],
    ["SPACES  = '        '", ''],
    ['TICID   =            261136679 / id', 261136679],
    ['NEGATIVE=                  -14', -14],
    ['PLUS    =                  +14', 14],
    ['GAIA_ID =  4623036865373793408 / beyond 2^53', 4623036865373793408n],
    ['MINUSBIG= -9223372036854775808', -9223372036854775808n],
    ['FLOAT   =   63.373890000000000', 63.37389],
    ['EXPONENT=             1.16E-05', 1.16e-5],
    ['DOUBLE  =           1.5D+3 / D', 1500],
    ['LOWER   =               2.5d-1', 0.25],
    ['POINT   =                  .5', 0.5],
    ['TRUE    =                    T', true],
    ['FALSE   =                    F / no', false],
    ['NOTHING =                      / an undefined card', null],
    ['BARE    =', null],
    ['TIGHT   =7', 7],
    ['COMPLEX = (1.0, 2.0)', '(1.0, 2.0)'],
    ['HUGE    =               1E+999', '1E+999'],
    ['WORDS   = no quotes / here', 'no quotes'],
    ["OPEN    = 'never closed", 'never closed'],
  ])('%s', (card, expected) => {
    expect([...parse(card).values()]).toEqual([expected]);
  });

  it('takes the first of two equal key words', () => {
    expect(parse('SECTOR  = 1', 'SECTOR  = 2').get('SECTOR')).toBe(1);
  });

  it('has no values for comments, history, blanks and key words without "="', () => {
    expect(parse('COMMENT = 3', 'HISTORY x = 4', '        = 5', 'HIERARCH nothing', 'NOVALUE   6').size).toBe(
      0,
    );
  });

  it('joins a string that goes on in CONTINUE cards', () => {
    const header = parse("LONG    = 'one &'", "CONTINUE  'two &'", "CONTINUE  'three' / c", 'NEXT    = 1');
    expect(header.get('LONG')).toBe('one two three');
    expect(header.get('NEXT')).toBe(1);
  });

  it('keeps an "&" that no card continues, and drops a CONTINUE that continues nothing', () => {
    const header = parse("ANDSO   = 'on &'", 'NEXT    = 1', "CONTINUE  'lost'");
    expect(headerValues(header)).toEqual({ ANDSO: 'on &', NEXT: 1 });
  });

  it('knows HIERARCH key words, and key words in lower case by their upper case', () => {
    const header = parse('HIERARCH ESO TEL NAME = 12 / twelve', 'sector  = 3');
    expect(headerValues(header)).toEqual({ 'ESO TEL NAME': 12, SECTOR: 3 });
  });

  it('ends at END', () => {
    expect(parse('END', 'SECTOR  = 1').size).toBe(0);
  });

  it('can be given names that objects inherit without touching any prototype', () => {
    const values = headerValues(parse('HIERARCH __proto__ = 1', 'HIERARCH constructor = 2'));
    expect(Object.getPrototypeOf(values)).toBe(Object.prototype);
    expect(values).toEqual({ __PROTO__: 1, CONSTRUCTOR: 2 });
  });

  it('takes time in proportion to its length, a string continued 100,000 times too', () => {
    const text = "LONG    = '&'".padEnd(80) + `CONTINUE  '${'x'.repeat(66)}&'`.padEnd(80).repeat(100_000);
    const started = performance.now();
    expect((parseHeader(text).get('LONG') as string).length).toBe(66 * 100_000 + 1);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe('what the writer writes', () => {
  const text = fc.string({ unit: 'grapheme-ascii', maxLength: 300 }).filter((s) => s === s.trimEnd());
  const value: fc.Arbitrary<Exclude<CardValue, { text: string }>> = fc.oneof(
    text,
    fc.boolean(),
    fc.constant(null),
    fc.maxSafeInteger(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  );

  it('reads back to the same values', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 20 }), (values) => {
        const cards = values.map((v, i) => [`KEY${i}`, v, 'a comment / with a slash'] as const);
        const bytes = headerBytes(cards);
        expect(bytes.length % 2880).toBe(0);
        const header = parseHeader(Buffer.from(bytes).toString('latin1'));
        const small = (v: unknown) =>
          typeof v === 'bigint' && Number.isSafeInteger(Number(v)) ? Number(v) : v;
        expect([...header.values()]).toEqual(values.map(small));
      }),
    );
  });

  it('fills whole cards', () => {
    fc.assert(
      fc.property(value, (v) => {
        expect(cardText(['KEY', v]).length % 80).toBe(0);
      }),
    );
  });
});
