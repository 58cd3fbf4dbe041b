/**
 * safetensors: named tensors and string metadata in one file, without code. Bytes in, bytes out.
 *
 *   file     = length header data
 *   length   = u64 little-endian: bytes of header, padding included
 *   header   = JSON object, padded at its end with spaces
 *            = { "__metadata__": { name: string, … }?, tensor: { dtype, shape, data_offsets }, … }
 *   data     = the tensors, little-endian, row-major, one after the other without gaps
 *   data_offsets = [begin, end) in bytes from the start of data
 *
 * Beyond the format's own rules, the encoder aligns each tensor to its item size from the start of the file,
 * so that a reader can lay a typed array over the bytes it read.
 */
import { endianness } from 'node:os';
import { TessCacheError, describe } from '../errors.js';
import { isWellFormed } from '../ref/well-formed.js';

/** Bytes per item of each dtype. */
export const ITEM_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;
export type Dtype = keyof typeof ITEM_BYTES;

export interface Tensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export interface Tensors {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

const LENGTH_BYTES = 8;
/** The header starts data at a multiple of this, the largest item size. */
const ALIGNMENT = 8;
/** The reference implementation refuses longer headers. */
export const MAX_HEADER_BYTES = 100_000_000;
/** The longest file that Node 20 can read into one Buffer. */
export const MAX_FILE_BYTES = 2 ** 32;
const METADATA = '__metadata__';
/** Dimensions of a tensor; far above numpy's 64. */
const MAX_RANK = 64;

/**
 * The file as a list of byte ranges: the header, then each tensor's own bytes, which are not copied. Metadata
 * comes first in the header, in the order given; tensors are ordered by item size, largest first.
 *
 * @throws TessCacheError UNSUPPORTED_VALUE where the header would be longer than readers accept, or hold text
 *   that they don't; TOO_LARGE where the file could not be read back in one piece
 */
export function encodeSafetensors({ tensors, metadata }: Tensors): Uint8Array[] {
  requireLittleEndian();
  const ordered = [...tensors].sort(([, a], [, b]) => ITEM_BYTES[b.dtype] - ITEM_BYTES[a.dtype]);
  for (const [name, text] of metadata) requireWellFormed(name, text);
  const entries = [`${JSON.stringify(METADATA)}:${JSON.stringify(Object.fromEntries(metadata))}`];
  let offset = 0;
  for (const [name, { dtype, shape, bytes }] of ordered) {
    const end = offset + bytes.byteLength;
    entries.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [offset, end] })}`);
    offset = end;
  }
  const json = `{${entries.join(',')}}`;
  const jsonBytes = Buffer.byteLength(json, 'utf8');
  const headerBytes = Math.ceil(jsonBytes / ALIGNMENT) * ALIGNMENT;
  if (headerBytes > MAX_HEADER_BYTES) {
    const message = `the structure of the value takes ${headerBytes} bytes of JSON; safetensors allows ${MAX_HEADER_BYTES}. Put long lists of numbers into typed arrays.`;
    throw new TessCacheError('UNSUPPORTED_VALUE', message, {
      expected: `at most ${MAX_HEADER_BYTES} bytes`,
      found: `${headerBytes} bytes`,
    });
  }
  const fileBytes = LENGTH_BYTES + headerBytes + offset;
  if (fileBytes > MAX_FILE_BYTES) {
    const expected = `at most ${MAX_FILE_BYTES} bytes`;
    const found = `${fileBytes} bytes`;
    throw new TessCacheError('TOO_LARGE', `a file of ${found}; it may have ${expected}`, { expected, found });
  }
  const head = Buffer.alloc(LENGTH_BYTES + headerBytes, ' ');
  head.writeBigUInt64LE(BigInt(headerBytes), 0);
  head.write(json, LENGTH_BYTES, 'utf8');
  return [head, ...ordered.map(([, { bytes }]) => bytes)];
}

/** Where a tensor stands in the file, in bytes from its start. */
interface Place {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** What the header of a file says: with it, the same file can be read again without parsing. */
export interface FileLayout {
  readonly places: ReadonlyMap<string, Place>;
  readonly metadata: ReadonlyMap<string, string>;
  readonly headerBytes: number;
  readonly fileBytes: number;
}

/**
 * The tensors of a whole file; their bytes are views of `file`. Any bytes whatever are safe to pass: nothing
 * is allocated beyond the header's own JSON.
 *
 * @throws TessCacheError CORRUPT where a rule of the format is broken
 */
export function decodeSafetensors(file: Uint8Array): Tensors {
  return layOut(parseLayout(file), file);
}

/** The tensors of a file whose layout is known, as views of `file`. */
export function layOut({ places, metadata, fileBytes }: FileLayout, file: Uint8Array): Tensors {
  if (file.length !== fileBytes) throw corrupt(`${fileBytes} bytes`, `${file.length}`);
  const tensors = new Map<string, Tensor>();
  for (const [name, { dtype, shape, begin, end }] of places) {
    tensors.set(name, { dtype, shape, bytes: file.subarray(begin, end) });
  }
  return { tensors, metadata };
}

/** @throws TessCacheError CORRUPT where a rule of the format is broken */
export function parseLayout(file: Uint8Array): FileLayout {
  requireLittleEndian();
  const view = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (view.length < LENGTH_BYTES) throw corrupt('at least 8 bytes', `${view.length} bytes`);
  const headerBytes = Number(view.readBigUInt64LE(0));
  const dataStart = LENGTH_BYTES + headerBytes;
  if (headerBytes > MAX_HEADER_BYTES || dataStart > view.length) {
    throw corrupt(`a header within the file's ${view.length} bytes`, `a header of ${headerBytes} bytes`);
  }
  const header = parseHeader(view.toString('utf8', LENGTH_BYTES, dataStart));
  const places = new Map<string, Place>();
  const metadata = new Map<string, string>();
  for (const [name, entry] of Object.entries(header)) {
    if (name !== METADATA) {
      places.set(name, parsePlace(name, entry, dataStart, view.length));
      continue;
    }
    if (!isObject(entry)) throw corrupt('__metadata__ as an object', 'something else');
    for (const [key, value] of Object.entries(entry)) {
      if (typeof value !== 'string')
        throw corrupt('metadata values that are strings', `${describe(value)} at ${describe(key)}`);
      metadata.set(key, value);
    }
  }
  let covered = dataStart;
  for (const { begin, end } of [...places.values()].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered) throw corrupt(`a tensor that starts at byte ${covered}`, `one at ${begin}`);
    covered = end;
  }
  if (covered !== view.length) throw corrupt(`${covered} bytes`, `${view.length}`);
  return { places, metadata, headerBytes, fileBytes: view.length };
}

