/**
 * Times to BTJD days: BJD in TDB minus 2457000.
 *
 * The zero point of a time column, a BJD, is stated by
 *   1. BJDREFI + BJDREFF, in the header of the table or else in the primary one;
 *   2. the unit of the column: "BJD - 2457000, days", "btjd", "bjd" (zero point 0);
 *   3. the description of the product, where the file says nothing.
 * Where two of a file's statements contradict each other, or none is made, or the scale isn't TDB or the unit
 * not days, or a time comes out that TESS can't have seen, the times are refused.
 */
import { TessCacheError, describe } from '../errors.js';
import { BTJD_LIMIT } from '../light-curve/belongs.js';
import { numberOf, textOf, type Header } from './header.js';

/** BJD of BTJD 0. */
export const BTJD_ZERO = 2457000;

const DAYS = /^d(ay|ays)?$/i;
/** Units in which a number is one of days. */
const COUNTS_DAYS = /\b(d|days?|bjd|b?tjd)\b/i;
const BJD_MINUS = /\bBJD\s*-\s*([0-9]+(?:\.[0-9]*)?)/i;

/**
 * What to add to a column of times to make it BTJD, days; exact, but for the rounding of the sum itself.
 *
 * @param headers that of the table, then the primary one
 * @param unit of the time column (TUNITn)
 * @param otherwise zero point of the product, where the file states none
 * @throws TessCacheError NOT_BTJD
 */
export function btjdOffset(headers: readonly Header[], unit: string | undefined, otherwise?: number): number {
  const first = <T>(find: (header: Header) => T | undefined): T | undefined =>
    headers.map(find).find((value) => value !== undefined);
  const scale = first((header) => textOf(header, 'TIMESYS'));
  if (scale !== undefined && !/^tdb$/i.test(scale)) throw notBtjd('TIMESYS', 'TDB', describe(scale));
  const timeUnit = first((header) => textOf(header, 'TIMEUNIT'));
  if (timeUnit !== undefined && !DAYS.test(timeUnit)) throw notBtjd('TIMEUNIT', 'd', describe(timeUnit));

  const byUnit = zeroPointOfUnit(unit);
  const whole = first((header) => numberOf(header, 'BJDREFI'));
  const fraction = whole === undefined ? 0 : (first((header) => numberOf(header, 'BJDREFF')) ?? 0);
  if (whole !== undefined && byUnit !== undefined && byUnit !== whole + fraction) {
    throw notBtjd('BJDREFI', `${byUnit}, as the unit of the times says`, String(whole + fraction));
  }
  const zero = whole ?? byUnit ?? (/^bjd$/i.test(unit ?? '') ? 0 : otherwise);
  if (zero === undefined) throw notBtjd('BJDREFI', 'the zero point of the times', 'none stated');
  return zero - BTJD_ZERO + fraction;
}

/** The zero point that the unit of a time column names; undefined where it says days, or nothing. */
function zeroPointOfUnit(unit: string | undefined): number | undefined {
  if (unit === undefined) return undefined;
  if (!COUNTS_DAYS.test(unit)) throw notBtjd('TUNIT of the times', 'days of BJD in TDB', describe(unit));
  const [, minus] = BJD_MINUS.exec(unit) ?? [];
  if (minus !== undefined) return Number(minus);
  return /\bb?tjd\b/i.test(unit) ? BTJD_ZERO : undefined;
}

/**
 * @param time [n] BTJD days; NaN passes
 * @throws TessCacheError NOT_BTJD for a time at or above `BTJD_LIMIT` (a JD or MJD, whatever the header says)
 *   or below 0 (December 2014, three years before the launch: a phase, or a zero point taken off twice)
 */
export function checkBtjd(time: Float64Array): void {
  for (let i = 0; i < time.length; i++) {
    if (time[i] >= BTJD_LIMIT || time[i] < 0) {
      throw notBtjd('time', `BTJD days from 0 to ${BTJD_LIMIT}`, `${time[i]} in row ${i}`);
    }
  }
}

function notBtjd(field: string, expected: string, found: string): TessCacheError {
  const message = `times can't be taken as BTJD: ${field} should be ${expected}, is ${found}`;
  return new TessCacheError('NOT_BTJD', message, { field, expected, found });
}
