import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { writeSimulatedStar } from '../../examples/simulated-star.mjs';
import { PersistentCache } from '../../src/disk/persistent-cache.js';
import { readLightCurve } from '../../src/fits/read-light-curve.js';
import type { LightCurveData } from '../../src/light-curve/light-curve-data.js';
import { ROWS, TIC, VALID_ROWS, custom, realFiles, spoc } from '../fits/fixtures.js';
import { fieldsOf } from '../support/light-curves.js';
import { firstDifference } from '../support/identical.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { SPOC_KEY, tessCache, tessCacheJson, write } from './support.js';

interface IngestReport {
  readonly ingested: readonly Readonly<Record<string, unknown>>[];
  readonly failed: readonly Readonly<Record<string, string>>[];
  readonly evicted?: readonly string[];
  readonly not_tried?: readonly string[];
}

function ingest(dir: string, ...args: string[]) {
  const { code, json } = tessCacheJson(dir, '--cache-dir', 'cache', 'ingest', ...args);
  return { code, ...(json as IngestReport) };
}

describe('ingest', () => {
  it('stores what readLightCurve reads, under the data ref', async () => {
    const dir = temporaryDirectory();
    const path = write(dir, 'a.fits', spoc());
    const { code, ingested, failed } = ingest(dir, 'a.fits');
    expect([code, failed]).toEqual([0, []]);
    expect(ingested).toEqual([
      {
        ...{ path: 'a.fits', key: SPOC_KEY, tic_id: TIC, sector: 1, n_points: ROWS, n_valid: VALID_ROWS },
        cadence_seconds: readLightCurve(path).cadenceSeconds,
        bytes: expect.any(Number) as number,
        notes: [],
      },
    ]);
    const cached = await new PersistentCache({ dir: join(dir, 'cache') }).get(SPOC_KEY);
    expect(
      firstDifference(fieldsOf(cached as LightCurveData), fieldsOf(readLightCurve(path))),
    ).toBeUndefined();
  });

  it('goes on after a bad file, and names each with its reason', () => {
    const dir = temporaryDirectory();
    write(dir, 'in/1.fits', spoc());
    write(dir, 'in/2.fits', spoc().subarray(0, 8640));
    write(dir, 'in/3.fits', 'no FITS');
    write(dir, 'in/4.fits.gz', gzipSync(spoc(20)));
    write(dir, 'in/5.fits', custom());
    write(dir, 'in/readme.txt', 'no FITS, and not named like it');
    const { code, ingested, failed } = ingest(dir, 'in', 'missing.fits', 'in/readme.txt');
    expect(code).toBe(1);
    expect(ingested.map(({ path, key }) => [path, key])).toEqual([
      ['in/1.fits', SPOC_KEY],
      ['in/4.fits.gz', `${SPOC_KEY}:spoc:20`],
    ]);
    expect(failed.map(({ path, code }) => [path, code])).toEqual([
      ['in/2.fits', 'FITS_TRUNCATED'],
      ['in/3.fits', 'FITS_INVALID'],
      ['in/5.fits', 'FITS_NO_IDENTITY'],
      ['missing.fits', 'IO'],
      ['in/readme.txt', 'FITS_INVALID'],
    ]);
    expect(failed[2].message).toContain('pass --sector N');

    const { stdout, stderr, code: again } = tessCache(dir, ['--cache-dir', 'cache', 'ingest', 'in']);
    expect(again).toBe(1);
    expect(stdout.split('\n')[0]).toMatch(/^KEY +POINTS +VALID +CADENCE +FILE$/);
    expect(stdout).toMatch(new RegExp(`^${SPOC_KEY} +60 +56 +1[0-9.]+ s +in/1.fits$`, 'm'));
    expect(stderr).toContain('failed: in/2.fits\n  FITS_TRUNCATED: ');
    expect(stderr).toMatch(/ingested 2 light curves, 3 failed\n$/);
  });

  it('passes the options on to the reader', async () => {
    const dir = temporaryDirectory();
    const path = write(dir, 'a.fits', spoc());
    const options = [
      '--flux-type',
      'SAP',
      '--quality-mask',
      '0x10',
      '--no-normalize',
      '--sector',
      '1',
      '--tic',
      `${TIC}`,
    ];
    expect(ingest(dir, path, ...options).code).toBe(0);
    const cache = new PersistentCache({ dir: join(dir, 'cache') });
    const cached = (await cache.get(`lc:${TIC}:1:sap`)) as LightCurveData;
    expect(cached.provenance).toMatchObject({ fluxType: 'sap', qualityMask: 16, normalized: false });

    write(dir, 'custom.fits', custom());
    expect(ingest(dir, 'custom.fits', '--sector', '7').ingested).toMatchObject([
      { tic_id: 206544316, sector: 7 },
    ]);
    expect(ingest(dir, 'a.fits', '--sector', '7').failed).toMatchObject([{ code: 'WRONG_LIGHT_CURVE' }]);
    expect(ingest(dir, 'a.fits', '--flux-type', 'kspsap').failed).toMatchObject([{ code: 'BAD_ARGUMENT' }]);
  });

  it('says where a folder holds nothing', () => {
    const dir = temporaryDirectory();
    write(dir, 'in/readme.txt', '');
    const { code, stderr, stdout } = tessCache(dir, ['--cache-dir', 'cache', 'ingest', 'in']);
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toContain('There is no FITS file there');
    expect(readdirSync(dir)).toEqual(['in']);
  });

  it('says which file counts where two hold one light curve', () => {
    const dir = temporaryDirectory();
    write(dir, '1.fits', spoc());
    write(dir, '2.fits', spoc());
    const { stderr } = tessCache(dir, ['--cache-dir', 'cache', 'ingest', '1.fits', '2.fits']);
    expect(stderr).toContain(`${SPOC_KEY} was in 2 files; kept: 2.fits`);
  });

  it('says what left to keep the limits', () => {
    const dir = temporaryDirectory();
    write(dir, '1.fits', spoc());
    write(dir, '2.fits', spoc(20));
    const { code, evicted, ingested } = ingest(dir, '--max-entries', '1', '1.fits', '2.fits');
    expect([code, ingested.length, evicted]).toEqual([0, 2, [SPOC_KEY]]);
  });

  it('stops where the cache itself fails', () => {
    const dir = temporaryDirectory();
    for (const name of ['1.fits', '2.fits', '3.fits']) write(dir, name, spoc());
    write(dir, 'cache', 'a file in place of the directory');
    const { code, ingested, failed, not_tried } = ingest(dir, '1.fits', '2.fits', '3.fits');
    expect([code, ingested]).toEqual([1, []]);
    expect(failed).toMatchObject([{ path: '1.fits', code: 'IO' }]);
    expect(not_tried).toEqual(['2.fits', '3.fits']);
    const { stderr } = tessCache(dir, ['--cache-dir', 'cache', 'ingest', '1.fits', '2.fits', '3.fits']);
    expect(stderr).toContain('2 files not tried');
  });

  it('keeps the order of many files, which threads read ahead', async () => {
    const dir = temporaryDirectory();
    const names = Array.from({ length: 40 }, (_, i) => `in/${String(i).padStart(2, '0')}.fits`);
    names.forEach((name, i) => write(dir, name, i % 7 === 3 ? 'no FITS' : spoc(i % 2 === 0 ? 120 : 20)));
    const bad = names.filter((_, i) => i % 7 === 3);
    const { code, ingested, failed } = ingest(dir, 'in', 'missing.fits');
    expect(code).toBe(1);
    expect(ingested.map(({ path }) => path)).toEqual(names.filter((name) => !bad.includes(name)));
    expect(failed.map(({ path, code }) => [path, code])).toEqual([
      ...bad.map((name) => [name, 'FITS_INVALID']),
      ['missing.fits', 'IO'],
    ]);
    const cached = (await new PersistentCache({ dir: join(dir, 'cache') }).get(SPOC_KEY)) as LightCurveData;
    const last = readLightCurve(join(dir, 'in/36.fits'));
    expect(firstDifference(fieldsOf(cached), fieldsOf(last))).toBeUndefined();
    expect(tessCache(dir, ['--cache-dir', 'cache', 'verify']).code).toBe(0);
  });

  it('stops among many files, too, where the cache itself fails', () => {
    const dir = temporaryDirectory();
    for (let i = 0; i < 40; i++) write(dir, `in/${i}.fits`, spoc());
    write(dir, 'cache', 'a file in place of the directory');
    const { code, failed, not_tried } = ingest(dir, 'in');
    expect([code, failed.length, not_tried?.length]).toEqual([1, 1, 39]);
  });

  it('draws no progress bar where there is no terminal', () => {
    const dir = temporaryDirectory();
    for (let i = 0; i < 300; i++) write(dir, `in/${i}.fits`, spoc());
    const { stderr } = tessCache(dir, ['--cache-dir', 'cache', 'ingest', 'in']);
    expect(stderr).not.toContain('█');
    expect(stderr).not.toContain('\u001b');
  });

  it('takes the simulated star of the examples', () => {
    const dir = temporaryDirectory();
    writeSimulatedStar(join(dir, 'star'), { sectors: [1, 2] });
    const { code, ingested } = ingest(dir, 'star');
    expect(code).toBe(0);
    expect(ingested.map(({ key, n_points }) => [key, n_points])).toEqual([
      ['lc:9000000001:1:pdcsap', 20076],
      ['lc:9000000001:2:pdcsap', 19737],
    ]);
  });
});

