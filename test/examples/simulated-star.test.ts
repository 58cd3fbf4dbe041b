import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { transitFlux, writeSimulatedStar } from '../../examples/simulated-star.mjs';
import { readLightCurve } from '../../src/fits/read-light-curve.js';
import { dataRefOf } from '../../src/light-curve/light-curve-ref.js';
import { medianInPlace } from '../../src/light-curve/statistics.js';

const scratch = mkdtempSync(join(tmpdir(), 'tess-cache-star-'));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});
const { files, truth } = writeSimulatedStar(join(scratch, 'star'));

const fitsverify = spawnSync('fitsverify', [], { stdio: 'ignore' }).error === undefined;
if (!fitsverify) console.log('skipped: fitsverify is not installed');

describe('the simulated star', () => {
  it('has three sectors of SPOC at 120 s, simulated ones, whole and with checksums that agree', () => {
    const curves = files.map((file) => readLightCurve(file));
    expect(curves.map((data) => dataRefOf(data))).toEqual(
      [1, 2, 3].map((sector) => `lc:${truth.ticId}:${sector}:pdcsap`),
    );
    for (const data of curves) {
      expect(data.nPoints).toBeGreaterThan(19_000);
      expect(data.gapFraction).toBeGreaterThan(0.03);
      expect(data.cadenceSeconds).toBeCloseTo(120, 1);
      expect(data.time.some(Number.isNaN)).toBe(true);
      expect(data.qualityFlagsPresent).toEqual([0, 8, 32, 512]);
      const { author, notes, headers } = data.provenance!;
      expect({ author, notes, simulated: headers!.primary.SIMDATA }).toEqual({
        ...{ author: 'spoc', notes: undefined, simulated: true },
      });
    }
  });

  it('dims by the depth of the transit, at the times that it tells', () => {
    const inside: number[] = [];
    const outside: number[] = [];
    for (const file of files) {
      const { time, flux, validMask } = readLightCurve(file);
      time.forEach((t, i) => {
        if (validMask[i] === 1) (transitFlux(truth, t) === 1 ? outside : inside).push(flux[i]);
      });
    }
    // Three sectors of 27 days and a transit every 3.7, some of them in gaps.
    expect(inside.length).toBeGreaterThan(15 * 0.118 * 720);
    const full = medianInPlace(Float64Array.from(inside));
    expect(1 - full / medianInPlace(Float64Array.from(outside))).toBeCloseTo(truth.depth, 3);
  });

  it('is the same from the same options, and another from another seed', () => {
    const [again] = writeSimulatedStar(join(scratch, 'again'), { sectors: [1] }).files;
    const [other] = writeSimulatedStar(join(scratch, 'other'), { sectors: [1], seed: 2 }).files;
    expect(basename(again)).toBe(basename(files[0]));
    expect(readFileSync(again).equals(readFileSync(files[0]))).toBe(true);
    expect(readFileSync(other).equals(readFileSync(files[0]))).toBe(false);
  });

  it.skipIf(!fitsverify).each(files)('is valid FITS without a warning: %s', (file) => {
    const { stdout } = spawnSync('fitsverify', [file], { encoding: 'utf8' });
    expect(stdout).toContain('Verification found 0 warning(s) and 0 error(s)');
  });

  it('can be written from the command line, on plain Node', () => {
    const script = fileURLToPath(new URL('../../examples/simulated-star.mjs', import.meta.url));
    const { stdout, status } = spawnSync(process.execPath, [script, join(scratch, 'cli')], {
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ truth });
  });
});
