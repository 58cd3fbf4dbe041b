import { describe, expect, it } from 'vitest';
import type { Card } from '../../examples/fits-writer.mjs';
import { readLightCurve } from '../../src/fits/read-light-curve.js';
import { TIC, custom, errorOf, spoc } from './fixtures.js';

describe('the identity', () => {
  const nameless: Card[] = [
    ['TELESCOP', 'TESS'],
    ['ORIGIN', 'NASA/Ames'],
  ];

  it('that the file lacks is asked for by the name of the option', () => {
    const noSector = errorOf(() => readLightCurve(custom()));
    expect(noSector).toMatchObject({ code: 'FITS_NO_IDENTITY', field: 'sector' });
    expect(noSector.message).toContain('pass the option sector');
    const noTic = errorOf(() => readLightCurve(spoc(120, { primary: nameless }), { sector: 1 }));
    expect(noTic).toMatchObject({ code: 'FITS_NO_IDENTITY', field: 'ticId' });
  });

  it('comes from the caller where the file has none', () => {
    const data = readLightCurve(spoc(120, { primary: nameless }), { sector: 7, ticId: 42 });
    expect(data).toMatchObject({ ticId: 42, sector: 7 });
  });

  it.each<[string, Card['1']]>([
    ['an undefined card', null],
    ['zero', 0],
    ['a negative number', -1],
    ['a fraction', 1.5],
    ['more than 2^53', 2n ** 60n],
    ['text', 'unknown'],
  ])('is missing where the card is %s', (_, value) => {
    const bytes = spoc(120, { primary: [...nameless, ['TICID', value], ['SECTOR', 1]] });
    expect(errorOf(() => readLightCurve(bytes)).code).toBe('FITS_NO_IDENTITY');
    expect(readLightCurve(bytes, { ticId: 5 }).ticId).toBe(5);
  });

  it.each<[Card['1'], number]>([
    ['25155310', 25155310],
    ['TIC 25155310', 25155310],
    [9007199254740991, 9007199254740991],
  ])('%s is an id', (value, ticId) => {
    expect(readLightCurve(spoc(120, { primary: [...nameless, ['TICID', value], ['SECTOR', 1]] })).ticId).toBe(
      ticId,
    );
  });

  it("that contradicts the file's is refused", () => {
    expect(errorOf(() => readLightCurve(spoc(), { sector: 2 }))).toMatchObject({
      ...{ code: 'WRONG_LIGHT_CURVE', field: 'sector', expected: '2', found: '1' },
    });
    expect(errorOf(() => readLightCurve(spoc(), { ticId: 2 }))).toMatchObject({
      code: 'WRONG_LIGHT_CURVE',
      field: 'ticId',
    });
    expect(readLightCurve(spoc(), { sector: 1, ticId: TIC }).sector).toBe(1);
  });
});
