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
 * @property {number[]} durations of the dips to try, days
 *
 * @typedef {object} Box
 * @property {number} period days
 * @property {number} depth of the dip, as a fraction of the flux around it
 * @property {number} duration days
 * @property {number} transitTime middle of the first dip at or after the first time, BTJD days
 * @property {number} power signal residue: the square root of the variance that the box explains
 */

/** Steps of frequency in which the last dip drifts by the shortest duration; more finds more. */
const OVERSAMPLING = 3;
/** Bins of phase that the shortest dip spans: in the search, and once the period is nearly known. */
const COARSE = 4;
const FINE = 12;

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
export function boxLeastSquares({ time, flux }, { minPeriod, maxPeriod, durations }) {
  const span = time[time.length - 1] - time[0];
  const mean = flux.reduce((sum, value) => sum + value, 0) / flux.length;
  const offsets = flux.map((value) => value - mean);
  const shortest = Math.min(...durations);

  // A step of frequency moves the last dip by step x span in phase, where the shortest takes shortest x frequency.
  const relativeStep = shortest / span / OVERSAMPLING;

  let best = { power: -1, period: NaN, duration: NaN, middle: NaN };
  /** @param {number} from cycles a day @param {number} to @param {number} factor @param {number} binsADip */
  const scan = (from, to, factor, binsADip) => {
    for (let frequency = from; frequency <= to; frequency *= factor) {
      const found = bestBoxAt(time, offsets, 1 / frequency, durations, shortest / binsADip);
      if (found.power > best.power) best = found;
    }
  };
  scan(1 / maxPeriod, 1 / minPeriod, 1 + relativeStep, COARSE);
  const near = 1 / best.period;
  best.power = -1;
  scan(near * (1 - relativeStep), near * (1 + relativeStep), 1 + relativeStep / 20, FINE);

  const { period, duration, middle, power } = best;
  const transitTime = middle + Math.ceil((time[0] - middle) / period) * period;
  return { period, depth: depthOf(time, flux, period, transitTime, duration), duration, transitTime, power };
}

/**
 * The box that explains most at one period.
 *
 * @param {Float64Array} time
 * @param {Float64Array} offsets flux minus its mean
 * @param {number} period
 * @param {number[]} durations
 * @param {number} binDays width of a bin of phase, about
 */
function bestBoxAt(time, offsets, period, durations, binDays) {
  const bins = Math.ceil(period / binDays);
  const inBin = new Float64Array(bins);
  const ofBin = new Float64Array(bins);
  for (let i = 0; i < time.length; i++) {
    const cycles = time[i] / period;
    const bin = Math.floor((cycles - Math.floor(cycles)) * bins);
    inBin[bin] += offsets[i];
    ofBin[bin]++;
  }
  // Running sums of the fold, twice around: a dip may straddle phase 0.
  const sums = new Float64Array(2 * bins + 1);
  const counts = new Float64Array(2 * bins + 1);
  for (let i = 0; i < 2 * bins; i++) {
    sums[i + 1] = sums[i] + inBin[i % bins];
    counts[i + 1] = counts[i] + ofBin[i % bins];
  }
  const total = time.length;
  const best = { power: -1, period, duration: NaN, middle: NaN };
  for (const duration of durations) {
    const width = Math.max(1, Math.round((duration / period) * bins));
    if (2 * width > bins) continue;
    for (let start = 0; start < bins; start++) {
      const dip = sums[start + width] - sums[start];
      const inside = counts[start + width] - counts[start];
      if (dip >= 0 || inside === total) continue;
      // Eq. 5 of the paper, with equal weights: s^2 / (r (1 - r)).
      const r = inside / total;
      const s = dip / total;
      const power = Math.sqrt((s * s) / (r * (1 - r)));
      if (power <= best.power) continue;
      best.power = power;
      best.duration = (width / bins) * period;
      best.middle = ((start + width / 2) / bins) * period;
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
