// What is cached: a light curve as SPOC makes them, and small products.
import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** Rows of a 120 s light curve of one sector. */
const ROWS = 20_076;
const COLUMNS = 20;
/** Products of one star in a filled cache. */
export const PER_TIC = 20;

const arrays = makeArrays();

/** A light curve with the provenance of one that was read from a FITS file: some 270 header values. */
export function lightCurve({ LightCurveData }, index) {
  const ticId = 25155310 + index;
  return new LightCurveData({
    ...arrays,
    ticId,
    sector: 1,
    cadenceSeconds: 120.00050536807976,
    provenance: {
      sourceFile: `tess2018206045859-s0001-${String(ticId).padStart(16, '0')}-0120-s_lc.fits`,
      sourceSha256: createHash('sha256').update(String(ticId)).digest('hex'),
      author: 'spoc',
      exptimeSeconds: 120,
      fluxType: 'pdcsap',
      fluxUnit: 'e-/s',
      qualityMask: 431,
      normalized: true,
      medianRawFlux: 9247.26025390625,
      fluxErrKind: 'reported',
      raDeg: 63.3739396231274,
      decDeg: -69.226822697583,
      tessMag: 10.357,
      camera: 4,
      ccd: 2,
      pipelineVersion: 'spoc-3.3.37-20181001',
      headers: headers(ticId),
    },
  });
}

/** A product of a kilobyte: a transit fit and its folded model. */
export function product(index) {
  const model = new Float64Array(112);
  for (let i = 0; i < model.length; i++) model[i] = 1 - 0.01 * Math.exp(-((i - 56) ** 2) / 50) + index * 1e-9;
  return {
    ticId: 25155310 + index,
    sector: 1 + (index % 90),
    period: 3.288 + index * 1e-6,
    depth: 0.0122,
    transitTime: 1326.072,
    model,
  };
}

/** Key and value of entry `index` of a filled cache: PER_TIC products a star. */
export function filling(index) {
  const ticId = 1_000_000 + Math.floor(index / PER_TIC);
  const sector = 1 + (index % PER_TIC);
  const key = `bls:${ticId}:${sector}:${hex(`bls ${index}`).slice(0, 32)}`;
  return { key, value: { ticId, sector, period: 1 + index / 1000, depth: 0.01, power: new Float64Array(4) } };
}

/** Where the contract says that the blob of a key is. */
export function blobPath(dir, key) {
  const digest = hex(key);
  return join(dir, 'data', digest.slice(0, 2), `${digest}.safetensors`);
}

function hex(text) {
  return createHash('sha256').update(text).digest('hex');
}

function makeArrays() {
  const time = new Float64Array(ROWS);
  const flux = new Float64Array(ROWS);
  const fluxErr = new Float64Array(ROWS);
  const quality = new Int32Array(ROWS);
  const validMask = new Uint8Array(ROWS);
  let state = 1;
  const noise = () => (state = (state * 16807) % 2147483647) / 2147483647 - 0.5;
  for (let i = 0; i < ROWS; i++) {
    const flagged = i % 10 === 9;
    time[i] = i % 100 === 99 ? NaN : 1325.29 + (i * 120) / 86400;
    flux[i] = flagged ? NaN : 1 + 0.002 * noise();
    fluxErr[i] = flagged ? NaN : 0.0018 + 1e-5 * noise();
    quality[i] = flagged ? 128 : 0;
    validMask[i] = flagged || Number.isNaN(time[i]) ? 0 : 1;
  }
  return { time, flux, fluxErr, quality, validMask };
}

function headers(ticId) {
  const primary = { SIMPLE: true, BITPIX: 8, NAXIS: 0, EXTEND: true, NEXTEND: 2, OBJECT: `TIC ${ticId}` };
  for (let i = 0; i < 38; i++)
    primary[`CARD${i}`] = i % 3 === 0 ? `a value of some length, ${i}` : i * 1.0625;
  const table = { XTENSION: 'BINTABLE', BITPIX: 8, NAXIS: 2, NAXIS1: 100, NAXIS2: ROWS, TICID: ticId };
  for (let n = 1; n <= COLUMNS; n++) {
    Object.assign(table, {
      [`TTYPE${n}`]: `COLUMN_${n}_FLUX`,
      [`TFORM${n}`]: 'E',
      [`TUNIT${n}`]: 'e-/s',
      [`TDISP${n}`]: 'E14.7',
    });
  }
  for (let i = 0; i < 140; i++) table[`KEYWORD${i}`] = i % 4 === 0 ? `value ${i}` : i * 0.3125;
  return { primary, lightcurve: table };
}
