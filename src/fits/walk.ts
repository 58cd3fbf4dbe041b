/** From bytes to the HDUs of a light curve: what the file is, that all of it is there, what is odd about it. */
import { TessCacheError } from '../errors.js';
import { checksumMismatch } from './checksum.js';
import { checkWhole, nameOf, readHdu, type Hdu } from './hdu.js';
import { numberOf, type Header } from './header.js';
import type { TessProduct } from './products.js';
import { recognise } from './recognise.js';
import { tableOf, type Table } from './table.js';

export interface LightCurveFile {
  readonly product: TessProduct;
  readonly primary: Header;
  readonly table: Table;
  /** What was met and gone on from, in words. */
  readonly notes: readonly string[];
}

const NO_HEADER: Header = new Map();

/**
 * All TESS products have the light curve in HDU 1. What the file is counts before whether it is whole: a
 * pixel file that is cut short would be no light curve either.
 *
 * @throws TessCacheError FITS_INVALID, FITS_TRUNCATED, and as `recognise`
 */
export function walk(bytes: Uint8Array, fileName: string | undefined): LightCurveFile {
  const primary = readHdu(bytes, 0, 0)!;
  checkWhole(bytes, primary);
  const first = readHdu(bytes, primary.end, 1);
  if (first === undefined && extensionsAnnounced(primary) > 0) {
    throw new TessCacheError('FITS_TRUNCATED', 'HDU 1: header needs at least 2880 bytes, has 0', {
      field: 'header',
      expected: `${extensionsAnnounced(primary)} extensions (NEXTEND)`,
      found: 'none',
    });
  }
  const { product, table } = recognise({
    primary: primary.header,
    extension: first?.header ?? NO_HEADER,
    table: first?.kind === 'BINTABLE' ? tableOf(first) : undefined,
    fileName,
  });
  checkWhole(bytes, table.hdu);
  return { product, primary: primary.header, table, notes: notesOn(bytes, primary, table.hdu) };
}

/** Walks what follows the light curve, too: a file cut short there was not received as it was sent. */
function notesOn(bytes: Uint8Array, primary: Hdu, lightCurve: Hdu): string[] {
  const notes: string[] = [];
  for (const hdu of [primary, lightCurve]) {
    const there = bytes.subarray(hdu.start, hdu.end);
    const keyword = checksumMismatch(hdu.header, there, hdu.dataStart - hdu.start);
    if (keyword !== undefined) notes.push(`${nameOf(hdu)}: ${keyword} does not agree with its bytes`);
  }
  let last = lightCurve;
  for (;;) {
    const next = readHdu(bytes, last.end, last.index + 1);
    if (next === undefined) break;
    checkWhole(bytes, next);
    last = next;
  }
  const beyond = bytes.length - last.end;
  if (beyond < 0) notes.push(`${nameOf(last)}: ${-beyond} bytes of filling are missing after its data`);
  if (beyond > 0) notes.push(`${beyond} bytes follow the last HDU`);
  const announced = extensionsAnnounced(primary);
  if (announced > last.index)
    notes.push(`NEXTEND announces ${announced} extensions, there are ${last.index}`);
  return notes;
}

function extensionsAnnounced({ header }: Hdu): number {
  return numberOf(header, 'NEXTEND') ?? 0;
}
