import { hash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { TessCacheError, describe } from '../errors.js';
import { LightCurveData } from '../light-curve/light-curve-data.js';
import { lightCurveOf } from './light-curve-of.js';
import { checkOptions, type ReadOptions } from './read-options.js';

/** A gzip member begins with these two bytes (RFC 1952). */
const GZIP_MAGIC = [0x1f, 0x8b] as const;

/**
 * No light curve comes near it: the longest products have 20 MB a sector. It bounds the memory that a file
 * can make this process take.
 */
const LARGEST = 2 ** 30;
/** FITS tables compress at most some 50-fold (all NaN); what grows beyond both of these is a bomb. */
const UNZIPPED_AT_LEAST = 64 * 2 ** 20;
const UNZIPPED_PER_BYTE = 100;

/**
 * A TESS light curve from a FITS file, plain or gzipped: SPOC (120 s and 20 s), TESS-SPOC, QLP, eleanor,
 * GSFC-ELEANOR-LITE, and lightkurve's own files. All rows are kept; `time` is BTJD days; flux and its error
 * are divided by the median of the valid raw flux unless `normalize` is false. The provenance says what was
 * done, and holds all header values of the primary HDU and of the light curve's.
 *
 * @param source a path, a file: URL, or the bytes of a file (plain or gzipped)
 * @throws TessCacheError FITS_TRUNCATED, FITS_INVALID, FITS_NOT_LIGHT_CURVE, FITS_UNSUPPORTED_PRODUCT,
 *   FITS_NO_IDENTITY (pass `sector` or `ticId`), WRONG_LIGHT_CURVE (they contradict the file), NOT_BTJD,
 *   BAD_ARGUMENT (an option, or a flux type that the file doesn't have), IO (with the path and the cause)
 */
export function readLightCurve(source: string | URL | Uint8Array, options: ReadOptions = {}): LightCurveData {
  checkOptions(options);
  if (source instanceof Uint8Array) return fromBytes(source, options, options.fileName);
  const path = pathOf(source);
  try {
    return fromBytes(readWhole(path), options, options.fileName ?? path);
  } catch (error) {
    throw error instanceof TessCacheError ? located(error, path) : error;
  }
}

/** Whether a file is worth opening, by its name alone: for walks through directories. */
export function looksLikeFits(name: string): boolean {
  return /\.fits?(\.gz)?$/i.test(name);
}

function fromBytes(stored: Uint8Array, options: ReadOptions, name: string | undefined): LightCurveData {
  const gzipped = stored[0] === GZIP_MAGIC[0] && stored[1] === GZIP_MAGIC[1];
  return lightCurveOf(gzipped ? gunzip(stored) : stored, options, {
    sourceFile: name === undefined ? undefined : basename(name),
    sourceSha256: () => hash('sha256', stored, 'hex'),
  });
}

function pathOf(source: string | URL): string {
  if (typeof source === 'string') return source;
  if (source instanceof URL && source.protocol === 'file:') return fileURLToPath(source);
  const found = source instanceof URL ? `a ${source.protocol} URL` : describe(source);
  throw new TessCacheError('BAD_ARGUMENT', `source must be a path, a file: URL or bytes, got ${found}`, {
    field: 'source',
    expected: 'a path, a file: URL or a Uint8Array',
    found,
  });
}

function readWhole(path: string): Uint8Array {
  try {
    const status = statSync(path);
    // A pipe or a device could block for ever, or never end.
    if (!status.isFile()) throw new Error('not a regular file');
    if (status.size > LARGEST) throw tooLarge(status.size);
    return readFileSync(path);
  } catch (cause) {
    if (cause instanceof TessCacheError) throw cause;
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new TessCacheError('IO', `can't read the file: ${found}`, { found, cause });
  }
}

function tooLarge(size: number): TessCacheError {
  const found = `a file of ${size} bytes`;
  return new TessCacheError('FITS_NOT_LIGHT_CURVE', `not a light curve, but ${found}`, {
    expected: `at most ${LARGEST} bytes`,
    found,
  });
}

function gunzip(stored: Uint8Array): Uint8Array {
  const maxOutputLength = Math.min(Math.max(UNZIPPED_AT_LEAST, stored.length * UNZIPPED_PER_BYTE), LARGEST);
  try {
    return gunzipSync(stored, { maxOutputLength });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR') {
      const found = `${stored.length} bytes`;
      throw new TessCacheError('FITS_TRUNCATED', `gzip: the file ends early, after ${found}`, {
        found,
        cause,
      });
    }
    if (code === 'ERR_BUFFER_TOO_LARGE') {
      const expected = `at most ${maxOutputLength} bytes`;
      throw new TessCacheError('FITS_INVALID', `gzip: holds more than a light curve can: ${expected}`, {
        expected,
        cause,
      });
    }
    throw new TessCacheError('FITS_INVALID', `gzip: ${message}`, { found: message, cause });
  }
}

/** The same error, with the path in its message and as a field. */
function located(error: TessCacheError, path: string): TessCacheError {
  const { code, message, expected, found, field, cause } = error;
  const fields = { expected, found, field, path, ...(cause === undefined ? {} : { cause }) };
  const located = new TessCacheError(code, `${path}: ${message}`, fields);
  located.stack = error.stack?.replace(message, () => located.message);
  return located;
}
