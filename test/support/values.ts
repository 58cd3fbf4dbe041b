/** Every sort of value that comes back from a cache as it was put, for property tests. */
import * as fc from 'fast-check';

type ArrayMaker = (buffer: ArrayBuffer, byteOffset: number, length: number) => ArrayBufferView;

/** Bytes per item, and how to lay it over a buffer. */
const VIEWS: readonly (readonly [itemBytes: number, make: ArrayMaker])[] = [
  [8, (buffer, offset, length) => new Float64Array(buffer, offset, length)],
  [4, (buffer, offset, length) => new Float32Array(buffer, offset, length)],
  [4, (buffer, offset, length) => new Int32Array(buffer, offset, length)],
  [4, (buffer, offset, length) => new Uint32Array(buffer, offset, length)],
  [2, (buffer, offset, length) => new Int16Array(buffer, offset, length)],
  [2, (buffer, offset, length) => new Uint16Array(buffer, offset, length)],
  [1, (buffer, offset, length) => new Int8Array(buffer, offset, length)],
  [1, (buffer, offset, length) => new Uint8Array(buffer, offset, length)],
  [1, (buffer, offset, length) => new Uint8ClampedArray(buffer, offset, length)],
  [8, (buffer, offset, length) => new BigInt64Array(buffer, offset, length)],
  [8, (buffer, offset, length) => new BigUint64Array(buffer, offset, length)],
  [1, (buffer, offset, length) => new DataView(buffer, offset, length)],
  [1, (buffer, offset, length) => Buffer.from(buffer, offset, length)],
];

/** Typed arrays of random bits (NaNs with payloads among them), some of them part of a longer buffer. */
export const anyView: fc.Arbitrary<ArrayBufferView> = fc
  .record({
    view: fc.constantFrom(...VIEWS),
    before: fc.nat(3),
    length: fc.nat(5),
    bits: fc.uint8Array({ minLength: 80, maxLength: 80 }),
  })
  .map(({ view: [itemBytes, make], before, length, bits }) => {
    const buffer = Uint8Array.from(bits).buffer;
    return make(buffer, before * itemBytes, length);
  });

/** Any sequence of UTF-16 units: lone surrogates, NUL, pairs. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc
    .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd800, max: 0xdfff })), {
      maxLength: 5,
    })
    .map((units) => String.fromCharCode(...units)),
);

/** Names that mean something to JavaScript, to JSON, to safetensors, or to the names of tensors. */
export const anyName: fc.Arbitrary<string> = fc.oneof(
  anyText,
  fc.constantFrom(
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'toJSON',
    'then',
    'length',
    '__metadata__',
    'value',
    '',
    '0',
    '1',
    '-1',
    '~',
    '~0',
    '~unnamed0',
    '/',
    'a/b',
    '0.key',
    '\ud800',
    '\udc00x',
  ),
);

const leaf: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, undefined, true, false, NaN, Infinity, -Infinity, -0, 0, 5e-324, 2 ** 53),
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
  anyText,
  fc.date({ noInvalidDate: false }),
  anyView,
  fc.uint8Array({ maxLength: 4 }).map((bytes) => Uint8Array.from(bytes).buffer),
);

export const anyValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => {
  const value = tie('value');
  const properties = fc.array(fc.tuple(anyName, value), { maxLength: 4 });
  const define = (target: object, entries: readonly (readonly [string, unknown])[]) => {
    for (const [name, item] of entries) {
      Object.defineProperty(target, name, {
        value: item,
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
    return target;
  };
  return {
    value: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      leaf,
      fc.array(value, { maxLength: 4 }),
      properties.map((entries) => define({}, entries)),
      properties.map((entries) => define(Object.create(null) as object, entries)),
      fc.array(fc.tuple(value, value), { maxLength: 3 }).map((entries) => new Map(entries)),
      fc.array(value, { maxLength: 3 }).map((items) => new Set(items)),
    ),
  };
}).value;
