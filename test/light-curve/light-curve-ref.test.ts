import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LightCurveData } from '../../src/light-curve/light-curve-data.js';
import { LightCurveRef, dataRefOf } from '../../src/light-curve/light-curve-ref.js';
import { anyLightCurve, initOf } from './sample.js';

describe('the summary of a light curve', () => {
  it('has its numbers, and no arrays', () => {
    fc.assert(
      fc.property(anyLightCurve, (data) => {
        const ref = LightCurveRef.fromData(data);
        for (const field of [
          'nPoints',
          'nValid',
          'durationDays',
          'medianFlux',
          'fluxStd',
          'gapFraction',
        ] as const) {
          expect(ref[field]).toBe(data[field]);
        }
        const json = JSON.parse(JSON.stringify(ref)) as Record<string, unknown>;
        expect(json.median_flux).toBe(Number.isFinite(data.medianFlux) ? json.median_flux : null);
        expect(Object.values(ref).some((value) => ArrayBuffer.isView(value))).toBe(false);
      }),
    );
  });

  it('is written in snake_case', () => {
    const provenance = { author: 'qlp', fluxType: 'kspsap', exptimeSeconds: 1800 };
    const data = new LightCurveData(initOf(3, { provenance, cadenceSeconds: 1800 }));
    expect(JSON.parse(JSON.stringify(LightCurveRef.fromData(data)))).toEqual({
      data_ref: 'lc:25155310:1:kspsap:qlp:1800',
      tic_id: 25155310,
      sector: 1,
      flux_type: 'kspsap',
      n_points: 3,
      n_valid: 3,
      duration_days: data.durationDays,
      median_flux: 1,
      flux_std: 0,
      gap_fraction: 0,
      cadence_seconds: 1800,
      quality_flags_present: [0],
    });
  });
});

describe('the data ref of a light curve', () => {
  it('comes from the provenance, else from the cadence, else from the defaults', () => {
    const of = (init: Parameters<typeof initOf>[1]) => dataRefOf(new LightCurveData(initOf(3, init)));
    expect(of({ provenance: { exptimeSeconds: 20 }, cadenceSeconds: 120 })).toBe(
      'lc:25155310:1:pdcsap:spoc:20',
    );
    expect(of({ cadenceSeconds: 599.9 })).toBe('lc:25155310:1:pdcsap:spoc:600');
    expect(of({ cadenceSeconds: NaN })).toBe('lc:25155310:1:pdcsap');
    expect(dataRefOf(new LightCurveData(initOf(3)), 'SAP')).toBe('lc:25155310:1:sap');
  });

  it('can not be had for an id that names nothing', () => {
    const data = new LightCurveData(initOf(3, { ticId: 0 }));
    expect(() => dataRefOf(data)).toThrow(
      expect.objectContaining({ code: 'BAD_ARGUMENT', field: 'ticId' }) as Error,
    );
  });
});
