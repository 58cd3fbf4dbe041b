/**
 * The one error class of the package. Branch on `code`; the other fields say what was expected, what was
 * found and where. `cause` keeps the error underneath (a system error, a SyntaxError), never rewritten.
 */

export type TessCacheErrorCode =
  /** An argument or option of the wrong type or out of range. */
  | 'BAD_ARGUMENT'
  /** A key, ref or session id that cannot name anything, or could name two things. */
  | 'BAD_KEY'
  /** Arrays or ids that make no light curve. */
  | 'BAD_LIGHT_CURVE'
  /** A put under a data ref of a value that is not the light curve it names. */
  | 'WRONG_LIGHT_CURVE'
  /** Times that cannot be BTJD days. */
  | 'NOT_BTJD'
  /** A value that would not come back as it was put. */
  | 'UNSUPPORTED_VALUE'
  /** An entry that can never fit under the limits. */
  | 'TOO_LARGE'
  /** A put for which the entries that are pinned leave no room. */
  | 'PINNED'
  /** A write to a cache opened with `readOnly`. */
  | 'READ_ONLY'
  /** Use after `close()`. */
  | 'CLOSED'
  /** The disk or the quota is full, even after eviction. */
  | 'NO_SPACE'
  /** Any other failure of the file system; the entry stays as it was, unless a put's message says otherwise. */
  | 'IO'
  /** Bytes that break the format they claim. */
  | 'CORRUPT'
  /** A valid blob of a later format than this version reads. */
  | 'NEWER_FORMAT'
  /** A cache opened `offline` doesn't have what it was asked for. */
  | 'OFFLINE'
  /** An input of a computation is neither in memory nor on disk. */
  | 'INPUT_MISSING'
  /** No such entry, where a command or caller needs one. */
  | 'NOT_FOUND'
  /** A FITS file that ends before what its headers announce. */
  | 'FITS_TRUNCATED'
  /** Bytes that are not FITS, or headers that contradict the standard. */
  | 'FITS_INVALID'
  /** A FITS file of another sort: target pixels, CBVs, Kepler. */
  | 'FITS_NOT_LIGHT_CURVE'
  /** A light curve of a product that this version does not read. */
  | 'FITS_UNSUPPORTED_PRODUCT'
  /** A light curve without what names it (TIC id, sector); pass what is missing. */
  | 'FITS_NO_IDENTITY';

export interface TessCacheErrorFields {
  /** What would have been right, in words. */
  readonly expected?: string;
  /** What was there instead, in words. */
  readonly found?: string;
  /** The argument, header card, tensor or property at fault. */
  readonly field?: string;
  readonly key?: string;
  readonly path?: string;
  /** Of what is not there: the names that come near it, best first. */
  readonly nearest?: readonly string[];
  readonly cause?: unknown;
}

export class TessCacheError extends Error {
  override readonly name = 'TessCacheError';
  readonly code: TessCacheErrorCode;
  readonly expected?: string;
  readonly found?: string;
  readonly field?: string;
  readonly key?: string;
  readonly path?: string;
  readonly nearest?: readonly string[];

  constructor(code: TessCacheErrorCode, message: string, fields: TessCacheErrorFields = {}) {
    super(message, 'cause' in fields ? { cause: fields.cause } : undefined);
    this.code = code;
    if (fields.expected !== undefined) this.expected = fields.expected;
    if (fields.found !== undefined) this.found = fields.found;
    if (fields.field !== undefined) this.field = fields.field;
    if (fields.key !== undefined) this.key = fields.key;
    if (fields.path !== undefined) this.path = fields.path;
    if (fields.nearest !== undefined) this.nearest = fields.nearest;
  }
}

/** A value as it may stand in a message: short, quoted, on one line. */
export function describe(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
  }
  if (typeof value === 'bigint') return `${value}n`;
  if (value === null || typeof value !== 'object') {
    return typeof value === 'function' ? 'a function' : String(value);
  }
  if (ArrayBuffer.isView(value)) {
    const { length } = value as unknown as { length?: number };
    return `${value.constructor.name}(${length ?? value.byteLength})`;
  }
  if (Array.isArray(value)) return `an array of ${value.length}`;
  const prototype = Object.getPrototypeOf(value) as { constructor?: { name?: string } } | null;
  return `a ${prototype?.constructor?.name ?? 'null-prototype object'}`;
}
