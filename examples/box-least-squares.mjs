// Box least squares: the period at which a light curve folds into one box-shaped dip (Kovács, Zucker & Mazeh 2002,
// A&A 391, 369). Small rather than exhaustive: for a search you publish, compare with another implementation.

/**
 * @typedef {object} Series
 * @property {Float64Array} time BTJD days
 * @property {Float64Array} flux relative flux, out of transit near 1
 *
 * @typedef {object} Search
 * @property {number} minPeriod days
 * @property {number} maxPeriod days
 * @property {number} minDuration of the dip, days
 * @property {number} maxDuration of the dip, days
 *
 * @typedef {object} Box
 * @property {number} period days
 * @property {number} depth of the dip, as a fraction of the flux around it
 * @property {number} duration days
 * @property {number} transitTime middle of the first dip at or after the first time, BTJD days
 * @property {number} power signal residue: the square root of the variance that the box explains
 */

/** Steps of frequency in which the fold drifts by the shortest dip over the whole series; more finds more. */
const OVERSAMPLING = 2;
/** Bins of phase that the shortest dip spans. */
const BINS_A_DIP = 4;

/**
 * Means in equal bins of time; bins without values are left out.
 *
 * @param {ArrayLike<number>} time BTJD days, with NaN where there is none
 * @param {ArrayLike<number>} flux
 * @param {ArrayLike<number>} valid 1 where a value may be used
 * @param {number} width days
 * @returns {Series}
 */
export function binInTime(time, flux, valid, width) {
  /** @type {Map<number, [time: number, flux: number, count: number]>} */
  const bins = new Map();
  for (let i = 0; i < time.length; i++) {
    if (valid[i] !== 1) continue;
    const index = Math.floor(time[i] / width);
    const bin = bins.get(index) ?? [0, 0, 0];
    bin[0] += time[i];
    bin[1] += flux[i];
    bin[2]++;
    bins.set(index, bin);
  }
  const means = [...bins.values()].map(([t, f, n]) => [t / n, f / n]).sort(([a], [b]) => a - b);
  return { time: Float64Array.from(means, ([t]) => t), flux: Float64Array.from(means, ([, f]) => f) };
}

/**
 * The box that explains most of the variance.
 *
 * @param {Series} series
 * @param {Search} search
 * @returns {Box}
 */
export function boxLeastSquares({ time, flux }, search) {
  const { minPeriod, maxPeriod, minDuration } = search;
  const span = time[time.length - 1] - time[0];
  const mean = flux.reduce((sum, value) => sum + value, 0) / flux.length;
  const offsets = flux.map((value) => value - mean);

  // A step of frequency moves the last dip by step x span in phase: a part of the shortest dip's phase.
  const step = minDuration / maxPeriod / OVERSAMPLING / span;
  let best = { power: -1, period: NaN, start: 0, width: 0, bins: 1 };
  const scan = (/** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ by) => {
    for (let frequency = from; frequency <= to; frequency += by) {
      const found = bestBoxAt(time, offsets, 1 / frequency, search);
      if (found.power > best.power) best = found;
    }
  };
  scan(1 / maxPeriod, 1 / minPeriod, step);
  scan(1 / best.period - step, 1 / best.period + step, step / 40);

  const { period, start, width, bins, power } = best;
  const middle = ((start + width / 2) / bins) * period;
  const transitTime = time[0] + ((((middle - time[0]) % period) + period) % period);
  const duration = (width / bins) * period;
  return { period, depth: depthOf(time, flux, period, transitTime, duration), duration, transitTime, power };
}

/**
 * @param {Float64Array} time
 * @param {Float64Array} offsets flux minus its mean
 * @param {number} period
 * @param {Search} search
 */
function bestBoxAt(time, offsets, period, { minDuration, maxDuration }) {
  const bins = Math.ceil((period / minDuration) * BINS_A_DIP);
  const most = Math.min(Math.round((maxDuration / period) * bins), bins >> 1);
  // The fold, twice around: a dip may straddle phase 0.
  const sums = new Float64Array(2 * bins + 1);
  const counts = new Float64Array(2 * bins + 1);
  const inBin = new Float64Array(bins);
  const ofBin = new Float64Array(bins);
  for (let i = 0; i < time.length; i++) {
    const cycles = time[i] / period;
    const bin = Math.floor((cycles - Math.floor(cycles)) * bins);
    inBin[bin] += offsets[i];
    ofBin[bin]++;
  }
  for (let i = 0; i < 2 * bins; i++) {
    sums[i + 1] = sums[i] + inBin[i % bins];
    counts[i + 1] = counts[i] + ofBin[i % bins];
  }
  const total = time.length;
  let best = { power: -1, period, start: 0, width: 0, bins };
  for (let width = BINS_A_DIP; width <= most; width++) {
    for (let start = 0; start < bins; start++) {
      const dip = sums[start + width] - sums[start];
      const inside = counts[start + width] - counts[start];
      if (dip >= 0 || inside === 0 || inside === total) continue;
      // Eq. 5 of the paper, with equal weights: s^2 / (r (1 - r)).
      const r = inside / total;
      const s = dip / total;
      const power = Math.sqrt((s * s) / (r * (1 - r)));
      if (power > best.power) best = { power, period, start, width, bins };
    }
  }
  return best;
}

/**
 * How much lower the mean flux is within the box than around it.
 *
 * @param {Float64Array} time
 * @param {Float64Array} flux
 * @param {number} period
 * @param {number} transitTime
 * @param {number} duration
 */
function depthOf(time, flux, period, transitTime, duration) {
  let inside = 0;
  let insideCount = 0;
  let outside = 0;
  let outsideCount = 0;
  for (let i = 0; i < time.length; i++) {
    const cycles = (time[i] - transitTime) / period;
    if (Math.abs(cycles - Math.round(cycles)) * period < duration / 2) {
      inside += flux[i];
      insideCount++;
    } else {
      outside += flux[i];
      outsideCount++;
    }
  }
  return 1 - inside / insideCount / (outside / outsideCount);
}
