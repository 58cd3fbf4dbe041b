/**
 * Three sectors of one simulated star with a transiting planet, at 120 s, in the FITS format of SPOC's light
 * curves: for trying things without real data, with the truth at hand. The same options give the same bytes.
 *
 *   node examples/simulated-star.mjs DIR
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { apertureCards, lightCurveCards, lightCurveColumns, primaryCards } from './spoc-layout.mjs';
import { binaryTableHdu, fitsFile, imageHdu, primaryHdu } from './fits-writer.mjs';

const CADENCE_DAYS = 120 / 86_400;

/** When the first three sectors were observed: `start` in TJD (spacecraft time), one row for each 120 s. */
const SECTORS = [
  { sector: 1, fileStem: 'tess2018206045859', run: 120, start: 1325.294, rows: 20_076 },
  { sector: 2, fileStem: 'tess2018234235059', run: 121, start: 1354.107, rows: 19_737 },
  { sector: 3, fileStem: 'tess2018263035959', run: 123, start: 1382.04, rows: 19_692 },
];

const DEFAULTS = {
  /** No star: the ids of the TESS Input Catalog have other ranges. */
  ticId: 9000000001,
  sectors: [1, 2, 3],
  /** Of the noise. */
  seed: 1,
  /** Days. */
  period: 3.7314,
  /** Middle of the first transit, BTJD. */
  epoch: 1326.851,
  /** Of the flux outside the transit. */
  depth: 0.0105,
  /** Days from first to last contact. */
  duration: 0.118,
  /** Days from first to second contact. */
  ingress: 0.012,
  /** Standard deviation of one cadence, of the flux. */
  noise: 0.0011,
  /** e-/s */
  flux: 9250,
};

/** @typedef {typeof DEFAULTS} Star */

/**
 * @param {string} dir where to write; made if it isn't there
 * @param {Partial<Star>} [options]
 * @returns {{ files: string[], truth: Star }} the paths in order of the sectors, and what is in them
 */
export function writeSimulatedStar(dir, options = {}) {
  const star = { ...DEFAULTS, ...options };
  mkdirSync(dir, { recursive: true });
  const files = SECTORS.filter(({ sector }) => star.sectors.includes(sector)).map((observation) => {
    const tic = String(star.ticId).padStart(16, '0');
    const sector = String(observation.sector).padStart(4, '0');
    const run = String(observation.run).padStart(4, '0');
    const path = join(dir, `${observation.fileStem}-s${sector}-${tic}-${run}-s_lc.fits`);
    writeFileSync(path, simulatedSector(star, observation));
    return path;
  });
  return { files, truth: star };
}

/**
 * Relative flux of the star at a time: a trapezoid in each transit, 1 outside.
 * @param {Pick<Star, 'period' | 'epoch' | 'depth' | 'duration' | 'ingress'>} star
 * @param {number} time BTJD
 */
export function transitFlux({ period, epoch, depth, duration, ingress }, time) {
  const phase = (time - epoch) / period;
  const fromMiddle = Math.abs(phase - Math.round(phase)) * period;
  const intoTransit = (duration / 2 - fromMiddle) / ingress;
  return 1 - depth * Math.min(Math.max(intoTransit, 0), 1);
}

/** @param {Star} star @param {(typeof SECTORS)[number]} observation */
function simulatedSector(star, observation) {
  const rows = simulatedRows(star, observation);
  const finite = rows.TIME.filter(Number.isFinite);
  const facts = {
    ticId: star.ticId,
    sector: observation.sector,
    start: finite[0] - CADENCE_DAYS / 2,
    stop: finite[finite.length - 1] + CADENCE_DAYS / 2,
    noisePpm: star.noise * 1e6,
    medianFlux: star.flux,
  };
  const aperture = new Int32Array(121).fill(129);
  for (const pixel of [48, 49, 50, 59, 60, 61, 70, 71, 72]) aperture[pixel] = 139;
  return fitsFile(
    primaryHdu(primaryCards(facts)),
    binaryTableHdu(lightCurveColumns(rows), lightCurveCards(facts)),
    imageHdu({ bitpix: 32, axes: [11, 11], values: aperture }, apertureCards(facts)),
  );
}

/**
 * The columns of one sector. Between the two orbits the data are sent to Earth: a day without times and flux.
 * @param {Star} star
 * @param {(typeof SECTORS)[number]} observation
 */
