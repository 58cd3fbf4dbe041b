/**
 * A blob: one value as a safetensors file that says whose it is and can tell when any bit of it has changed.
 *
 *   metadata = checksum format key kind [ lineage ] ( what light-curve.ts writes | structure [ tic_id ] [ sector ] )
 *   checksum = "xxh64:" 16 lower-case hex digits: XXH64 of the whole file, with "0" in place of each digit
 *   format   = "tess-cache/" version
 *   kind     = "lightcurve" | "value"
 *   lineage  = JSON, see lineage.ts
 *
 * The checksum is the first metadata value, so it stands at a fixed place whatever the value: it can be left
 * out of the sum, and read without parsing. The digits are compared as text: a flipped bit that turns "a"
 * into "A" is found too.
 *
 * The same value under the same key gives the same bytes: a blob holds no date and no chance.
 *
 * Versions: 1 (2026-11) the first.
 */
import { TessCacheError, describe } from '../errors.js';
import { LightCurveData } from '../light-curve/light-curve-data.js';
import { parseProductRef } from '../ref/product-ref.js';
import { CHECKSUM_DIGITS, CHECKSUM_PREFIX, checksumOf, type Checksum } from './checksum.js';
import { decodeLightCurve, encodeLightCurve } from './light-curve.js';
import { decodeLineage, encodeLineage, type Lineage, type LineageRecord } from './lineage.js';
import { encodeSafetensors, layOut, parseLayout, type FileLayout, type Tensors } from './safetensors.js';
import { decodeStructure, encodeStructure } from './structure.js';

export const FORMAT_VERSION = 1;
const FORMAT = /^tess-cache\/([1-9][0-9]*)$/;
const HEADER_START = 8;
const SEAL_PREFIX = `{"__metadata__":{"checksum":"${CHECKSUM_PREFIX}`;
const SEAL_ZEROS = Buffer.alloc(CHECKSUM_DIGITS, '0');
const SEAL_AT = HEADER_START + SEAL_PREFIX.length;
/**
 * What is copied to put zeros in place of the checksum: enough to hold it, and a multiple of a cache line, since
 * what follows is copied to WebAssembly two to four times slower from an odd address.
 */
const SEALED_START_BYTES = 256;
/** The first bytes of a blob, up to the end of its checksum. */
export const SEAL_END = SEAL_AT + CHECKSUM_DIGITS;

export type EntryKind = 'lightcurve' | 'value';

/** What a blob says of itself, beside its value. */
export interface BlobHead {
  readonly key: string;
  readonly kind: EntryKind;
  readonly checksum: Checksum;
  /** Of a product: what it was computed from. */
  readonly lineage: LineageRecord | undefined;
  /** The metadata of the file, as text. */
  readonly metadata: ReadonlyMap<string, string>;
}

export interface EncodedBlob {
  readonly head: BlobHead;
  /** The file, in pieces; the value's own memory stands in it uncopied. */
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
}

/** What decoding a blob has found out, beside its value. */
export interface KnownBlob {
  readonly head: BlobHead;
  readonly layout: FileLayout;
}

export interface DecodedBlob extends KnownBlob {
  readonly value: unknown;
}

/**
 * @param lineage of a product, what it was computed from
 * @throws TessCacheError UNSUPPORTED_VALUE where the value would not come back as it is, BAD_LIGHT_CURVE where
 *   it is a light curve no more, TOO_LARGE
 */
export function encodeBlob(key: string, value: unknown, lineage?: Lineage): EncodedBlob {
  const kind: EntryKind = value instanceof LightCurveData ? 'lightcurve' : 'value';
  const content = value instanceof LightCurveData ? encodeLightCurve(value) : encodeAnyValue(key, value);
  const metadata = new Map<string, string>([
    ['checksum', CHECKSUM_PREFIX + SEAL_ZEROS.toString('latin1')],
    ['format', `tess-cache/${FORMAT_VERSION}`],
    ['key', key],
    ['kind', kind],
  ]);
  if (lineage !== undefined) metadata.set('lineage', encodeLineage(lineage));
  for (const [name, text] of content.metadata) metadata.set(name, text);
  const parts = encodeSafetensors({ tensors: content.tensors, metadata });
  const checksum = checksumOf(parts);
  (parts[0] as Buffer).write(checksum.slice(CHECKSUM_PREFIX.length), SEAL_AT, 'latin1');
  metadata.set('checksum', checksum);
  const bytes = parts.reduce((total, part) => total + part.byteLength, 0);
  return { head: { key, kind, checksum, lineage: parseLineage(metadata), metadata }, parts, bytes };
}

