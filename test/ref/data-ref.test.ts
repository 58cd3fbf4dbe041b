import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeDataRef, parseDataRef, type DataRefParts } from '../../src/ref/data-ref.js';

const word = fc.string({ unit: fc.constantFrom(...Array.from('abz09._+-')), minLength: 1, maxLength: 12 });
const exptime = fc.oneof(
  fc.constantFrom(20, 120, 200, 600, 1800),
  fc.integer({ min: 1, max: 1e6 }),
  fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
);
const parts: fc.Arbitrary<DataRefParts> = fc.record({
  ticId: fc.oneof(fc.integer({ min: 1, max: 1e10 }), fc.constant(Number.MAX_SAFE_INTEGER)),
  sector: fc.integer({ min: 1, max: 200 }),
  fluxType: fc.oneof(fc.constantFrom('pdcsap', 'sap', 'kspsap'), word),
  author: fc.oneof(fc.constantFrom('spoc', 'qlp', 'tess-spoc'), word),
  exptimeSeconds: exptime,
});

function make({ ticId, sector, fluxType, author, exptimeSeconds }: DataRefParts): string {
  return makeDataRef(ticId, sector, fluxType, { author, exptimeSeconds });
}

describe('data refs', () => {
  it.each([
    [makeDataRef(25155310, 1), 'lc:25155310:1:pdcsap'],
    [makeDataRef(25155310, 1, 'SAP'), 'lc:25155310:1:sap'],
    [makeDataRef(25155310, 1, 'pdcsap', { author: 'SPOC', exptimeSeconds: 120 }), 'lc:25155310:1:pdcsap'],
    [makeDataRef(25155310, 1, 'pdcsap', { exptimeSeconds: 20 }), 'lc:25155310:1:pdcsap:spoc:20'],
    [
      makeDataRef(25155310, 1, 'kspsap', { author: 'qlp', exptimeSeconds: 1800 }),
      'lc:25155310:1:kspsap:qlp:1800',
    ],
    [
      makeDataRef(1, 2, 'corr', { author: 'gsfc-eleanor-lite', exptimeSeconds: 47.3 }),
      'lc:1:2:corr:gsfc-eleanor-lite:47.3',
    ],
  ])('%s', (ref, expected) => {
    expect(ref).toBe(expected);
  });

  it('parse back to their parts', () => {
    fc.assert(
      fc.property(parts, (of) => {
        expect(parseDataRef(make(of))).toEqual(of);
      }),
    );
  });

  it('are equal only where all parts are', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b);
        expect(make(a) === make(b)).toBe(same);
      }),
    );
  });

  it('differ when any one part does', () => {
    fc.assert(
      fc.property(
        parts,
        parts,
        fc.constantFrom<keyof DataRefParts>('ticId', 'sector', 'fluxType', 'author', 'exptimeSeconds'),
        (a, b, part) => {
          fc.pre(a[part] !== b[part]);
          expect(make({ ...a, [part]: b[part] })).not.toBe(make(a));
        },
      ),
    );
  });

  it.each([
    ['another prefix', 'LC:1:1:pdcsap'],
    ['too few parts', 'lc:1:1'],
    ['an author without exposure time', 'lc:1:1:pdcsap:qlp'],
    ['too many parts', 'lc:1:1:pdcsap:qlp:1800:x'],
    ['defaults spelled out', 'lc:1:1:pdcsap:spoc:120'],
    ['leading zeros', 'lc:01:1:pdcsap'],
    ['leading zeros in the sector', 'lc:1:01:pdcsap'],
    ['capitals', 'lc:1:1:PDCSAP'],
    ['a sign', 'lc:+1:1:pdcsap'],
    ['an exponent', 'lc:1e3:1:pdcsap'],
    ['hexadecimal digits', 'lc:0x10:1:pdcsap'],
    ['a fraction', 'lc:1.0:1:pdcsap'],
    ['a TIC id of 0', 'lc:0:1:pdcsap'],
    ['a TIC id beyond 2^53', 'lc:9007199254740993:1:pdcsap'],
    ['spaces', 'lc: 1:1:pdcsap'],
    ['an empty part', 'lc:1:1:'],
    ['superfluous digits of seconds', 'lc:1:1:pdcsap:qlp:1800.0'],
    ['an exposure time of 0', 'lc:1:1:pdcsap:qlp:0'],
    ['an endless exposure time', 'lc:1:1:pdcsap:qlp:Infinity'],
    ['a line end', 'lc:1:1:pdcsap\n'],
    ['nothing', ''],
    ['no string', 5 as unknown as string],
  ])('%s is none: %s', (_, text) => {
    expect(parseDataRef(text)).toBeUndefined();
  });

  it('are made by every spelling that is accepted: one light curve has one name', () => {
    const digits = fc.string({
      unit: fc.constantFrom(...Array.from('0123456789.-+e:x PSlcp')),
      maxLength: 12,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(digits, { maxLength: 6 }).map((p) => ['lc', ...p].join(':')),
        ),
        (text) => {
          const of = parseDataRef(text);
          if (of !== undefined) expect(make(of)).toBe(text);
        },
      ),
    );
  });

  it.each<[string, unknown[]]>([
    ['ticId', [0, 1]],
    ['ticId', [-5, 1]],
    ['ticId', [1.5, 1]],
    ['ticId', [2 ** 53, 1]],
    ['ticId', ['25155310', 1]],
    ['sector', [1, 0]],
    ['sector', [1, NaN]],
    ['fluxType', [1, 1, '']],
    ['fluxType', [1, 1, 'a:b']],
    ['fluxType', [1, 1, 'ä']],
    ['fluxType', [1, 1, null]],
    ['author', [1, 1, 'sap', { author: 'my star' }]],
    ['author', [1, 1, 'sap', { author: '' }]],
    ['exptimeSeconds', [1, 1, 'sap', { exptimeSeconds: 0 }]],
    ['exptimeSeconds', [1, 1, 'sap', { exptimeSeconds: -20 }]],
    ['exptimeSeconds', [1, 1, 'sap', { exptimeSeconds: NaN }]],
    ['exptimeSeconds', [1, 1, 'sap', { exptimeSeconds: Infinity }]],
    ['exptimeSeconds', [1, 1, 'sap', { exptimeSeconds: '20' }]],
  ])('%s can not be as in %j', (field, args) => {
    const attempt = () => makeDataRef(...(args as Parameters<typeof makeDataRef>));
    expect(attempt).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT', field }) as Error);
  });
});
