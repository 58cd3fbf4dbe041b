import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ITEM_BYTES,
  decodeSafetensors,
  encodeSafetensors,
  type Dtype,
  type Tensor,
} from '../../src/codec/safetensors.js';
import { TessCacheError } from '../../src/errors.js';
import { isWellFormed } from '../../src/ref/well-formed.js';
import { codeOf, errorOf } from '../support/errors.js';
import { strictlyRead } from '../support/safetensors-rules.js';
import { anyName } from '../support/values.js';

const anyTensor: fc.Arbitrary<Tensor> = fc
  .record({
    dtype: fc.constantFrom(...(Object.keys(ITEM_BYTES) as Dtype[])),
    shape: fc.array(fc.nat(4), { maxLength: 3 }),
    seed: fc.nat(255),
  })
  .map(({ dtype, shape, seed }) => {
    const bytes = shape.reduce((product, size) => product * size, ITEM_BYTES[dtype]);
    return { dtype, shape, bytes: Uint8Array.from({ length: bytes }, (_, i) => seed + i * 7) };
  });

const wellFormedName = anyName.filter(isWellFormed);

const anyFile = fc.record({
  metadata: fc.array(fc.tuple(wellFormedName, wellFormedName)).map((entries) => new Map(entries)),
  tensors: fc
    .array(
      fc.tuple(
        wellFormedName.filter((name) => name !== '__metadata__'),
        anyTensor,
      ),
    )
    .map((entries) => new Map(entries)),
});

function fileOf(header: string, data: Uint8Array = new Uint8Array(), claimed?: bigint): Buffer {
  const text = Buffer.from(header, 'utf8');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(claimed ?? BigInt(text.length));
  return Buffer.concat([length, text, data]);
}

