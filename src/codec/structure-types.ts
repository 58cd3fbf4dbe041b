/** What encoder and decoder of a structure share. The grammar stands in structure.ts. */
import type { Dtype } from './safetensors.js';

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/**
 * Nested levels. Both directions recurse, and V8's default stack takes about ten thousand; no product of
 * light curves comes near.
 */
export const MAX_DEPTH = 500;

type ArrayType = new (buffer: ArrayBuffer) => ArrayBufferView;

/** Constructors by tag, with the dtype that their bytes have in the file. */
export const ARRAY_TYPES: ReadonlyMap<string, readonly [ArrayType, Dtype]> = new Map<
  string,
  readonly [ArrayType, Dtype]
>([
  ['Float64Array', [Float64Array, 'F64']],
  ['Float32Array', [Float32Array, 'F32']],
  ['Int32Array', [Int32Array, 'I32']],
  ['Uint32Array', [Uint32Array, 'U32']],
  ['Int16Array', [Int16Array, 'I16']],
  ['Uint16Array', [Uint16Array, 'U16']],
  ['Int8Array', [Int8Array, 'I8']],
  ['Uint8Array', [Uint8Array, 'U8']],
  ['Uint8ClampedArray', [Uint8ClampedArray, 'U8']],
  ['BigInt64Array', [BigInt64Array, 'I64']],
  ['BigUint64Array', [BigUint64Array, 'U64']],
  ['DataView', [DataView, 'U8']],
]);
