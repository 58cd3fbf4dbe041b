import fc from 'fast-check';
import { LightCurveData, type LightCurveInit } from '../../src/light-curve/light-curve-data.js';

/** A valid light curve of n rows at 120 s, with changes. */
export function initOf(n: number, changes: Partial<LightCurveInit> = {}): LightCurveInit {
  return {
    time: Float64Array.from({ length: n }, (_, i) => 1325.5 + (i * 120) / 86_400),
    flux: new Float64Array(n).fill(1),
    fluxErr: new Float64Array(n).fill(0.001),
    quality: new Int32Array(n),
    validMask: new Uint8Array(n).fill(1),
    ticId: 25155310,
    sector: 1,
    cadenceSeconds: 120,
    ...changes,
  };
}

const anyDouble = fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, -0));

/** Rows with anything in them that a file might hold. */
export const anyLightCurve = fc
  .array(
    fc.record({
      time: anyDouble,
      flux: fc.double({ min: -1e6, max: 1e6 }),
      quality: fc.integer(),
      valid: fc.nat({ max: 1 }),
    }),
    { maxLength: 60 },
  )
  .map(
    (rows) =>
      new LightCurveData(
        initOf(rows.length, {
          time: Float64Array.from(rows, ({ time }) => (Math.abs(time) > 1e300 ? NaN : time)),
          flux: Float64Array.from(rows, ({ flux }) => flux),
          quality: Int32Array.from(rows, ({ quality }) => quality),
          validMask: Uint8Array.from(rows, ({ valid }) => valid),
        }),
      ),
  );
