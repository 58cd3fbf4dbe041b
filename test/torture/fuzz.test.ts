/** A short run of `node torture/fuzz.mjs`, always the same; the long run's figures are in docs/reliability.md. */
import { describe, expect, it } from 'vitest';
import { fuzz, MAX_BYTES_RATIO, MAX_MS } from '../../torture/fuzz.mjs';
import { report } from '../support/torture.js';

describe('rubbish', () => {
  it('gives a value, nothing or a typed error: in time, in little memory, without a trace', async () => {
    const figures = await fuzz({ inputs: 6_000, seed: 20180725 });
    report('fuzz', { ...figures, refused: JSON.stringify(figures.refused), by_target: '', ok_by_target: '' });
    expect(figures.inputs).toBe(6_000);
    expect(figures.slowest_ms).toBeLessThan(MAX_MS);
    expect(figures.peak_bytes_ratio).toBeLessThan(MAX_BYTES_RATIO);
    // What lies behind the checksums has been reached, and so has every refusal that matters.
    expect(figures.ok).toBeGreaterThan(1_000);
    const codes = ['undefined', 'CORRUPT', 'BAD_LIGHT_CURVE', 'FITS_INVALID', 'FITS_TRUNCATED'];
    expect(Object.keys(figures.refused)).toEqual(expect.arrayContaining(codes));
    expect(Object.keys(figures.by_target)).toHaveLength(8);
    for (const name of Object.keys(figures.by_target))
      expect(figures.ok_by_target[name], name).toBeGreaterThan(20);
  });

  it('is the same for the same seed', async () => {
    const runs = [await fuzz({ inputs: 200, seed: 7 }), await fuzz({ inputs: 200, seed: 7 })];
    const [a, b] = runs.map(({ ok, refused, by_target }) => ({ ok, refused, by_target }));
    expect(a).toEqual(b);
  });
});
