import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PersistentCache } from '../../src/disk/persistent-cache.js';
import { sampleLightCurve } from '../support/light-curves.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { tessCache, tessCacheJson } from './support.js';

async function filled(): Promise<string> {
  const dir = temporaryDirectory();
  const cache = new PersistentCache({ dir: join(dir, 'cache') });
  await cache.put('notes\u001b[31m', { text: 'of no star' });
  await cache.put('lc:7:10:pdcsap', sampleLightCurve(8, { ticId: 7, sector: 10 }));
  await cache.put('lc:7:2:pdcsap', sampleLightCurve(8, { ticId: 7, sector: 2 }));
  await cache.put('lc:5:2:pdcsap', sampleLightCurve(8, { ticId: 5, sector: 2 }));
  await cache.put('fit:7', { ticId: 7, sector: 2, depth: 0.01 });
  return dir;
}

function keys(dir: string, ...args: string[]): unknown[] {
  const { code, json } = tessCacheJson(dir, '--cache-dir', 'cache', 'ls', ...args);
  expect(code).toBe(0);
  return (json as { key: unknown }[]).map(({ key }) => key);
}

describe('ls', () => {
  it('lists by star and sector, and filters', async () => {
    const dir = await filled();
    const all = ['lc:5:2:pdcsap', 'fit:7', 'lc:7:2:pdcsap', 'lc:7:10:pdcsap', 'notes\u001b[31m'];
    expect(keys(dir)).toEqual(all);
    expect(keys(dir, '--tic', '7')).toEqual(['fit:7', 'lc:7:2:pdcsap', 'lc:7:10:pdcsap']);
    expect(keys(dir, '--sector', '2')).toEqual(['lc:5:2:pdcsap', 'fit:7', 'lc:7:2:pdcsap']);
    expect(keys(dir, '--kind', 'value')).toEqual(['fit:7', 'notes\u001b[31m']);
    expect(keys(dir, '--prefix', 'lc:7:')).toEqual(['lc:7:2:pdcsap', 'lc:7:10:pdcsap']);
    expect(keys(dir, '--tic', '7', '--sector', '2', '--kind', 'lightcurve')).toEqual(['lc:7:2:pdcsap']);
    expect(keys(dir, '--tic', '8')).toEqual([]);
  });

  it('gives the sidecars as they stand on the disk', async () => {
    const dir = await filled();
    const meta = join(dir, 'cache', 'meta');
    const sidecars = readdirSync(meta, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.json'))
      .map((name) => JSON.parse(readFileSync(join(meta, name), 'utf8')) as { key: string });
    const { json } = tessCacheJson(dir, '--cache-dir', 'cache', 'ls');
    const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1);
    // The sum over the sidecar's own bytes is of no use outside of it.
    const fields = sidecars.map((sidecar) => ({ ...sidecar, check: undefined }));
    expect((json as { key: string }[]).sort(byKey)).toEqual(fields.sort(byKey));
  });

  it('is a table for people, that steers no terminal', async () => {
    const dir = await filled();
    const { stdout, stderr } = tessCache(dir, ['--cache-dir', 'cache', 'ls']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(6);
    expect(lines[0]).toMatch(/^KEY +KIND +TIC +SECTOR +SIZE +LAST ACCESS$/);
    expect(lines[1]).toMatch(/^lc:5:2:pdcsap +lightcurve +5 +2 +[0-9.]+ k?B +now$/);
    expect(lines[5]).toMatch(/^notes\\u001b\[31m +value +- +- +\d+ B +now$/);
    expect(stderr).toMatch(/^5 entries, [0-9.]+ kB\n$/);
  });
});
