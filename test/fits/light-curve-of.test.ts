import { describe, expect, it } from 'vitest';
import { readLightCurve } from '../../src/fits/read-light-curve.js';
import { medianInPlace } from '../../src/light-curve/statistics.js';
import { ROWS, VALID_ROWS, column, constant, custom, errorOf, quality, spoc, times } from './fixtures.js';

describe('the rows', () => {
  it('are all kept; valid are those with time, flux, error and no bit of the mask', () => {
    const { validMask, quality: bits, nPoints, nValid } = readLightCurve(spoc());
    expect([nPoints, nValid]).toEqual([ROWS, VALID_ROWS]);
    expect([...validMask].flatMap((valid, i) => (valid === 0 ? [i] : []))).toEqual([3, 5, 7, 8]);
    expect([bits[7], bits[8], bits[9]]).toEqual([128, 32, 16]);
  });

  it('follow the mask of the caller', () => {
    expect(readLightCurve(spoc(), { qualityMask: 0 }).nValid).toBe(VALID_ROWS + 2);
    expect(readLightCurve(spoc(), { qualityMask: 16 }).nValid).toBe(VALID_ROWS + 1);
    expect(readLightCurve(spoc(), { qualityMask: 0xffffffff }).nValid).toBe(VALID_ROWS - 1);
    expect(readLightCurve(spoc(), { qualityMask: 175 }).provenance!.qualityMask).toBe(175);
  });

  it('may be none', () => {
    const none = new Float64Array(0);
    const names = ['TIME', 'SAP_FLUX', 'SAP_FLUX_ERR', 'PDCSAP_FLUX', 'PDCSAP_FLUX_ERR', 'QUALITY'];
    const columns = names.map((name) => column(name, name === 'QUALITY' ? 'J' : 'D', none));
    const data = readLightCurve(spoc(120, { columns }));
    expect(data).toMatchObject({ nPoints: 0, nValid: 0, durationDays: 0, cadenceSeconds: NaN });
    // The exposure time is the header's where no cadence can be measured.
    expect(data.provenance).toMatchObject({ normalized: false, exptimeSeconds: 120 });
  });
});

describe('the flux', () => {
  it('is widened to float64 before its median is taken', () => {
    // The mean of two neighbouring float32 values is none.
    const above = 1 + 2 ** -23;
    const columns = [
      column('TIME', 'D', [1325.1, 1325.2, 1325.3, 1325.4], 'btjd'),
      column('FLUX', 'E', [1, above, 1, above]),
      column('FLUX_ERR', 'E', [1, 1, 1, 1]),
      column('QUALITY', 'J', [0, 0, 0, 0]),
    ];
    const data = readLightCurve(custom({ columns }), { sector: 1 });
    expect(data.provenance!.medianRawFlux).toBe((1 + above) / 2);
    expect(data.flux[1]).toBe(above / ((1 + above) / 2));
  });

  it('and its error are divided by the median of the valid raw flux, unless the caller says otherwise', () => {
    const raw = readLightCurve(spoc(), { normalize: false });
    const median = medianInPlace(raw.flux.filter((_, i) => raw.validMask[i] === 1));
    expect(raw.provenance).toMatchObject({ medianRawFlux: median, normalized: false });
    const data = readLightCurve(spoc());
    expect(data.provenance).toMatchObject({ medianRawFlux: median, normalized: true });
    data.flux.forEach((value, i) => {
      expect(value).toBe(raw.flux[i] / median);
      expect(data.fluxErr[i]).toBe(raw.fluxErr[i] / median);
    });
  });

  it.each([
    ['negative', -5],
    ['zero', 0],
  ])('stays raw where its median is %s, and the provenance says so', (_, level) => {
    const columns = [
      column('TIME', 'D', times(120), 'btjd'),
      column('FLUX', 'D', constant(level)),
      column('FLUX_ERR', 'D', constant(2)),
      column('QUALITY', 'J', quality()),
    ];
    const data = readLightCurve(custom({ columns }), { sector: 1 });
    expect(data.flux[0]).toBe(level);
    expect(data.fluxErr[0]).toBe(2);
    expect(data.provenance).toMatchObject({ normalized: false, medianRawFlux: level });
    expect(data.provenance!.notes).toEqual([
      'NEXTEND announces 2 extensions, there are 1',
      `flux left raw: the median of the valid flux is ${level}`,
    ]);
  });

  it('that the file does not have is refused with those it has', () => {
    for (const fluxType of ['kspsap', '__proto__', 'constructor', '']) {
      expect(errorOf(() => readLightCurve(spoc(), { fluxType }))).toMatchObject({
        code: 'BAD_ARGUMENT',
        field: 'fluxType',
        expected: 'one of pdcsap, sap',
      });
    }
  });
});

describe('options', () => {
  it.each([
    ['fluxType', 5],
    ['qualityMask', -1],
    ['qualityMask', 2 ** 32],
    ['qualityMask', 1.5],
    ['qualityMask', '175'],
    ['normalize', 'no'],
    ['sector', 0],
    ['sector', '1'],
    ['ticId', 2 ** 53],
    ['fileName', 1],
    ['requestedExptimeSeconds', NaN],
    ['requestedExptimeSeconds', 0],
    ['selectionReason', {}],
  ])('%s: %s is refused', (field, value) => {
    expect(errorOf(() => readLightCurve(spoc(), { [field]: value }))).toMatchObject({
      code: 'BAD_ARGUMENT',
      field,
    });
  });
});
