import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TessCacheError } from '../../src/errors.js';
import { MAX_DEPTH, canonicalBytes } from '../../src/ref/canonical.js';

const hex = (value: unknown): string => canonicalBytes(value).toString('hex');

/** Few distinct leaves, so that random values are often equal or nearly so. */
const leaf = fc.constantFrom<unknown>(
  null,
  undefined,
  false,
  true,
  0,
  -0,
  1,
  -1,
  NaN,
  Infinity,
  2 ** 60,
  1n,
  0n,
  2n ** 60n,
  '',
  '0',
  '1',
  'a',
  'ab',
  'é',
  'e\u0301',
  '\u{1F31F}',
  'null',
  new Date(1),
  new Float64Array([1, NaN]),
  new Float32Array([1, NaN]),
  new Float64Array(),
  new Uint8Array([1]),
  new Int8Array([1]),
  new BigInt64Array([1n]),
);

const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'ab', '', '__proto__', '1'), tie('value'), {
      maxKeys: 3,
      noNullPrototype: true,
    }),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie('value'), { maxLength: 3 }).map((members) => new Set(members)),
  ),
}));

/** The value as it is compared: what is undefined isn't there. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (value instanceof Map) {
    return new Map([...value].map(([key, member]) => [withoutUndefined(key), withoutUndefined(member)]));
  }
  if (value instanceof Set) return new Set([...value].map(withoutUndefined));
  if (Object.prototype.toString.call(value) !== '[object Object]') return value;
  const entries = Object.entries(value as object).filter(([, member]) => member !== undefined);
  return Object.fromEntries(entries.map(([key, member]) => [key, withoutUndefined(member)]));
}

/** Another value that must have the same encoding: everything unordered the other way round, and all new. */
function mirrored(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(mirrored);
  if (value instanceof Map) {
    return new Map([...value].reverse().map(([key, member]) => [mirrored(key), mirrored(member)]));
  }
  if (value instanceof Set) return new Set([...value].reverse().map(mirrored));
  if (value instanceof Date) return new Date(value);
  if (ArrayBuffer.isView(value)) return (value as Uint8Array).slice();
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries([
    ['gone', undefined],
    ...entries.map(([key, member]) => [key, mirrored(member)]),
  ]);
}

