import { lstatSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PersistentCache } from '../../src/disk/persistent-cache.js';
import { DATA_REF, sampleLightCurve } from '../support/light-curves.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { tessCache, tessCacheJson, write } from './support.js';

const data = sampleLightCurve(500);

async function withCache(): Promise<string> {
  const dir = temporaryDirectory();
  const cache = new PersistentCache({ dir: join(dir, 'cache') });
  await cache.put(DATA_REF, data);
  await cache.put('bls:5', { power: Float64Array.of(1, 2) });
  return dir;
}

function exporting(dir: string, ...args: string[]) {
  return tessCache(dir, ['--cache-dir', 'cache', 'export', ...args]);
}

describe('export', () => {
  it('writes CSV whose numbers read back to the same bits', async () => {
    const dir = await withCache();
    expect(exporting(dir, DATA_REF, '-o', 'out.csv')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^wrote out\.csv \(csv, [0-9.]+ kB\)\n$/) as string,
    });
    const text = readFileSync(join(dir, 'out.csv'), 'utf8');
    const [head, ...rows] = text.trimEnd().split('\n');
    expect(head).toBe('time,flux,flux_err,quality,valid_mask');
    const columns = rows.map((row) =>
      row.split(',').map((cell) => (cell === 'nan' ? NaN : cell === 'inf' ? Infinity : Number(cell))),
    );
    for (const [i, [time, flux, fluxErr, quality, valid]] of columns.entries()) {
      const expected = [data.time[i], data.flux[i], data.fluxErr[i], data.quality[i], data.validMask[i]];
      expect([time, flux, fluxErr, quality, valid].map(bitsOf)).toEqual(expected.map(bitsOf));
    }
    expect(rows).toHaveLength(500);
    expect(exporting(dir, DATA_REF, '-o', '-').stdout).toBe(text);
  });

  it('writes the blob itself, byte for byte', async () => {
    const dir = await withCache();
    const { json, code } = tessCacheJson(
      dir,
      '--cache-dir',
      'cache',
      'export',
      DATA_REF,
      '-o',
      'out.safetensors',
    );
    const [entry] = tessCacheJson(dir, '--cache-dir', 'cache', 'ls', '--kind', 'lightcurve').json as [
      { bytes: number },
    ];
    expect([code, json]).toEqual([
      0,
      { key: DATA_REF, path: 'out.safetensors', format: 'safetensors', bytes: entry.bytes },
    ]);
    const data = join(dir, 'cache', 'data');
    const blobs = readdirSync(data, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.safetensors'))
      .map((name) => readFileSync(join(data, name)));
    const exported = readFileSync(join(dir, 'out.safetensors'));
    expect(blobs.filter((blob) => blob.equals(exported))).toHaveLength(1);
  });

  it('replaces no file unless it is told to, and then what a link leads to', async () => {
    const dir = await withCache();
    write(dir, 'kept/out.csv', 'precious');
    symlinkSync(join('kept', 'out.csv'), join(dir, 'link.csv'));
    for (const name of ['kept/out.csv', 'link.csv']) {
      const { code, stderr } = exporting(dir, DATA_REF, '-o', name);
      expect([code, readFileSync(join(dir, name), 'utf8')]).toEqual([1, 'precious']);
      expect(stderr).toContain('--force replaces it');
    }
    expect(exporting(dir, DATA_REF, '-o', 'link.csv', '--force').code).toBe(0);
    expect(lstatSync(join(dir, 'link.csv')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(dir, 'kept', 'out.csv'), 'utf8')).toMatch(/^time,flux/);
    expect(readdirSync(join(dir, 'kept'))).toEqual(['out.csv']);
  });

  it.each([
    ['a folder', 'folder.csv', 'no regular file'],
    ['a folder that is not there', 'missing/out.csv', 'ENOENT'],
    ['a link that leads nowhere', 'broken.csv', 'ENOENT'],
  ])('fails for %s, and leaves nothing behind', async (_what, path, reason) => {
    const dir = await withCache();
    mkdirSync(join(dir, 'folder.csv'));
    symlinkSync('nowhere', join(dir, 'broken.csv'));
    const before = readdirSync(dir);
    const { code, stderr } = exporting(dir, DATA_REF, '-o', path, '--force');
    expect(code).toBe(1);
    expect(stderr).toContain(reason);
    expect(readdirSync(dir)).toEqual(before);
  });

  it('puts nothing in the place of a device', async () => {
    const dir = await withCache();
    expect(exporting(dir, DATA_REF, '--format', 'csv', '-o', '/dev/null', '--force').code).toBe(1);
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  it('refuses CSV for what is no light curve', async () => {
    const dir = await withCache();
    const { code, stderr } = exporting(dir, 'bls:5', '-o', 'out.csv');
    expect(code).toBe(2);
    expect(stderr).toContain('pass --format safetensors');
    expect(exporting(dir, 'bls:5', '-o', 'out.safetensors').code).toBe(0);
  });

  it('fails for a key that is not there', async () => {
    const dir = await withCache();
    expect(exporting(dir, 'lc:1:1:sap', '-o', 'out.csv').code).toBe(1);
    expect(readdirSync(dir)).toEqual(['cache']);
  });
});

function bitsOf(value: number): bigint | string {
  return Number.isNaN(value) ? 'NaN' : new BigUint64Array(Float64Array.of(value).buffer)[0];
}
