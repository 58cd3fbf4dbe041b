/** The example: its numbers are right, its result is cached, and it becomes stale when it should. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { binInTime, boxLeastSquares } from '../../examples/box-least-squares.mjs';
import { transitFlux, writeSimulatedStar } from '../../examples/simulated-star.mjs';
import { searchForTransits } from '../../examples/transit-search.mjs';
import { temporaryDirectory } from '../support/temporary-directory.js';

const REAL = fileURLToPath(
  new URL('../../../shared/fits/tess2018206045859-s0001-0000000149603524-0120-s_lc.fits', import.meta.url),
);

describe('the transit search', () => {
  it('finds the injected transit, once; another quality mask makes it stale, and the example says why', async () => {
    const dir = temporaryDirectory();
    const { files, truth } = writeSimulatedStar(join(dir, 'fits'));
    const said: string[] = [];
    const options = { dir: join(dir, 'cache'), log: (line: string) => said.push(line) };

    const first = await searchForTransits(files, options);
    expect(first.computed).toBe(true);
    expect(Math.abs(first.box.period - truth.period)).toBeLessThan(0.0003);
    expect(Math.abs(first.box.depth / truth.depth - 1)).toBeLessThan(0.03);
    expect(Math.abs(first.box.transitTime - truth.epoch)).toBeLessThan(0.005);

    const second = await searchForTransits(files, options);
    expect(second).toEqual({ ...first, computed: false });

    said.length = 0;
    const third = await searchForTransits(files, { ...options, qualityMask: 0 });
    expect(third.computed).toBe(true);
    expect(said[0]).toContain('stale');
    expect(said[0]).toContain(first.inputs[0]);
  });

  it('finds the transit in one sector too, and in a series that it folds around', () => {
    const truth = { period: 2.5, epoch: 0, duration: 0.1, depth: 0.004, ingress: 1e-9 };
    for (const epoch of [100.2, 101.3, 102.45]) {
      const time = Float64Array.from({ length: 3600 }, (_, i) => 100 + i / 144);
      const flux = time.map((t, i) => transitFlux({ ...truth, epoch }, t) + 0.0005 * Math.sin(i * i));
      const search = { minPeriod: 1, maxPeriod: 10, durations: [0.05, 0.1, 0.2] };
      const box = boxLeastSquares({ time, flux }, search);
      expect(Math.abs(box.period - truth.period)).toBeLessThan(0.002);
      expect(Math.abs(box.depth / truth.depth - 1)).toBeLessThan(0.05);
      expect(Math.abs(box.transitTime - epoch)).toBeLessThan(0.006);
      expect(box.duration).toBeCloseTo(0.1, 2);
    }
  });

  it('bins what is valid, and nothing else', () => {
    const { time, flux } = binInTime([0.1, 0.2, NaN, 1.5, 1.7, 3], [1, 3, 9, 5, 7, 9], [1, 1, 0, 1, 0, 1], 1);
    expect([...time]).toEqual([0.15000000000000002, 1.5, 3]);
    expect([...flux]).toEqual([2, 5, 9]);
  });

  it('runs from the command line', () => {
    const run = (...args: string[]) => {
      const script = fileURLToPath(new URL('../../examples/transit-search.mjs', import.meta.url));
      return execFileSync(process.execPath, [script, ...args], { cwd, encoding: 'utf8' });
    };
    const cwd = temporaryDirectory();
    expect(run()).toMatch(/absent[^]*computed: period 3\.73/);
    expect(run()).toMatch(/^from the cache: period 3\.73/);
    expect(run('--quality-mask', '0')).toMatch(/stale[^]*has changed\ncomputed: period 3\.73/);
  });

  it('finds the planet of TIC 149603524', async ({ skip }) => {
    if (!existsSync(REAL)) skip('the real light curves are not there');
    const { box } = await searchForTransits([REAL], { dir: temporaryDirectory(), log: () => undefined });
    // astropy's BoxLeastSquares on the PDCSAP flux in 10-minute bins: 4.413 d, 0.0122, BTJD 1326.072.
    expect(Math.abs(box.period - 4.413)).toBeLessThan(0.001);
    expect(Math.abs(box.depth - 0.0122)).toBeLessThan(0.0003);
    expect(Math.abs(box.transitTime - 1326.072)).toBeLessThan(0.002);
  });
});
