/**
 * FITS files as a row of HDUs (FITS standard 4.0, sections 3 and 4.4.1).
 *
 *   file   = primary *extension [ anything else ]
 *   HDU    = header data                    ; each filled to a multiple of 2880 bytes
 *   bytes of data = |BITPIX| / 8 x GCOUNT x (PCOUNT + NAXIS1 x ... x NAXISn), 0 where NAXIS is 0
 *   (random groups: NAXIS1 = 0 stands outside the product)
 *
 * All sizes are compared with the bytes that are there before anything is taken for them.
 */
import { TessCacheError, describe } from '../errors.js';
import { BLOCK, CARD, numberOf, parseHeader, textOf, type Header } from './header.js';

export interface Hdu {
  /** 0 is the primary HDU, as astronomers count. */
  readonly index: number;
  readonly header: Header;
  /** XTENSION of an extension, `PRIMARY` of the first HDU. */
  readonly kind: string;
  /** Byte offsets in the file. */
  readonly start: number;
  readonly dataStart: number;
  /** Bytes of data without filling. */
  readonly dataBytes: number;
  /** Where the next HDU begins, if one does: after the filling. */
  readonly end: number;
}

const BITPIX = new Set([8, 16, 32, 64, -32, -64]);
const FIRST_CARD = 'SIMPLE  =';
const EXTENSION_CARD = 'XTENSION=';

/**
 * The HDU that begins at `start`, or undefined where none does. Its data may be cut short: see `checkWhole`.
 *
 * @throws TessCacheError FITS_TRUNCATED where its header is cut short, FITS_INVALID where the header
 *   contradicts the standard or, at the start of the file, is none
 */
export function readHdu(bytes: Uint8Array, start: number, index: number): Hdu | undefined {
  const firstCard = index === 0 ? FIRST_CARD : EXTENSION_CARD;
  const opening = latin1(bytes, start, start + firstCard.length);
  if (opening !== firstCard && (opening === '' || !firstCard.startsWith(opening))) {
    if (index > 0) return undefined;
    const found = opening === '' ? 'an empty file' : `one that begins with ${describe(opening)}`;
    throw new TessCacheError('FITS_INVALID', `not a FITS file: ${found}`, {
      expected: `a file that begins with ${FIRST_CARD}`,
      found,
    });
  }
  const dataStart = endOfHeader(bytes, start, index);
  const header = parseHeader(latin1(bytes, start, dataStart));
  const dataBytes = sizeOfData(header, index);
  return {
    index,
    header,
    kind: index === 0 ? 'PRIMARY' : (textOf(header, 'XTENSION') ?? ''),
    start,
    dataStart,
    dataBytes,
    end: dataStart + toBlocks(dataBytes),
  };
}

/** @throws TessCacheError FITS_TRUNCATED where the file ends before the data do */
export function checkWhole(bytes: Uint8Array, hdu: Hdu): void {
  const there = bytes.length - hdu.dataStart;
  if (there >= hdu.dataBytes) return;
  const what = { BINTABLE: 'table', TABLE: 'table', IMAGE: 'image' }[hdu.kind] ?? 'data';
  throw truncated(nameOf(hdu), what, `${hdu.dataBytes} bytes`, `${there}`);
}

/** `HDU 1 (LIGHTCURVE)` */
export function nameOf({ index, header }: Pick<Hdu, 'index' | 'header'>): string {
  const name = textOf(header, 'EXTNAME');
  return name === undefined ? `HDU ${index}` : `HDU ${index} (${name})`;
}

/** Where the header that begins at `start` ends, its filling included. */
function endOfHeader(bytes: Uint8Array, start: number, index: number): number {
  let card = start;
  while (card + CARD <= bytes.length && !isEnd(bytes, card)) card += CARD;
  const found = card + CARD <= bytes.length;
  const end = start + toBlocks(card + CARD - start);
  if (found && end <= bytes.length) return end;
  const there = bytes.length - start;
  const needs = found ? end - start : toBlocks(there + 1);
  throw truncated(`HDU ${index}`, 'header', `${found ? '' : 'at least '}${needs} bytes`, `${there}`);
}

/** Whether the card at `at` is END: the three letters and five spaces of the key word. */
function isEnd(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] !== 0x45 || bytes[at + 1] !== 0x4e || bytes[at + 2] !== 0x44) return false;
  for (let i = 3; i < 8; i++) if (bytes[at + i] !== 0x20) return false;
  return true;
}

function sizeOfData(header: Header, index: number): number {
  const bitpix = numberOf(header, 'BITPIX');
  if (bitpix === undefined || !BITPIX.has(bitpix)) {
    throw invalid(index, 'BITPIX', '8, 16, 32, 64, -32 or -64', header);
  }
  const axes = countOf(header, 'NAXIS', index);
  if (axes === 0) return 0;
  if (axes > 999) throw invalid(index, 'NAXIS', 'at most 999', header);
  let cells = 1;
  for (let axis = 1; axis <= axes; axis++) {
    const length = countOf(header, `NAXIS${axis}`, index);
    const outside = axis === 1 && length === 0 && header.get('GROUPS') === true;
    if (!outside) cells *= length;
  }
  const perGroup = countOf(header, 'PCOUNT', index, 0) + cells;
  const size = (Math.abs(bitpix) / 8) * countOf(header, 'GCOUNT', index, 1) * perGroup;
  if (!Number.isSafeInteger(size)) {
    const found = `${size.toExponential(1)} bytes`;
    throw new TessCacheError('FITS_INVALID', `HDU ${index}: its size overflows: ${found}`, {
      field: 'NAXIS',
      expected: 'a size below 2^53 bytes',
      found,
    });
  }
  return size;
}

/** A non-negative integer card; `otherwise` where it is missing, or refused where that is undefined. */
function countOf(header: Header, keyword: string, index: number, otherwise?: number): number {
  const value = header.get(keyword) ?? otherwise;
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw invalid(index, keyword, 'a non-negative integer', header);
  }
  return value as number;
}

function toBlocks(bytes: number): number {
  return Math.ceil(bytes / BLOCK) * BLOCK;
}

/** A string of its own: it doesn't keep the bytes of the file in memory. */
function latin1(bytes: Uint8Array, start: number, end: number): string {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return file.toString('latin1', start, Math.min(end, bytes.length));
}

function invalid(index: number, field: string, expected: string, header: Header): TessCacheError {
  const value = header.get(field);
  const found = value === undefined ? 'no such card' : describe(value);
  const message = `HDU ${index}: ${field} must be ${expected}, is ${found}`;
  return new TessCacheError('FITS_INVALID', message, { field, expected, found });
}

function truncated(hdu: string, what: string, expected: string, there: string): TessCacheError {
  return new TessCacheError('FITS_TRUNCATED', `${hdu}: ${what} needs ${expected}, has ${there}`, {
    field: what,
    expected,
    found: `${there} bytes`,
  });
}
