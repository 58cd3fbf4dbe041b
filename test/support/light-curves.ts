/** Light curves to put: small, with every kind of bits in them. */
import { LightCurveData, type LightCurveInit } from '../../src/light-curve/light-curve-data.js';
import type { LightCurveProvenance } from '../../src/light-curve/provenance.js';

export const TIC = 25155310;
export const SECTOR = 1;
/** The data ref that `sampleLightCurve()` belongs under. */
export const DATA_REF = `lc:${TIC}:${SECTOR}:pdcsap`;

/** A quiet NaN that is not the one arithmetic gives. */
export const ODD_NAN_BITS = 0x7ff8_0000_dead_beefn;

/** `n` rows at 120 s: times in BTJD, noise from a fixed sequence, a NaN with a payload, a -0, an infinity. */
export function sampleLightCurve(n = 16, changes: Partial<LightCurveInit> = {}): LightCurveData {
  const time = Float64Array.from({ length: n }, (_, i) => 1325.293 + (i * 120) / 86_400);
  const flux = Float64Array.from({ length: n }, (_, i) => 1 + Math.sin(i * 12.9898) * 1e-3);
  const fluxErr = new Float64Array(n).fill(2.5e-4);
  const quality = new Int32Array(n);
  const validMask = new Uint8Array(n).fill(1);
  if (n > 3) {
    new BigUint64Array(flux.buffer)[0] = ODD_NAN_BITS;
    flux[1] = -0;
    fluxErr[2] = Infinity;
    quality[0] = -2147483648;
    quality[2] = 128;
    validMask[0] = 0;
    validMask[2] = 0;
  }
  return new LightCurveData({
    time,
    flux,
    fluxErr,
    quality,
    validMask,
    ticId: TIC,
    sector: SECTOR,
    cadenceSeconds: 120.00050536807976,
    ...changes,
  });
}

/** A provenance with every field set, headers of every type among them. */
export const fullProvenance: LightCurveProvenance = {
  sourceFile: 'tess2018206045859-s0001-0000000025155310-0120-s_lc.fits',
  sourceSha256: 'ab'.repeat(32),
  author: 'spoc',
  exptimeSeconds: 120,
  requestedExptimeSeconds: 120,
  fluxType: 'pdcsap',
  fluxUnit: 'e-/s',
  qualityMask: 431,
  normalized: true,
  medianRawFlux: 9247.26025390625,
  fluxErrKind: 'reported',
  raDeg: 63.3739396231274,
  decDeg: -69.226822697583,
  tessMag: -0,
  camera: 4,
  ccd: 1,
  pipelineVersion: 'spoc-3.3.57-20190215',
  selectionReason: 'the only one',
  notes: ['checksum of HDU 1 does not match', 'größer als erwartet ☉'],
  headers: {
    '0': { OBJECT: 'TIC 25155310', TICID: 25155310, RADESYS: null, EMPTY: '', TESSMAG: NaN },
    LIGHTCURVE: { EXPOSURE: 22.080322265625, HUGE: 123456789012345678901n, INHERIT: true, __proto__x: 'x' },
  },
};

/** All that a light curve holds, as a plain object that can be compared. */
export function fieldsOf(data: LightCurveData): Record<string, unknown> {
  const { time, flux, fluxErr, quality, validMask, ticId, sector, cadenceSeconds, provenance } = data;
  return { time, flux, fluxErr, quality, validMask, ticId, sector, cadenceSeconds, provenance };
}
