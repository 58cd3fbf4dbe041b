import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TessCacheError } from '../../src/errors.js';
import { LightCurveData, type LightCurveInit } from '../../src/light-curve/light-curve-data.js';
import { anyLightCurve, initOf } from './sample.js';

describe('a light curve', () => {
  it('holds the arrays that it was given, not copies', () => {
    const init = initOf(10);
    const data = new LightCurveData(init);
    for (const field of ['time', 'flux', 'fluxErr', 'quality', 'validMask'] as const) {
      expect(data[field]).toBe(init[field]);
    }
  });

  it('asks for its provenance once, when it is wanted', () => {
    let asked = 0;
    const data = new LightCurveData(initOf(1, { provenance: () => ({ author: `call ${++asked}` }) }));
    expect(asked).toBe(0);
    expect([data.provenance?.author, data.provenance?.author]).toEqual(['call 1', 'call 1']);
    expect(new LightCurveData(initOf(1)).provenance).toBeUndefined();
  });

  class OtherArray extends Float64Array {}
  it.each<[string, Partial<Record<keyof LightCurveInit, unknown>>, string]>([
    ['an ordinary array', { time: [1, 2, 3] }, 'time'],
    ['32-bit floats', { flux: new Float32Array(3) }, 'flux'],
    ['another length', { fluxErr: new Float64Array(2) }, 'fluxErr'],
    ['unsigned quality', { quality: new Uint32Array(3) }, 'quality'],
    ['no mask', { validMask: undefined }, 'validMask'],
    ['a clamped mask', { validMask: new Uint8ClampedArray(3) }, 'validMask'],
    ['a Buffer as mask', { validMask: Buffer.alloc(3) }, 'validMask'],
    ['a mask of 2', { validMask: Uint8Array.of(0, 1, 2) }, 'validMask'],
    ['an array of another class', { time: new OtherArray(3) }, 'time'],
    ['a TIC id below 0', { ticId: -1 }, 'ticId'],
    ['a TIC id of a fraction', { ticId: 1.5 }, 'ticId'],
    ['a TIC id that is infinite', { ticId: Infinity }, 'ticId'],
    ['a TIC id as text', { ticId: '25155310' }, 'ticId'],
    ['no sector', { sector: undefined }, 'sector'],
    ['a sector that is NaN', { sector: NaN }, 'sector'],
    ['a sector beyond 2^53', { sector: 2 ** 53 }, 'sector'],
    ['a cadence of 0', { cadenceSeconds: 0 }, 'cadenceSeconds'],
    ['an infinite cadence', { cadenceSeconds: Infinity }, 'cadenceSeconds'],
    ['no cadence', { cadenceSeconds: undefined }, 'cadenceSeconds'],
  ])('with %s is refused', (_, changes, field) => {
    const attempt = () => new LightCurveData(initOf(3, changes as Partial<LightCurveInit>));
    expect(attempt).toThrow(TessCacheError);
    expect(attempt).toThrow(expect.objectContaining({ code: 'BAD_LIGHT_CURVE', field }) as Error);
  });

  it('may have an unknown cadence', () => {
    expect(new LightCurveData(initOf(3, { cadenceSeconds: NaN })).cadenceSeconds).toBeNaN();
  });
});

describe('numbers derived from it', () => {
  it('are those of their definitions', () => {
    fc.assert(
      fc.property(anyLightCurve, (data) => {
        const rows = Array.from(data.time, (time, i) => ({
          time,
          flux: data.flux[i],
          valid: data.validMask[i],
        }));
        const valid = rows.filter((row) => row.valid === 1);
        const times = valid.map((row) => row.time).filter(Number.isFinite);
        const flux = valid.map((row) => row.flux).filter(Number.isFinite);
        const n = flux.length;
        const sorted = [...flux].sort((a, b) => a - b);
        const mean = flux.reduce((a, b) => a + b, 0) / n;
        const variance = flux.reduce((a, b) => a + (b - mean) ** 2, 0) / n;

        expect(data.nPoints).toBe(rows.length);
        expect(data.nValid).toBe(valid.length);
        expect(data.durationDays).toBe(times.length === 0 ? 0 : Math.max(...times) - Math.min(...times));
        // +0 is no other number than -0.
        expect(data.medianFlux + 0).toBe(n === 0 ? NaN : (sorted[(n - 1) >> 1] + sorted[n >> 1]) / 2 + 0);
        if (n === 0) expect(data.fluxStd).toBeNaN();
        else
          expect(Math.abs(data.fluxStd - Math.sqrt(variance))).toBeLessThanOrEqual(
            1e-9 * (1 + Math.sqrt(variance)),
          );
        expect(data.gapFraction).toBe(rows.length === 0 ? 0 : 1 - valid.length / rows.length);
        expect(data.qualityFlagsPresent).toEqual([...new Set(data.quality)].sort((a, b) => a - b));
      }),
    );
  });

  it('make sense without rows', () => {
    const { nPoints, nValid, durationDays, medianFlux, fluxStd, gapFraction, qualityFlagsPresent } =
      new LightCurveData(initOf(0));
    expect([nPoints, nValid, durationDays, medianFlux, fluxStd, gapFraction]).toEqual([0, 0, 0, NaN, NaN, 0]);
    expect(qualityFlagsPresent).toEqual([]);
  });

  it('make sense where no row is valid', () => {
    const data = new LightCurveData(
      initOf(5, { validMask: new Uint8Array(5), quality: new Int32Array(5).fill(8) }),
    );
    expect([data.nPoints, data.nValid, data.durationDays, data.gapFraction]).toEqual([5, 0, 0, 1]);
    expect([data.medianFlux, data.fluxStd]).toEqual([NaN, NaN]);
    expect(data.qualityFlagsPresent).toEqual([8]);
  });

  it('leave the arrays as they were', () => {
    fc.assert(
      fc.property(anyLightCurve, (data) => {
        const before = [data.time.slice(), data.flux.slice()];
        expect([data.medianFlux, data.fluxStd, data.durationDays]).toHaveLength(3);
        expect([data.time, data.flux]).toEqual(before);
      }),
    );
  });
});
