import { describe, expect, it } from 'vitest';
import { exposureAgrees, nominalExposure } from '../../src/light-curve/exposure.js';

describe('the nominal exposure time', () => {
  it.each([
    [119.9983, 120],
    [120.0006, 120],
    [19.99, 20],
    [200.1, 200],
    [600.02, 600],
    [1799.978, 1800],
    [240.004, 240],
    [47.31, 47.3],
    [NaN, undefined],
    [Infinity, undefined],
    [0.01, undefined],
  ])('of a cadence of %s s is %s', (cadence, exposure) => {
    expect(nominalExposure(cadence)).toBe(exposure);
  });

  it('tells all of the mission apart', () => {
    const nominal = [20, 120, 200, 600, 1800];
    for (const a of nominal) for (const b of nominal) expect(exposureAgrees(a, b)).toBe(a === b);
  });
});