describe('canonicalBytes', () => {
  it('equal exactly where values are equal, and never the beginning of another', () => {
    fc.assert(
      fc.property(anyValue, anyValue, fc.boolean(), (a, other, same) => {
        const b = same ? mirrored(a) : other;
        const [bytesA, bytesB] = [canonicalBytes(a), canonicalBytes(b)];
        const equal = isDeepStrictEqual(withoutUndefined(a), withoutUndefined(b));
        expect(bytesA.equals(bytesB)).toBe(equal);
        if (!equal) {
          expect(bytesA.subarray(0, bytesB.length).equals(bytesB)).toBe(false);
          expect(bytesB.subarray(0, bytesA.length).equals(bytesA)).toBe(false);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('does not see the order of properties, Maps and Sets, nor identity', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(hex(mirrored(value))).toBe(hex(value));
      }),
    );
  });

  it('tells apart all values of the table, two by two', () => {
    const distinct: unknown[] = [
      null,
      undefined,
      '',
      0,
      -0,
      false,
      true,
      1,
      '1',
      1n,
      [1],
      ['1'],
      new Date(1),
      new Set([1]),
      [],
      [undefined],
      [null],
      [undefined, undefined],
      {},
      { a: null },
      { a: 0 },
      { A: 0 },
      new Map([['a', 0]]),
      new Map(),
      new Set(),
      [1, 2],
      [2, 1],
      [[1], 2],
      [[1, 2]],
      ['a', 'b'],
      ['ab'],
      { a: 1, b: 2 },
      { a: 2, b: 1 },
      { a: { b: 1 } },
      NaN,
      Infinity,
      -Infinity,
      'NaN',
      'é',
      'e\u0301',
      'É',
      new Float64Array([1, 2]),
      new Float32Array([1, 2]),
      new Uint8Array([1, 2]),
      new Uint8ClampedArray([1, 2]),
      new Int8Array([1, 2]),
      new Float64Array([0]),
      new Float64Array([-0]),
      new BigInt64Array([0n]),
      new BigUint64Array([0n]),
      new Set([[1], [1]]),
      new Set([[1]]),
    ];
    const encodings = distinct.map(hex);
    for (const [i, encoding] of encodings.entries()) expect(encodings.indexOf(encoding)).toBe(i);
  });

  it('takes for one what the table calls equal', () => {
    const bare = Object.assign(Object.create(null) as object, { a: 1 });
    const shared = { x: 1 };
    const otherNaN = new Float64Array(new BigUint64Array([0xfff8000000000001n]).buffer);
    const otherNaN32 = new Float32Array(new Uint32Array([0xffc00001]).buffer);
    const equal: [unknown, unknown][] = [
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      [{ a: 1, b: undefined }, { a: 1 }],
      [{ a: 1 }, bare],
      [
        new Map([
          ['a', 1],
          ['b', 2],
        ]),
        new Map([
          ['b', 2],
          ['a', 1],
        ]),
      ],
      [new Set([1, 2]), new Set([2, 1])],
      [NaN, otherNaN[0]],
      [new Date(NaN), new Date('no date')],
      [new Float64Array([NaN]), otherNaN],
      [new Float32Array([NaN]), otherNaN32],
      [Buffer.from([1, 2]), new Uint8Array([1, 2])],
      [new Uint8Array([9, 1, 2]).subarray(1), new Uint8Array([1, 2])],
      [
        [shared, shared],
        [{ x: 1 }, { x: 1 }],
      ],
    ];
    for (const [a, b] of equal) expect(hex(a)).toBe(hex(b));
  });

  it('writes the bytes of the grammar', () => {
    // From a second implementation of the grammar, in Python with struct and hashlib.
    expect(hex({ b: [1, '1', 1n], a: null })).toBe(
      '6f0000000000000002' +
        '0000000000000001616e' +
        '000000000000000162' +
        '610000000000000003643ff00000000000007300000000000000013169000000000000000131',
    );
    expect(hex(new Uint16Array([0x0102]))).toBe(
      `62000000000000000b${Buffer.from('Uint16Array').toString('hex')}00000000000000020201`,
    );
    expect(hex(NaN)).toBe('647ff8000000000000');
  });

  it('refuses what has no canonical form, and names the place', () => {
    const cycle: Record<string, unknown> = { a: {} };
    (cycle.a as Record<string, unknown>).back = cycle;
    const hidden = Object.defineProperty({}, 'x', { value: 1 });
    const sparse = [1, 2, 3];
    // eslint-disable-next-line @typescript-eslint/no-array-delete
    delete sparse[1];
    const filledUp = Object.assign([...sparse], { length: 3, name: 'x' });
    // eslint-disable-next-line @typescript-eslint/no-array-delete
    delete filledUp[1];
    class Model {
      depth = 1;
    }
    class Days extends Array<number> {}
    const refused: [unknown, string][] = [
      [() => 1, 'params'],
      [Symbol('x'), 'params'],
      [{ fit: { model: new Model() } }, 'params.fit.model'],
      [{ list: [1, new Model()] }, 'params.list[1]'],
      [{ 'odd name': /x/ }, 'params["odd name"]'],
      [new Map([['k', new Error('x')]]), 'params.values()[0]'],
      [new Map([[new Promise(() => undefined), 1]]), 'params.keys()[0]'],
      [new Set([1, new WeakMap()]), 'params.values()[1]'],
      [cycle, 'params.a.back'],
      [{ periods: sparse }, 'params.periods'],
      [{ periods: filledUp }, 'params.periods[1]'],
      [Object.assign([1], { unit: 'day' }), 'params'],
      [Object.assign(new Map(), { unit: 'day' }), 'params'],
      [Object.assign(new Set(), { unit: 'day' }), 'params'],
      [Object.assign(new Date(0), { unit: 'day' }), 'params'],
      [{ [Symbol('x')]: 1 }, 'params'],
      [hidden, 'params'],
      [new Days(3), 'params'],
      [Object.create({ inherited: 1 }), 'params'],
      [new ArrayBuffer(8), 'params'],
      [new DataView(new ArrayBuffer(8)), 'params'],
      [Object(1), 'params'],
      ['\ud800', 'params'],
      [{ 'a\udc00': 1 }, 'params["a\\udc00"]'],
    ];
    for (const [value, field] of refused) {
      expect(errorOf(() => canonicalBytes(value, 'params'))).toMatchObject({ code: 'BAD_ARGUMENT', field });
    }
  });

  it('nests to its limit and no further', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
    expect(canonicalBytes(nested(MAX_DEPTH)).length).toBeGreaterThan(MAX_DEPTH);
    expect(errorOf(() => canonicalBytes(nested(MAX_DEPTH + 1)))).toMatchObject({ code: 'BAD_ARGUMENT' });
  });

  it('takes an array of many numbers', () => {
    const many = Array.from({ length: 200_000 }, (_, i) => i);
    expect(canonicalBytes(many).length).toBe(9 + 9 * many.length);
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