function simulatedRows(star, { sector, start, rows }) {
  const uniform = mulberry32(star.seed * 1000 + sector);
  const normal = normalFrom(uniform);
  const float64 = () => new Float64Array(rows).fill(NaN);
  const float32 = () => new Float32Array(rows).fill(NaN);
  const columns = {
    ...{ TIME: float64(), TIMECORR: float32(), CADENCENO: new Int32Array(rows) },
    ...{ SAP_FLUX: float32(), SAP_FLUX_ERR: float32(), SAP_BKG: float32(), SAP_BKG_ERR: float32() },
    ...{ PDCSAP_FLUX: float32(), PDCSAP_FLUX_ERR: float32(), QUALITY: new Int32Array(rows) },
    ...{ PSF_CENTR1: float64(), PSF_CENTR1_ERR: float32(), PSF_CENTR2: float64(), PSF_CENTR2_ERR: float32() },
    ...{ MOM_CENTR1: float64(), MOM_CENTR1_ERR: float32(), MOM_CENTR2: float64(), MOM_CENTR2_ERR: float32() },
    ...{ POS_CORR1: float32(), POS_CORR2: float32() },
  };
  const gap = { from: Math.round(rows * 0.49), to: Math.round(rows * 0.49) + 790 };
  const dumpEvery = Math.round(2.5 / CADENCE_DAYS);
  for (let i = 0; i < rows; i++) {
    const tjd = start + i * CADENCE_DAYS;
    // The way of the light from the satellite to the barycentre, for a star near the pole of the ecliptic.
    const correction = 0.0009 * Math.cos((2 * Math.PI * (tjd - 1355)) / 365.25);
    const time = tjd + correction;
    const dump = i % dumpEvery < 4 && i > 4;
    const outlier = uniform() < 0.0005;
    const [noise, jitter1, jitter2] = [normal(), normal(), normal()];
    columns.CADENCENO[i] = 70_000 + (sector - 1) * 20_200 + i;
    columns.TIMECORR[i] = correction;
    if (i >= gap.from && i < gap.to) {
      columns.QUALITY[i] = EARTH_POINT;
      continue;
    }
    columns.TIME[i] = time;
    columns.QUALITY[i] = (dump ? DESATURATION : 0) | (outlier ? IMPULSIVE_OUTLIER : 0);
    const flux =
      star.flux *
      transitFlux(star, time) *
      (1 + 0.0002 * Math.sin((2 * Math.PI * time) / 6.13) + star.noise * noise) *
      (dump ? 0.97 : 1) *
      (outlier ? 1.02 : 1);
    // Each orbit begins warm, and drifts.
    const orbitDay = (i < gap.from ? i : i - gap.to) * CADENCE_DAYS;
    const drift = 1 + 0.004 * Math.exp(-orbitDay / 1.5) - 0.0003 * orbitDay;
    columns.PDCSAP_FLUX[i] = outlier ? NaN : flux;
    columns.PDCSAP_FLUX_ERR[i] = outlier ? NaN : star.flux * star.noise;
    columns.SAP_FLUX[i] = flux * 0.87 * drift;
    columns.SAP_FLUX_ERR[i] = star.flux * star.noise * 0.87;
    columns.SAP_BKG[i] = 1250 + 400 * Math.exp(-orbitDay / 2);
    columns.SAP_BKG_ERR[i] = 2.1;
    columns.MOM_CENTR1[i] = 1623.7 + 0.002 * jitter1;
    columns.MOM_CENTR1_ERR[i] = 0.0016;
    columns.MOM_CENTR2[i] = 393.6 + 0.002 * jitter2;
    columns.MOM_CENTR2_ERR[i] = 0.0017;
    columns.POS_CORR1[i] = 0.003 * Math.sin(orbitDay) + 0.001 * jitter1;
    columns.POS_CORR2[i] = 0.003 * Math.cos(orbitDay) + 0.001 * jitter2;
  }
  return columns;
}

/** Quality bits. */
const EARTH_POINT = 8;
const DESATURATION = 32;
const IMPULSIVE_OUTLIER = 512;

/** Uniform numbers in [0, 1) by mulberry32 (T. Ettinger, public domain). @param {number} seed */
function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Normal numbers by Box and Muller. @param {() => number} uniform */
function normalFrom(uniform) {
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { files, truth } = writeSimulatedStar(process.argv[2] ?? '.');
  console.log(JSON.stringify({ files, truth }, undefined, 2));
}
