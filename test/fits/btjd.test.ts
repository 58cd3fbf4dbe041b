import { describe, expect, it } from 'vitest';
import type { Card } from '../../examples/fits-writer.mjs';
import { readLightCurve } from '../../src/fits/read-light-curve.js';
import type { LightCurveData } from '../../src/light-curve/light-curve-data.js';
import { column, constant, custom, errorOf, flux, qlp, quality, times } from './fixtures.js';

const BTJD = times(120);

function read(
  time: Float64Array,
  unit: string | undefined,
  table: Card[],
  primary: Card[] = [],
): LightCurveData {
  const bytes = custom({
    primary: [['CREATOR', 'lightkurve'], ['TICID', 1], ['SECTOR', 1], ...primary],
    columns: [
      column('TIME', 'D', time, unit),
      column('FLUX', 'E', flux(1)),
      column('FLUX_ERR', 'E', constant(1)),
      column('QUALITY', 'J', quality()),
    ],
    table,
  });
  return readLightCurve(bytes);
}

describe('times', () => {
  const reference: Card[] = [
    ['BJDREFI', 2457000],
    ['BJDREFF', { text: '0.00000000' }],
  ];
  const whole: Card[] = [['BJDREFI', 0]];

  it.each<[string, Float64Array, string | undefined, Card[], Card[]]>([
    ['by the unit of the column', BTJD, 'btjd', [], []],
    ['by the unit of the column, spelled out', BTJD, 'BJD - 2457000, days', [], []],
    ["by the table's header", BTJD, 'd', [...reference, ['TIMESYS', 'TDB'], ['TIMEUNIT', 'd']], []],
    ['by the primary header', BTJD, undefined, [], [...reference, ['TIMESYS', 'TDB'], ['TIMEUNIT', 'd']]],
    ["by the table's header before the primary one", BTJD, undefined, reference, [['BJDREFI', 2400000]]],
    ['full BJD by the header', BTJD.map((t) => t + 2457000), 'd', whole, []],
    ['full BJD by the unit', BTJD.map((t) => t + 2457000), 'BJD', [], []],
    [
      'a fraction in the header',
      BTJD.map((t) => t - 0.5),
      'd',
      [
        ['BJDREFI', 2457000],
        ['BJDREFF', 0.5],
      ],
      [],
    ],
  ])('%s', (_, time, unit, table, primary) => {
    const data = read(time, unit, table, primary);
    data.time.forEach((value, i) => {
      if (i === 3) expect(value).toBeNaN();
      // What is lost was lost when the file was written: a full BJD has a step of 4e-10 days.
      else expect(Math.abs(value - BTJD[i])).toBeLessThan(time === BTJD ? 1e-300 : 5e-10);
    });
  });

  it("are BTJD by QLP's description where the file says nothing", () => {
    const columns = [column('KSPSAP_FLUX', 'E', flux(1)), column('KSPSAP_FLUX_ERR', 'E', constant(1))];
    expect(readLightCurve(qlp(columns)).time[0]).toBe(1325.5);
  });

  it.each<[string, Float64Array, string | undefined, Card[], string]>([
    ['nobody gave a zero point', BTJD, undefined, [], 'BJDREFI'],
    ['days of an unknown zero point', BTJD, 'd', [], 'BJDREFI'],
    ['JD without a scale', BTJD, 'jd', [], 'TUNIT of the times'],
    ['MJD', BTJD, 'mjd', reference, 'TUNIT of the times'],
    ['seconds', BTJD, 's', reference, 'TUNIT of the times'],
    ['UTC', BTJD, 'd', [...reference, ['TIMESYS', 'UTC']], 'TIMESYS'],
    ['a unit of seconds in the header', BTJD, 'd', [...reference, ['TIMEUNIT', 's']], 'TIMEUNIT'],
    ['two zero points', BTJD, 'BJD - 2457000, days', [['BJDREFI', 2400000]], 'BJDREFI'],
    ['JD whatever the header says', BTJD.map((t) => t + 2457000), 'd', reference, 'time'],
    ['MJD whatever the header says', BTJD.map((t) => t + 56999.5), 'd', reference, 'time'],
    ['phases', BTJD.map((_, i) => i / 100 - 0.3), 'd', reference, 'time'],
    ['BTJD that is called BJD', BTJD, 'BJD', [], 'time'],
  ])('are refused where they are %s', (_, time, unit, table, field) => {
    expect(errorOf(() => read(time, unit, table))).toMatchObject({ code: 'NOT_BTJD', field });
  });
});
