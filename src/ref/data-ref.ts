/**
 * Data refs: the names of light curves.
 *
 *   data-ref  = "lc:" tic ":" sector ":" flux-type [ ":" author ":" exptime ]
 *   tic       = a positive integer below 2^53, no leading zeros
 *   sector    = a positive integer, no leading zeros
 *   flux-type = author = 1*( a-z 0-9 "." "_" "+" "-" )
 *   exptime   = seconds, as the shortest decimal that reads back to the same number
 *
 * Author and exposure time are left out exactly when they are `spoc` and 120, so each light curve has one
 * name and each name one light curve: 20 s and 120 s data of one sector can't share a key.
 */
import { TessCacheError, describe } from '../errors.js';

declare const dataRefBrand: unique symbol;
/** A string made by `makeDataRef`, or accepted by `parseDataRef`. */
export type DataRef = string & { readonly [dataRefBrand]: true };

export interface DataRefOptions {
  /** Who made the light curve: `spoc` (default), `tess-spoc`, `qlp`, `gsfc-eleanor-lite`, … */
  readonly author?: string;
  /** Nominal exposure time in seconds, 120 by default. */
  readonly exptimeSeconds?: number;
}

export interface DataRefParts {
  readonly ticId: number;
  readonly sector: number;
  readonly fluxType: string;
  readonly author: string;
  readonly exptimeSeconds: number;
}

export const DEFAULT_FLUX_TYPE = 'pdcsap';
export const DEFAULT_AUTHOR = 'spoc';
export const DEFAULT_EXPTIME_SECONDS = 120;

const WORD = /^[a-z0-9._+-]+$/;
/** Decimal seconds without sign, exponent or superfluous zeros, as `String(number)` prints them. */
const SECONDS = /^(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$/;

/**
 * The name of one light curve. Flux type and author are case-insensitive and come out in lower case.
 *
 * @param ticId TESS Input Catalog id, a positive integer
 * @param sector TESS sector, a positive integer
 * @throws TessCacheError BAD_ARGUMENT naming the part that can't stand in a ref
 */
export function makeDataRef(
  ticId: number,
  sector: number,
  fluxType: string = DEFAULT_FLUX_TYPE,
  options: DataRefOptions = {},
): DataRef {
  const { author = DEFAULT_AUTHOR, exptimeSeconds = DEFAULT_EXPTIME_SECONDS } = options;
  const tic = integerPart('ticId', ticId);
  const sec = integerPart('sector', sector);
  const flux = wordPart('fluxType', fluxType);
  const by = wordPart('author', author);
  if (typeof exptimeSeconds !== 'number' || exptimeSeconds <= 0 || !SECONDS.test(String(exptimeSeconds))) {
    throw badPart('exptimeSeconds', 'a positive number of seconds', exptimeSeconds);
  }
  const isDefault = by === DEFAULT_AUTHOR && exptimeSeconds === DEFAULT_EXPTIME_SECONDS;
  return `lc:${tic}:${sec}:${flux}${isDefault ? '' : `:${by}:${exptimeSeconds}`}` as DataRef;
}

/**
 * The parts of a data ref, or undefined where `ref` is none. Only the spelling that `makeDataRef` gives is a
 * data ref: `parseDataRef(s)` succeeds exactly when `makeDataRef` of its parts gives `s` back.
 */
export function parseDataRef(ref: string): DataRefParts | undefined {
  if (typeof ref !== 'string' || !ref.startsWith('lc:')) return undefined;
  const [, tic, sector, fluxType, author, exptime, ...rest] = ref.split(':');
  if (fluxType === undefined || rest.length > 0 || (author !== undefined && exptime === undefined)) {
    return undefined;
  }
  const parts: DataRefParts = {
    ticId: Number(tic),
    sector: Number(sector),
    fluxType,
    author: author ?? DEFAULT_AUTHOR,
    exptimeSeconds: exptime === undefined ? DEFAULT_EXPTIME_SECONDS : Number(exptime),
  };
  const wellFormed =
    isPositiveInteger(parts.ticId) &&
    isPositiveInteger(parts.sector) &&
    WORD.test(fluxType) &&
    WORD.test(parts.author) &&
    parts.exptimeSeconds > 0 &&
    SECONDS.test(String(parts.exptimeSeconds));
  return wellFormed && makeDataRef(parts.ticId, parts.sector, parts.fluxType, parts) === ref
    ? parts
    : undefined;
}

function isPositiveInteger(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function integerPart(field: string, value: number): string {
  if (!isPositiveInteger(value)) throw badPart(field, 'a positive integer', value);
  return String(value);
}

function wordPart(field: string, value: string): string {
  const lower = typeof value === 'string' ? value.toLowerCase() : '';
  if (!WORD.test(lower)) throw badPart(field, 'one or more of a-z 0-9 . _ + -', value);
  return lower;
}

function badPart(field: string, expected: string, value: unknown): TessCacheError {
  const found = describe(value);
  return new TessCacheError('BAD_ARGUMENT', `data ref: ${field} must be ${expected}, got ${found}`, {
    field,
    expected,
    found,
  });
}
