/** The example: its numbers are right, its result is cached, and it becomes stale when it should. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { writeSimulatedStar } from '../../examples/simulated-star.mjs';
import { searchForTransits } from '../../examples/transit-search.mjs';
import { temporaryDirectory } from '../support/temporary-directory.js';

const REAL = fileURLToPath(
  new URL('../../../shared/fits/tess2018206045859-s0001-0000000149603524-0120-s_lc.fits', import.meta.url),
);

/** Days between two times that may be any number of periods apart. */
function apart(time: number, other: number, period: number): number {
  const cycles = (time - other) / period;
  return Math.abs(cycles - Math.round(cycles)) * period;
}

describe('the transit search', () => {
  it('finds the injected transit, once; another quality mask makes it stale, and the example says why', async () => {
    const dir = temporaryDirectory();
    const { files, truth } = writeSimulatedStar(join(dir, 'fits'));
    const said: string[] = [];
    const options = { dir: join(dir, 'cache'), log: (line: string) => said.push(line) };

    const first = await searchForTransits(files, options);
    expect(first.computed).toBe(true);
    expect(Math.abs(first.box.period - truth.period)).toBeLessThan(0.001);
    expect(Math.abs(first.box.depth / truth.depth - 1)).toBeLessThan(0.05);
    expect(apart(first.box.transitTime, truth.epoch, truth.period)).toBeLessThan(0.01);

    const second = await searchForTransits(files, options);
    expect(second).toEqual({ ...first, computed: false });

    said.length = 0;
    const third = await searchForTransits(files, { ...options, qualityMask: 0 });
    expect(third.computed).toBe(true);
    expect(said[0]).toContain('stale');
    expect(said[0]).toContain(first.inputs[0]);
  });

  it('finds the planet of TIC 149603524', async ({ skip }) => {
    if (!existsSync(REAL)) skip('the real light curves are not there');
    const { box } = await searchForTransits([REAL], { dir: temporaryDirectory(), log: () => undefined });
    // astropy's BoxLeastSquares on the PDCSAP flux in 10-minute bins: 4.413 d, 0.0122, BTJD 1326.072.
    expect(Math.abs(box.period - 4.413)).toBeLessThan(0.002);
    expect(Math.abs(box.depth / 0.0122 - 1)).toBeLessThan(0.1);
    expect(apart(box.transitTime, 1326.072, 4.413)).toBeLessThan(0.01);
  });
});