const directory = realFiles();

describe.skipIf(directory === undefined)('real files', () => {
  /** n, valid, median raw flux, cadence, duration, standard deviation of the flux. */
  const rows: readonly (readonly [key: string, ...numbers: number[]])[] = [
    [
      'lc:25155310:1:pdcsap',
      ...[20076, 18104, 9247.26025390625, 120.00050536807976, 27.880683628312454, 0.0018659895121079615],
    ],
    [
      'lc:25155310:1:sap',
      ...[20076, 18104, 8046.780517578125, 120.00050536807976, 27.880683628312454, 0.0022035347314509415],
    ],
    [
      'lc:149603524:1:pdcsap',
      ...[20076, 18104, 20916.1982421875, 120.00063571322244, 27.880674164114225, 0.0024584921534914392],
    ],
    [
      'lc:149603524:1:sap',
      ...[20076, 18104, 18088.0810546875, 120.00063571322244, 27.880674164114225, 0.002654959960542613],
    ],
    [
      'lc:261136679:1:pdcsap',
      ...[100, 99, 1464538.75, 119.99835254173377, 0.1361092387805911, 0.00011026219402542361],
    ],
  ];

  it('give the same numbers on the command line', () => {
    const dir = temporaryDirectory();
    const first = ingest(dir, directory!);
    expect(first.code).toBe(1);
    expect(first.ingested.map(({ key }) => key).sort()).toEqual([
      'lc:149603524:1:pdcsap',
      'lc:25155310:1:pdcsap',
      'lc:261136679:1:corr:gsfc-eleanor-lite:1800',
      'lc:261136679:1:pdcsap',
    ]);
    expect(first.failed.map(({ path, code }) => [path.slice(path.lastIndexOf('/') + 1), code])).toEqual([
      ['test-lc-tess-pimen-corrupted.fits', 'FITS_TRUNCATED'],
      ['test-tpf-tesscut_1x1.fits', 'FITS_NOT_LIGHT_CURVE'],
      ['test_TESS_interact_generated_custom-lc.fits', 'FITS_NO_IDENTITY'],
    ]);
    ingest(dir, directory!, '--flux-type', 'sap');
    for (const [key, n, valid, median, cadence, duration, std] of rows) {
      const { code, json } = tessCacheJson(dir, '--cache-dir', 'cache', 'show', key);
      expect(code).toBe(0);
      const { summary, provenance } = json as Record<string, Record<string, number>>;
      expect(summary).toMatchObject({
        ...{ n_points: n, n_valid: valid, cadence_seconds: cadence, duration_days: duration, median_flux: 1 },
      });
      expect(provenance.median_raw_flux).toBe(median);
      expect(Math.abs(summary.flux_std / std - 1)).toBeLessThan(1e-12);
    }
    const eleanor = tessCacheJson(
      dir,
      '--cache-dir',
      'cache',
      'show',
      'lc:261136679:1:corr:gsfc-eleanor-lite:1800',
    );
    expect(eleanor.json).toMatchObject({
      summary: { n_points: 100, n_valid: 86, cadence_seconds: 1799.9781274695124 },
    });
  });

  it('takes the custom file with a sector', () => {
    const dir = temporaryDirectory();
    const path = join(directory!, 'test_TESS_interact_generated_custom-lc.fits');
    expect(ingest(dir, path, '--sector', '1')).toMatchObject({ code: 0, ingested: [{ tic_id: 206544316 }] });
  });
});
