import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkBelongs } from '../../src/light-curve/belongs.js';
import { LightCurveData, type LightCurveInit } from '../../src/light-curve/light-curve-data.js';
import { dataRefOf } from '../../src/light-curve/light-curve-ref.js';
import type { LightCurveProvenance } from '../../src/light-curve/provenance.js';
import { makeDataRef } from '../../src/ref/data-ref.js';
import { initOf } from './sample.js';

const REF = makeDataRef(25155310, 1);

function curve(provenance?: LightCurveProvenance, changes: Partial<LightCurveInit> = {}): LightCurveData {
  return new LightCurveData(initOf(10, { provenance, ...changes }));
}

function refusal(key: string, value: unknown): unknown {
  try {
    checkBelongs(key, value);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('a key that is a data ref', () => {
  it.each<[string, string, LightCurveData]>([
    ['the light curve it names', REF, curve()],
    ['one whose provenance agrees', REF, curve({ author: 'SPOC', fluxType: 'PDCSAP', exptimeSeconds: 120 })],
    [
      'one of another author, spelled out',
      makeDataRef(25155310, 1, 'pdcsap', { author: 'tess-spoc' }),
      curve({ author: 'tess-spoc' }),
    ],
    ['one of unknown cadence', REF, curve(undefined, { cadenceSeconds: NaN })],
    ['one whose cadence the barycentre stretches', REF, curve(undefined, { cadenceSeconds: 120.0006 })],
    ['one without rows', REF, new LightCurveData(initOf(0))],
    ['one with missing times', REF, curve(undefined, { time: new Float64Array(10).fill(NaN) })],
    [
      'one of 20 s',
      makeDataRef(25155310, 1, 'pdcsap', { exptimeSeconds: 20 }),
      curve({ exptimeSeconds: 20 }, { cadenceSeconds: 20 }),
    ],
  ])('takes %s', (_, key, value) => {
    expect(refusal(key, value)).toBeUndefined();
  });

  it.each<[string, unknown, string, string, string]>([
    ['another star', curve(undefined, { ticId: 7 }), 'ticId', '25155310', '7'],
    ['another sector', curve(undefined, { sector: 2 }), 'sector', '1', '2'],
    ['another flux', curve({ fluxType: 'sap' }), 'fluxType', 'pdcsap', 'sap'],
    ['another author', curve({ author: 'qlp' }), 'author', 'spoc', 'qlp'],
    ['another exposure time', curve({ exptimeSeconds: 20 }), 'exptimeSeconds', '120', '20'],
    [
      'a cadence that contradicts it',
      curve(undefined, { cadenceSeconds: 20 }),
      'cadenceSeconds',
      'about 120 s',
      '20 s',
    ],
    ['what is no light curve', { flux: [1] }, 'value', 'a LightCurveData', 'a Object'],
    ['nothing', null, 'value', 'a LightCurveData', 'null'],
  ])('refuses %s', (_, value, field, expected, found) => {
    expect(refusal(REF, value)).toMatchObject({
      code: 'WRONG_LIGHT_CURVE',
      key: REF,
      field,
      expected,
      found,
    });
  });

  it('takes every light curve under its own name, and under no other', () => {
    const id = fc.integer({ min: 1, max: 1e10 });
    const word = fc.constantFrom('pdcsap', 'sap', 'corr');
    const author = fc.constantFrom('spoc', 'qlp', 'tess-spoc');
    const exptime = fc.constantFrom(20, 120, 200, 600, 1800);
    const named = fc.record({
      ticId: id,
      sector: fc.integer({ min: 1, max: 99 }),
      fluxType: word,
      author,
      exptimeSeconds: exptime,
    });
    fc.assert(
      fc.property(named, named, ({ ticId, sector, ...provenance }, other) => {
        const value = curve(provenance, { ticId, sector, cadenceSeconds: provenance.exptimeSeconds });
        const ref = dataRefOf(value);
        expect(refusal(ref, value)).toBeUndefined();
        const another = makeDataRef(other.ticId, other.sector, other.fluxType, other);
        if (another !== ref) expect(refusal(another, value)).toMatchObject({ code: 'WRONG_LIGHT_CURVE' });
      }),
    );
  });
});

describe('any key', () => {
  it.each([
    ['JD', 2458325.3],
    ['MJD', 58324.8],
    ['the limit itself', 20_000],
    ['infinity', Infinity],
  ])('refuses a light curve whose times are %s', (_, time) => {
    const times = initOf(10).time.slice();
    times[6] = time;
    const value = curve(undefined, { time: times });
    expect(refusal('anything', value)).toMatchObject({
      code: 'NOT_BTJD',
      field: 'time',
      found: `${time} at row 6`,
    });
    expect(refusal(REF, value)).toMatchObject({ code: 'NOT_BTJD' });
  });

  it('that is no data ref takes any other value', () => {
    for (const key of ['notes', 'lc:25155310:1', 'lc:25155310:1:PDCSAP', 'lc:025155310:1:pdcsap']) {
      expect(refusal(key, { any: 'thing' })).toBeUndefined();
      expect(refusal(key, curve(undefined, { ticId: 7 }))).toBeUndefined();
    }
  });
});
