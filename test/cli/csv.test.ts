import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvOf } from '../../src/cli/csv.js';
import { sampleLightCurve } from '../support/light-curves.js';

/** As numpy, pandas and strtod read them. */
function parse(text: string): number {
  const words: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, '-inf': -Infinity };
  return words[text] ?? Number(text);
}

describe('csvOf', () => {
  it('has a header, and one row for each point, valid or not', () => {
    const lines = csvOf(sampleLightCurve(16)).split('\n');
    expect(lines[0]).toBe('time,flux,flux_err,quality,valid_mask');
    expect(lines).toHaveLength(1 + 16 + 1);
    expect(lines[1]).toBe('1325.293,nan,0.00025,-2147483648,0');
    expect(lines[2]).toMatch(/^1325\.29438888888\d*,-0,0\.00025,0,1$/);
    expect(lines[3]).toMatch(/,inf,128,0$/);
    expect(lines[17]).toBe('');
  });

  it('is only its header for a curve without points', () => {
    expect(csvOf(sampleLightCurve(0))).toBe('time,flux,flux_err,quality,valid_mask\n');
  });

  it('gives numbers that read back to the same bits', () => {
    fc.assert(
      fc.property(fc.float64Array({ minLength: 1, maxLength: 8 }), (values) => {
        const n = values.length;
        const data = sampleLightCurve(n, {
          ...{ time: values, flux: values.slice().reverse(), fluxErr: values, quality: new Int32Array(n) },
          validMask: new Uint8Array(n),
        });
        const rows = csvOf(data).trimEnd().split('\n').slice(1);
        rows.forEach((row, i) => {
          const [time, flux, fluxErr] = row.split(',').map(parse);
          expect([time, flux, fluxErr]).toEqual([values[i], values[n - 1 - i], values[i]]);
          expect(Object.is(time, -0)).toBe(Object.is(values[i], -0));
        });
      }),
    );
  });
});
