import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TessCacheError } from '../../src/errors.js';
import { makeDataRef } from '../../src/ref/data-ref.js';
import { MAX_SECTORS, makeProductRef, parseProductRef } from '../../src/ref/product-ref.js';

const LIGHT_CURVE = 'lc:149603524:1:pdcsap';
const lightCurves = (...sectors: number[]): string[] =>
  sectors.map((sector) => makeDataRef(149603524, sector));
const sectorsOf = (...sectors: number[]): string =>
  makeProductRef('bls', { inputs: lightCurves(...sectors), version: '1' }).split(':')[2];

describe('makeProductRef', () => {
  it('gives these names, now and on every machine', () => {
    // The hashes come from a second implementation of the grammars, in Python with struct and hashlib.
    const search = makeProductRef('bls', {
      inputs: [LIGHT_CURVE],
      params: { min_period: 0.5, max_period: 13, durations: [0.05, 0.1], nan: NaN },
      version: '1.0.0',
    });
    expect(search).toBe('bls:149603524:1:97d0ee42d6e34d2379251534c937a5449a51f0821bc557228dd25cb68922ad0d');
    expect(makeProductRef('mean', { inputs: [LIGHT_CURVE], version: '1' })).toBe(
      'mean:149603524:1:17063d1208f4a0ae6d44a824fb2e4ca78ed9342dfbfaa40103264605d4c32aed',
    );
    const fit = makeProductRef('transit-fit', {
      inputs: [search, 'lc:149603524:3:pdcsap', 'lc:149603524:2:pdcsap:spoc:20'],
      params: {
        zeta: null,
        Alpha: 'é',
        n: 2n ** 70n,
        flag: true,
        when: new Date(1534000000000),
        window: new Float64Array([0.5, -0, Infinity]),
        map: new Map([
          ['b', 1],
          ['a', 2],
        ]),
        set: new Set([3, 1, 2]),
        gone: undefined,
      },
      version: '2026.1',
    });
    expect(fit).toBe(
      'transit-fit:149603524:1-3:34e2e41e25594451cdfb7699b3624ecd60fdb588a0bda0a887cac276c97e1d9e',
    );
  });

  it('writes sectors as runs, sorted and once each', () => {
    expect(sectorsOf(1)).toBe('1');
    expect(sectorsOf(2, 1)).toBe('1-2');
    expect(sectorsOf(1, 3, 1)).toBe('1+3');
    expect(sectorsOf(39, 27, 28, 1, 2, 3, 13)).toBe('1-3+13+27-28+39');
    expect(sectorsOf(9, 10, 11)).toBe('9-11');
  });

  it('takes TIC and sectors from products too', () => {
    const first = makeProductRef('bls', { inputs: lightCurves(1, 2), version: '1' });
    const second = makeProductRef('bls', { inputs: lightCurves(4), version: '1' });
    const both = makeProductRef('fit', { inputs: [second, first, ...lightCurves(3)], version: '1' });
    expect(parseProductRef(both)).toMatchObject({ kind: 'fit', ticId: 149603524, sectors: [1, 2, 3, 4] });
  });

  it('differs where kind, an input, the order or number of inputs, a parameter or the version does', () => {
    const base = { inputs: lightCurves(1, 2), params: { period: 1 }, version: '1' };
    const refs = [
      makeProductRef('bls', base),
      makeProductRef('tls', base),
      makeProductRef('bls', { ...base, inputs: lightCurves(2, 1) }),
      makeProductRef('bls', { ...base, inputs: lightCurves(1, 2, 2) }),
      makeProductRef('bls', { ...base, inputs: ['lc:149603524:1:sap', 'lc:149603524:2:pdcsap'] }),
      makeProductRef('bls', { ...base, inputs: ['lc:149603524:1:pdcsap:spoc:20', 'lc:149603524:2:pdcsap'] }),
      makeProductRef('bls', { ...base, params: { period: '1' } }),
      makeProductRef('bls', { ...base, params: { period: 1n } }),
      makeProductRef('bls', { ...base, params: { period: 1, depth: null } }),
      makeProductRef('bls', { ...base, params: null }),
      makeProductRef('bls', { ...base, params: {} }),
      makeProductRef('bls', { ...base, version: '1.0' }),
      // What moves from one field into the next is not the same.
      makeProductRef('bls', { ...base, params: { period: 1, version: '1' } }),
    ];
    const hashes = refs.map((ref) => parseProductRef(ref)?.hash);
    expect(new Set(hashes).size).toBe(refs.length);
  });

  it('is the same for equal parameters', () => {
    const base = { inputs: [LIGHT_CURVE], version: '1' };
    const ref = makeProductRef('bls', { ...base, params: { a: 1, b: { c: [1], d: NaN } } });
    expect(makeProductRef('bls', { ...base, params: { b: { d: NaN, c: [1] }, a: 1 } })).toBe(ref);
    expect(makeProductRef('bls', { ...base, params: { b: { d: NaN, c: [1], e: undefined }, a: 1 } })).toBe(
      ref,
    );
    const none = makeProductRef('bls', base);
    expect(makeProductRef('bls', { ...base, params: {} })).toBe(none);
    expect(makeProductRef('bls', { ...base, params: undefined })).toBe(none);
  });

  it('refuses what can make no name', () => {
    const good = { inputs: [LIGHT_CURVE], version: '1' };
    const refused: [kind: unknown, init: object, field: string][] = [
      ['lc', good, 'kind'],
      ['', good, 'kind'],
      ['BLS', good, 'kind'],
      ['1bls', good, 'kind'],
      ['a:b', good, 'kind'],
      ['bls\n', good, 'kind'],
      [7, good, 'kind'],
      ['bls', { ...good, version: '' }, 'version'],
      ['bls', { ...good, version: 1 }, 'version'],
      ['bls', { ...good, version: '\ud800' }, 'version'],
      ['bls', { ...good, inputs: [] }, 'inputs'],
      ['bls', { ...good, inputs: LIGHT_CURVE }, 'inputs'],
      ['bls', { version: '1' }, 'inputs'],
      ['bls', { ...good, inputs: [LIGHT_CURVE, 'my own key'] }, 'inputs[1]'],
      ['bls', { ...good, inputs: [undefined] }, 'inputs[0]'],
      ['bls', { ...good, inputs: [LIGHT_CURVE, LIGHT_CURVE, 'lc:5:1:pdcsap'] }, 'inputs[2]'],
      ['bls', { ...good, params: { f: () => 1 } }, 'params.f'],
    ];
    for (const [kind, init, field] of refused) {
      const error = errorOf(() => makeProductRef(kind as string, init as typeof good));
      expect(error).toMatchObject({ code: 'BAD_ARGUMENT', field });
    }
  });

  it('stays a key, however many sectors', () => {
    const everyOther = Array.from({ length: MAX_SECTORS }, (_, i) => 2 * i + 1);
    const ref = makeProductRef('bls', { inputs: lightCurves(...everyOther), version: '1' });
    expect(ref.length).toBeLessThan(2600);
    expect(parseProductRef(ref)?.sectors).toEqual(everyOther);
    const tooMany = lightCurves(...everyOther, 2 * MAX_SECTORS + 1);
    expect(errorOf(() => makeProductRef('bls', { inputs: tooMany, version: '1' }))).toMatchObject({
      code: 'BAD_ARGUMENT',
      field: 'inputs',
    });
    const longKind = 'a'.repeat(5000);
    expect(errorOf(() => makeProductRef(longKind, { inputs: [LIGHT_CURVE], version: '1' })).code).toBe(
      'BAD_KEY',
    );
  });
});

