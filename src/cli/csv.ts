/**
 * Light curves as CSV:
 *
 *   file   = "time,flux,flux_err,quality,valid_mask" LF *( row LF )
 *   number = the shortest decimal that reads back to the same float64 | "nan" | "inf" | "-inf"
 *
 * as numpy, pandas and C read them. Of a NaN only that it is one is kept.
 */
import type { LightCurveData } from '../light-curve/light-curve-data.js';

const HEADER = 'time,flux,flux_err,quality,valid_mask\n';

export function csvOf(data: LightCurveData): string {
  const { time, flux, fluxErr, quality, validMask } = data;
  const rows: string[] = [HEADER];
  for (let i = 0; i < time.length; i++) {
    const numbers = `${decimal(time[i])},${decimal(flux[i])},${decimal(fluxErr[i])}`;
    rows.push(`${numbers},${quality[i]},${validMask[i]}\n`);
  }
  return rows.join('');
}

function decimal(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value);
  if (Number.isNaN(value)) return 'nan';
  return value > 0 ? 'inf' : '-inf';
}
