/** From the raw columns of a light curve to what is valid, its errors and its scale. All in float64. */
import { medianInPlace } from '../light-curve/statistics.js';

/** Standard deviation over median absolute deviation of normal noise: 1 / (its 3/4 quantile, 0.6745). */
const SIGMA_PER_MAD = 1.4826;
const SECONDS_PER_DAY = 86_400;

/**
 * @param fluxErr where undefined the errors don't count
 * @returns [n] 1 where time, flux and flux error are finite and no bit of the mask is set
 */
export function validRows(
  time: Float64Array,
  flux: Float64Array,
  fluxErr: Float64Array | undefined,
  quality: Int32Array,
  qualityMask: number,
): Uint8Array {
  const valid = new Uint8Array(time.length);
  const errors = fluxErr ?? flux;
  for (let i = 0; i < valid.length; i++) {
    // x - x is 0 for finite x, NaN for the rest.
    const zero = time[i] - time[i] + (flux[i] - flux[i]) + (errors[i] - errors[i]);
    valid[i] = zero === 0 && (quality[i] & qualityMask) === 0 ? 1 : 0;
  }
  return valid;
}

export function hasFinite(values: Float64Array): boolean {
  return values.some(Number.isFinite);
}

/** The errors of `flux` where `fluxErr` are those of `of`, and both have the same relative error. */
export function scaledErrors(flux: Float64Array, fluxErr: Float64Array, of: Float64Array): Float64Array {
  return flux.map((value, i) => Math.abs((value * fluxErr[i]) / of[i]));
}

/** Median of the valid values; NaN where there is none. */
export function medianOfValid(values: Float64Array, valid: Uint8Array): number {
  return medianInPlace(pick(values, valid));
}

/** [n] one error for all rows: 1.4826 x median absolute deviation of the valid flux; NaN where none is. */
export function estimatedErrors(flux: Float64Array, valid: Uint8Array): Float64Array {
  const kept = pick(flux, valid);
  const median = medianInPlace(kept);
  for (let i = 0; i < kept.length; i++) kept[i] = Math.abs(kept[i] - median);
  return new Float64Array(flux.length).fill(SIGMA_PER_MAD * medianInPlace(kept));
}

/** Median positive step between the times of successive valid rows, seconds; NaN where there is none. */
export function cadenceSeconds(time: Float64Array, valid: Uint8Array): number {
  const steps = new Float64Array(time.length);
  let count = 0;
  let before = NaN;
  for (let i = 0; i < time.length; i++) {
    if (valid[i] === 0) continue;
    const step = time[i] - before;
    if (step > 0) steps[count++] = step;
    before = time[i];
  }
  return medianInPlace(steps.subarray(0, count)) * SECONDS_PER_DAY;
}

export function divideInPlace(values: Float64Array, by: number): void {
  for (let i = 0; i < values.length; i++) values[i] /= by;
}

function pick(values: Float64Array, valid: Uint8Array): Float64Array {
  const kept = new Float64Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) if (valid[i] === 1) kept[count++] = values[i];
  return kept.subarray(0, count);
}
