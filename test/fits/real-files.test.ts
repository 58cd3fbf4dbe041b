import { describe, expect, it } from 'vitest';
import { readLightCurve } from '../../src/fits/read-light-curve.js';
import { dataRefOf } from '../../src/light-curve/light-curve-ref.js';
import { sum } from '../../src/light-curve/statistics.js';
import { errorOf, realFiles } from './fixtures.js';

const directory = realFiles();
const S1 = 'tess2018206045859-s0001-';

describe.skipIf(directory === undefined)('real files', () => {
  const file = (name: string) => `${directory}${name}`;

  it.each<[string, string, number, number, number, number, number, number, number, number]>([
    [
      `${S1}0000000025155310-0120-s_lc.fits`,
      'pdcsap',
      20076,
      18104,
      9247.26025390625,
      120.00050536807976,
      27.880683628312454,
      0.0018659895121079615,
      25795151.28592679,
      18100.418105679422,
    ],
    [
      `${S1}0000000025155310-0120-s_lc.fits`,
      'sap',
      20076,
      18104,
      8046.780517578125,
      120.00050536807976,
      27.880683628312454,
      0.0022035347314509415,
      25795151.28592679,
      18098.589406435083,
    ],
    [
      `${S1}0000000149603524-0120-s_lc.fits`,
      'pdcsap',
      20076,
      18104,
      20916.1982421875,
      120.00063571322244,
      27.880674164114225,
      0.0024584921534914392,
      25795130.67468009,
      18097.55856002191,
    ],
    [
      `${S1}0000000149603524-0120-s_lc.fits`,
      'sap',
      20076,
      18104,
      18088.0810546875,
      120.00063571322244,
      27.880674164114225,
      0.002654959960542613,
      25795130.67468009,
      18095.763320384005,
    ],
    [
      'test-lc-tess-pimen-100-cadences.fits',
      'pdcsap',
      100,
      99,
      1464538.75,
      119.99835254173377,
      0.1361092387805911,
      0.00011026219402542361,
      132536.43206750392,
      98.99874576551832,
    ],
  ])('%s %s', (name, fluxType, n, valid, median, cadence, duration, std, sumTime, sumFlux) => {
    const data = readLightCurve(file(name), { fluxType });
    expect(data).toMatchObject({
      nPoints: n,
      nValid: valid,
      cadenceSeconds: cadence,
      durationDays: duration,
    });
    expect(data.provenance).toMatchObject({ medianRawFlux: median, author: 'spoc', exptimeSeconds: 120 });
    expect(Math.abs(data.fluxStd / std - 1)).toBeLessThan(1e-12);
    expect(Math.abs(sum(data.time.filter(Number.isFinite)) / sumTime - 1)).toBeLessThan(1e-12);
    const validFlux = data.flux.filter((_, i) => data.validMask[i] === 1);
    expect(Math.abs(sum(validFlux) / sumFlux - 1)).toBeLessThan(1e-12);
    // SPOC's CHECKSUM stands without DATASUM in sector 1.
    expect(data.provenance!.notes).toBeUndefined();
  });

  it('eleanor-lite', () => {
    const data = readLightCurve(file('test-lc-tess-pimen_s1_eleanor_lite-100-cadences.fits'));
    expect(data).toMatchObject({
      nPoints: 100,
      nValid: 86,
      ticId: 261136679,
      cadenceSeconds: 1799.9781274695124,
    });
    expect(dataRefOf(data)).toBe('lc:261136679:1:corr:gsfc-eleanor-lite:1800');
    expect(data.provenance!.headers!.primary.GAIA_ID).toBe(4623036865373793408n);
    // Its checksum is that of the pixel file it was made from.
    expect(data.provenance!.notes).toEqual(['HDU 0 (PIXELS): CHECKSUM does not agree with its bytes']);
  });

  it("lightkurve's own", () => {
    const path = file('test_TESS_interact_generated_custom-lc.fits');
    expect(errorOf(() => readLightCurve(path))).toMatchObject({
      code: 'FITS_NO_IDENTITY',
      field: 'sector',
      path,
    });
    expect(dataRefOf(readLightCurve(path, { sector: 1 }))).toBe('lc:206544316:1:flux:custom:120');
  });

  it.each([
    ['test-tpf-tesscut_1x1.fits', 'FITS_NOT_LIGHT_CURVE', 'a target pixel file (EXTNAME PIXELS)'],
    [
      'test-lc-tess-pimen-corrupted.fits',
      'FITS_TRUNCATED',
      'HDU 1 (LIGHTCURVE): table needs 10000 bytes, has 2388',
    ],
  ])('%s is refused: %s', (name, code, message) => {
    const error = errorOf(() => readLightCurve(file(name)));
    expect(error).toMatchObject({ code, path: file(name) });
    expect(error.message).toContain(message);
  });
});