describe('parseProductRef', () => {
  const HASH = '97d0ee42d6e34d2379251534c937a5449a51f0821bc557228dd25cb68922ad0d';

  it('gives back what went into the name', () => {
    const kinds = fc.stringMatching(/^[a-km-z][a-z0-9_-]{0,10}$/);
    const sectors = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 });
    const tics = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(kinds, tics, sectors, (kind, ticId, list) => {
        const inputs = list.map((sector) => makeDataRef(ticId, sector));
        const parts = parseProductRef(makeProductRef(kind, { inputs, version: '1' }));
        expect(parts).toMatchObject({ kind, ticId, sectors: list.toSorted((a, b) => a - b) });
      }),
    );
  });

  it('takes only the canonical spelling', () => {
    expect(parseProductRef(`bls:1:1-3+5:${HASH}`)).toEqual({
      kind: 'bls',
      ticId: 1,
      sectors: [1, 2, 3, 5],
      hash: HASH,
    });
    expect(parseProductRef(`bls:1:1-${MAX_SECTORS}:${HASH}`)?.sectors).toHaveLength(MAX_SECTORS);
    const others = [
      '',
      'bls',
      'my own key',
      `lc:1:1:${HASH}`,
      LIGHT_CURVE,
      `bls:1:1:${HASH}:`,
      `bls:1:1:${HASH}0`,
      `bls:1:1:${HASH.slice(1)}`,
      `bls:1:1:${HASH.toUpperCase()}`,
      `bls:1:1:${HASH}\n`,
      `Bls:1:1:${HASH}`,
      `bls:01:1:${HASH}`,
      `bls:0:1:${HASH}`,
      `bls:9007199254740992:1:${HASH}`,
      `bls:1::${HASH}`,
      `bls:1:0:${HASH}`,
      `bls:1:01:${HASH}`,
      `bls:1:1+:${HASH}`,
      `bls:1:+1:${HASH}`,
      `bls:1:-1:${HASH}`,
      `bls:1:1-:${HASH}`,
      `bls:1:1-1:${HASH}`,
      `bls:1:3-1:${HASH}`,
      `bls:1:1+2:${HASH}`,
      `bls:1:1-2+3:${HASH}`,
      `bls:1:3+1:${HASH}`,
      `bls:1:1+1:${HASH}`,
      `bls:1:1-2-3:${HASH}`,
      `bls:1:1-3+2-5:${HASH}`,
      `bls:1:1-${MAX_SECTORS + 1}:${HASH}`,
      `bls:1:1-9007199254740991:${HASH}`,
      `bls:1:9007199254740992:${HASH}`,
    ];
    for (const ref of others) expect(parseProductRef(ref), ref).toBeUndefined();
    for (const ref of [undefined, null, 7, {}]) {
      expect(parseProductRef(ref as string)).toBeUndefined();
    }
  });
});

function errorOf(action: () => unknown): TessCacheError {
  try {
    action();
  } catch (error) {
    if (error instanceof TessCacheError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