/**
 * The value of a whole file. A light curve lies over `file`'s memory.
 *
 * @param known what an earlier decoding of the very same bytes gave; they are neither verified nor parsed again
 * @throws TessCacheError CORRUPT or BAD_LIGHT_CURVE, or NEWER_FORMAT where the file is sound as far as this
 *   version can tell
 */
export function decodeBlob(file: Buffer, known?: KnownBlob): DecodedBlob {
  const { head, layout } = known ?? examine(file);
  const content = layOut(layout, file);
  const isChecked = known !== undefined;
  const value = head.kind === 'lightcurve' ? decodeLightCurve(content, isChecked) : decodeAnyValue(content);
  return { head, layout, value };
}

function examine(file: Buffer): KnownBlob {
  const checksum = readSeal(file);
  if (checksum !== undefined) checkSeal(file, checksum);
  const layout = parseLayout(file);
  return { head: readHead(layout.metadata, checksum), layout };
}

/** The checksum that the first SEAL_END bytes of a blob claim, or undefined where they are not a blob's. */
export function readSeal(start: Buffer): Checksum | undefined {
  if (start.length < SEAL_END || start.toString('latin1', HEADER_START, SEAL_AT) !== SEAL_PREFIX) {
    return undefined;
  }
  return start.toString('latin1', SEAL_AT - CHECKSUM_PREFIX.length, SEAL_END) as Checksum;
}

function checkSeal(file: Buffer, claimed: Checksum): void {
  const start = Buffer.from(file.subarray(0, SEALED_START_BYTES));
  SEAL_ZEROS.copy(start, SEAL_AT);
  const computed = checksumOf([start, file.subarray(SEALED_START_BYTES)]);
  if (computed !== claimed) throw corrupt(claimed, computed);
}

function readHead(metadata: BlobHead['metadata'], checksum: Checksum | undefined): BlobHead {
  const version = Number(FORMAT.exec(metadata.get('format') ?? '')?.[1]);
  if (version > FORMAT_VERSION) {
    throw new TessCacheError(
      'NEWER_FORMAT',
      `blob of format ${version}; this version reads ${FORMAT_VERSION}`,
      {
        expected: `format ${FORMAT_VERSION} or earlier`,
        found: `format ${version}`,
      },
    );
  }
  const key = metadata.get('key');
  const kind = metadata.get('kind');
  if (checksum === undefined || version !== FORMAT_VERSION || key === undefined) {
    throw corrupt('a tess-cache blob', 'another safetensors file');
  }
  if (kind !== 'lightcurve' && kind !== 'value') throw corrupt('kind lightcurve or value', describe(kind));
  return { key, kind, checksum, lineage: parseLineage(metadata), metadata };
}

function parseLineage(metadata: ReadonlyMap<string, string>): LineageRecord | undefined {
  const text = metadata.get('lineage');
  return text === undefined ? undefined : decodeLineage(text);
}

function encodeAnyValue(key: string, value: unknown): Tensors {
  const { json, tensors } = encodeStructure(value);
  return { tensors, metadata: new Map([['structure', json], ...targetOf(key, value)]) };
}

function decodeAnyValue({ tensors, metadata }: Tensors): unknown {
  const json = metadata.get('structure');
  if (json === undefined) throw corrupt('a structure', 'none');
  return decodeStructure(json, tensors);
}

/**
 * The TIC id and sector of a plain value: those that it carries in properties of that name, or else those that
 * its key, a product ref, names.
 */
function targetOf(key: string, value: unknown): [string, string][] {
  const carried = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const named = parseProductRef(key);
  const found: [string, unknown][] = [
    ['tic_id', carried.ticId ?? carried.tic_id ?? named?.ticId],
    ['sector', carried.sector ?? (named?.sectors.length === 1 ? named.sectors[0] : undefined)],
  ];
  return found.filter(([, id]) => Number.isSafeInteger(id)).map(([name, id]) => [name, String(id)]);
}

function corrupt(expected: string, found: string, cause?: unknown): TessCacheError {
  return new TessCacheError('CORRUPT', `blob: expected ${expected}, found ${found}`, {
    expected,
    found,
    cause,
  });
}