function parseHeader(text: string): Record<string, unknown> {
  if (!text.startsWith('{')) throw corrupt('a header that starts with {', 'something else');
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (cause) {
    throw corrupt('a header in JSON', 'something else', cause);
  }
  if (!isObject(header)) throw corrupt('a header that is an object', 'something else');
  return header;
}

function parsePlace(name: string, entry: unknown, dataStart: number, fileBytes: number): Place {
  const label = () => describe(name);
  if (!isObject(entry)) throw corrupt(`tensor ${label()} as an object`, describe(entry));
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(ITEM_BYTES, dtype)) {
    throw corrupt(`a known dtype for ${label()}`, describe(dtype));
  }
  if (!Array.isArray(shape) || shape.length > MAX_RANK || !shape.every(isSize)) {
    throw corrupt(`a shape for ${label()}`, describe(shape));
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    throw corrupt(`data_offsets for ${label()}`, describe(offsets));
  }
  const [begin, end] = offsets as [number, number];
  const bytes = (shape as number[]).reduce((product, size) => product * size, ITEM_BYTES[dtype as Dtype]);
  if (begin > end || end > fileBytes - dataStart || end - begin !== bytes) {
    throw corrupt(`${bytes} of ${fileBytes - dataStart} bytes for ${label()}`, `offsets ${begin} to ${end}`);
  }
  return { dtype: dtype as Dtype, shape: shape as number[], begin: dataStart + begin, end: dataStart + end };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSize(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** JSON can express a lone surrogate, UTF-8 can't, and the readers of other languages reject it. */
function requireWellFormed(name: string, text: string): void {
  if (isWellFormed(name) && isWellFormed(text)) return;
  const expected = 'well-formed Unicode';
  const found = describe(text);
  throw new TessCacheError('UNSUPPORTED_VALUE', `${describe(name)} must be ${expected}, got ${found}`, {
    field: name,
    expected,
    found,
  });
}

/** Typed arrays have the machine's byte order, safetensors is little-endian; Node runs on few others. */
function requireLittleEndian(): void {
  if (endianness() !== 'LE') {
    throw new TessCacheError('UNSUPPORTED_VALUE', 'tess-cache needs a little-endian machine', {
      expected: 'little-endian',
      found: 'big-endian',
    });
  }
}

function corrupt(expected: string, found: string, cause?: unknown): TessCacheError {
  return new TessCacheError('CORRUPT', `safetensors: expected ${expected}, found ${found}`, {
    expected,
    found,
    cause,
  });
}