describe('a safetensors file', () => {
  it('keeps every rule of the format, and gives back names, text and bytes', () => {
    fc.assert(
      fc.property(anyFile, (content) => {
        const file = Buffer.concat(encodeSafetensors(content));
        const strict = strictlyRead(file);
        expect(new Map(Object.entries(strict.metadata))).toEqual(sorted(content.metadata));
        const decoded = decodeSafetensors(file);
        expect(sorted(decoded.metadata)).toEqual(sorted(content.metadata));
        expect(decoded.tensors.size).toBe(content.tensors.size);
        for (const [name, { dtype, shape, bytes }] of content.tensors) {
          expect(strict.tensors[name]).toEqual({ dtype, shape, bytes: Buffer.from(bytes) });
          const tensor = decoded.tensors.get(name);
          expect(tensor).toMatchObject({ dtype, shape });
          expect(Buffer.from(tensor!.bytes).equals(bytes)).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('has each tensor at a multiple of its item size', () => {
    fc.assert(
      fc.property(anyFile, (content) => {
        const file = Buffer.concat(encodeSafetensors(content));
        for (const { dtype, bytes } of decodeSafetensors(file).tensors.values()) {
          expect((bytes.byteOffset - file.byteOffset) % ITEM_BYTES[dtype]).toBe(0);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('lies over the bytes that were read, without a copy', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const tensors = new Map([['a', { dtype: 'U8' as const, shape: [3], bytes }]]);
    const parts = encodeSafetensors({ tensors, metadata: new Map() });
    expect(parts[1]).toBe(bytes);
    const file = Buffer.concat(parts);
    expect(decodeSafetensors(file).tensors.get('a')!.bytes.buffer).toBe(file.buffer);
  });

  it('refuses text that JSON readers outside JavaScript reject', async () => {
    const metadata = new Map([['author', 'a\ud800']]);
    const error = await errorOf(() => encodeSafetensors({ tensors: new Map(), metadata }));
    expect(error).toMatchObject({ code: 'UNSUPPORTED_VALUE', field: 'author' });
  });

  it('refuses a header beyond 100 MB', async () => {
    const metadata = new Map([['structure', 'x'.repeat(100_000_000)]]);
    expect(await codeOf(() => encodeSafetensors({ tensors: new Map(), metadata }))).toBe('UNSUPPORTED_VALUE');
  });

  it('refuses a file that could not be read in one piece', async () => {
    // The pages of this GiB are never touched, so it takes no memory.
    const bytes = new Uint8Array(2 ** 30);
    const tensor = { dtype: 'U8' as const, shape: [2 ** 30], bytes };
    const tensors = new Map(['a', 'b', 'c', 'd'].map((name) => [name, tensor]));
    expect(await codeOf(() => encodeSafetensors({ tensors, metadata: new Map() }))).toBe('TOO_LARGE');
  });
});

const U8 = (shape: unknown, offsets: unknown) =>
  JSON.stringify({ dtype: 'U8', shape, data_offsets: offsets });
const DEEP = '['.repeat(100_000) + ']'.repeat(100_000);
const LONG = 'x'.repeat(100_000);
const byte = new Uint8Array(1);

/** Files that break one rule each. */
const BROKEN: readonly (readonly [what: string, file: Buffer])[] = [
  ['nothing', Buffer.alloc(0)],
  ['seven bytes', Buffer.alloc(7)],
  ['a header that ends beyond the file', fileOf('{}', byte, 4n)],
  ['a header of 2^60 bytes', fileOf('{}', byte, 2n ** 60n)],
  ['a header of 2^64 - 1 bytes', fileOf('{}', byte, 2n ** 64n - 1n)],
  ['an empty header', fileOf('')],
  ['a header that starts with a space', fileOf(' {}')],
  ['a header that starts with a byte order mark', fileOf('\ufeff{}')],
  ['half a header', fileOf('{"a":')],
  ['a list for a header', fileOf('[]')],
  ['a header and something after it', fileOf('{}x')],
  ['metadata that are a list', fileOf('{"__metadata__":[]}')],
  ['metadata that are null', fileOf('{"__metadata__":null}')],
  ['metadata that are no strings', fileOf('{"__metadata__":{"a":1}}')],
  ['metadata that are no strings, with a long name', fileOf(`{"__metadata__":{"${LONG}":1}}`)],
  ['a tensor that is null', fileOf('{"a":null}')],
  ['a tensor that is a number, with a long name', fileOf(`{"${LONG}":1}`)],
  ['no dtype', fileOf('{"a":{"shape":[],"data_offsets":[0,0]}}')],
  ['an unknown dtype', fileOf('{"a":{"dtype":"F128","shape":[],"data_offsets":[0,0]}}')],
  ['a dtype from the prototype', fileOf('{"a":{"dtype":"toString","shape":[],"data_offsets":[0,0]}}')],
  ['a long dtype', fileOf(`{"a":{"dtype":"${LONG}","shape":[],"data_offsets":[0,0]}}`)],
  ['a deeply nested dtype', fileOf(`{"a":{"dtype":${DEEP},"shape":[],"data_offsets":[0,0]}}`)],
  ['a deeply nested shape', fileOf(`{"a":{"dtype":"U8","shape":${DEEP},"data_offsets":[0,0]}}`)],
  ['deeply nested offsets', fileOf(`{"a":{"dtype":"U8","shape":[],"data_offsets":${DEEP}}}`)],
  ['no shape', fileOf('{"a":{"dtype":"U8","data_offsets":[0,0]}}')],
  ['a shape that is no list', fileOf(`{"a":${U8(1, [0, 1])}}`, byte)],
  ['a negative shape', fileOf(`{"a":${U8([-1, -1], [0, 1])}}`, byte)],
  ['a broken shape', fileOf(`{"a":${U8([0.5, 2], [0, 1])}}`, byte)],
  ['a shape of 2^60 rows', fileOf(`{"a":${U8([2 ** 60], [0, 1])}}`, byte)],
  ['a shape whose product overflows', fileOf(`{"a":${U8(new Array(20).fill(2 ** 52), [0, 1])}}`, byte)],
  ['a shape of 65 dimensions', fileOf(`{"a":${U8(new Array(65).fill(1), [0, 1])}}`, byte)],
  ['a shape with a million dimensions', fileOf(`{"a":${U8(new Array(1_000_000).fill(1), [0, 1])}}`, byte)],
  ['three offsets', fileOf(`{"a":${U8([1], [0, 1, 1])}}`, byte)],
  ['offsets that are text', fileOf(`{"a":${U8([1], ['0', '1'])}}`, byte)],
  ['negative offsets', fileOf(`{"a":${U8([1], [-1, 0])}}`, byte)],
  ['offsets in reverse', fileOf(`{"a":${U8([1], [1, 0])}}`, byte)],
  ['offsets beyond the data', fileOf(`{"a":${U8([2], [0, 2])}}`, byte)],
  ['offsets of 2^53', fileOf(`{"a":${U8([1], [2 ** 53 - 2, 2 ** 53 - 1])}}`, byte)],
  ['a shape that does not fit the offsets', fileOf(`{"a":${U8([0], [0, 1])}}`, byte)],
  ['bytes that no tensor covers', fileOf('{}', byte)],
  ['bytes after the last tensor', fileOf(`{"a":${U8([1], [0, 1])}}`, new Uint8Array(2))],
  ['a hole', fileOf(`{"a":${U8([1], [0, 1])},"b":${U8([1], [2, 3])}}`, new Uint8Array(3))],
  ['an overlap', fileOf(`{"a":${U8([2], [0, 2])},"b":${U8([2], [1, 3])}}`, new Uint8Array(3))],
  ['two tensors in one place', fileOf(`{"a":${U8([1], [0, 1])},"b":${U8([1], [0, 1])}}`, byte)],
];

describe('a file that breaks a rule', () => {
  it.each(BROKEN)('is CORRUPT: %s', async (_what, file) => {
    const error = await errorOf(() => decodeSafetensors(file));
    expect(error.code).toBe('CORRUPT');
    expect(error.message.length).toBeLessThan(400);
  });

  it('is told apart from one that keeps them by an independent reader too', () => {
    for (const [what, file] of BROKEN) {
      // Ours alone: numpy and torch stop at 64 dimensions, the format doesn't.
      if (what.includes('dimensions')) continue;
      expect(() => strictlyRead(file), what).toThrow();
    }
  });

  it('takes no memory for what a header claims', async () => {
    const file = fileOf(`{"a":{"dtype":"F64","shape":[${2 ** 50}],"data_offsets":[0,${2 ** 53 - 1}]}}`);
    const before = process.memoryUsage();
    expect(await codeOf(() => decodeSafetensors(file))).toBe('CORRUPT');
    const after = process.memoryUsage();
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(1 << 20);
  });

  it('gives nothing but TessCacheErrors: mutations of a sound file', () => {
    const sound = Buffer.concat(
      encodeSafetensors({
        metadata: new Map([['format', 'x']]),
        tensors: new Map([
          ['a', { dtype: 'F64', shape: [1], bytes: new Uint8Array(8) }],
          ['b', { dtype: 'U8', shape: [1, 3], bytes: new Uint8Array(3) }],
        ]),
      }),
    );
    const edit = fc.record({ at: fc.nat(sound.length - 1), byte: fc.nat(255), cut: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        let file = Buffer.from(sound);
        for (const { at, byte: value, cut } of edits) {
          if (at >= file.length) continue;
          if (cut === 0) file = Buffer.concat([file.subarray(0, at), file.subarray(at + 1)]);
          else file[at] = value;
        }
        try {
          decodeSafetensors(file);
        } catch (error) {
          expect(error).toBeInstanceOf(TessCacheError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

function sorted<V>(map: ReadonlyMap<string, V>): Map<string, V> {
  return new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}
