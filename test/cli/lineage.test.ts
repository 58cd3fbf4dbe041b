/** explain, log, pin, unpin, invalidate, and ls by lineage: another process looks at what this one did. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PersistentCache } from '../../src/disk/persistent-cache.js';
import { makeDataRef } from '../../src/ref/data-ref.js';
import { makeProductRef } from '../../src/ref/product-ref.js';
import { sampleLightCurve } from '../support/light-curves.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { tessCache, tessCacheJson } from './support.js';

const CURVE = makeDataRef(25155310, 1);
const PERIODOGRAM = makeProductRef('bls', { inputs: [CURVE], version: '1' });
const FIT = makeProductRef('fit', { inputs: [PERIODOGRAM], version: '2' });

/** A light curve, a product of it, and a product of that. */
async function cacheWithProducts(dir: string): Promise<PersistentCache> {
  const cache = new PersistentCache({ dir: join(dir, 'cache'), maxEntries: 3 });
  const curve = await cache.put(CURVE, sampleLightCurve(16, { ticId: 25155310, sector: 1 }));
  const lineage = { kind: 'bls', producer: 'search', version: '1', params: { duration: 0.1 } };
  const inputs = [{ key: CURVE, sha256: curve.sha256 }];
  const periodogram = await cache.put(
    PERIODOGRAM,
    { power: 1 },
    { lineage: { ...lineage, inputs }, durationSeconds: 2 },
  );
  const fitInputs = [{ key: PERIODOGRAM, sha256: periodogram.sha256 }];
  await cache.put(
    FIT,
    { depth: 0.01 },
    { lineage: { ...lineage, kind: 'fit', version: '2', inputs: fitInputs } },
  );
  return cache;
}

const run = (dir: string, ...args: string[]) => tessCache(dir, ['--cache-dir', 'cache', ...args]);
const json = (dir: string, ...args: string[]) => tessCacheJson(dir, '--cache-dir', 'cache', ...args).json;

describe('tess-cache explain', () => {
  it('says of a product what it was made from, and what was made from it', async () => {
    const dir = temporaryDirectory();
    await cacheWithProducts(dir);
    expect(json(dir, 'explain', PERIODOGRAM)).toMatchObject({
      key: PERIODOGRAM,
      present: true,
      made_from_it: [FIT],
      metadata: {
        lineage: { producer: 'search', version: '1', inputs: [{ key: CURVE }] },
        duration_seconds: 2,
      },
    });
    const { code, stdout } = run(dir, 'explain', PERIODOGRAM);
    expect(code).toBe(0);
    expect(stdout).toContain('is in the cache');
    expect(stdout).toContain('search, version 1, took 2 s');
    expect(stdout).toContain(CURVE);
  });

  it('says which put evicted an entry, and over which limit', async () => {
    const dir = temporaryDirectory();
    const cache = await cacheWithProducts(dir);
    await cache.put('newcomer', 1);
    expect(json(dir, 'explain', CURVE)).toMatchObject({
      present: false,
      reason: 'absent',
      left: { event: 'evicted', limit: 'max_entries', by: 'newcomer', pid: process.pid },
    });
    expect(run(dir, 'explain', CURVE).stdout).toContain('evicted over max_entries when newcomer was put');
  });

  it('names what comes near, and in what it differs', async () => {
    const dir = temporaryDirectory();
    await cacheWithProducts(dir);
    const wanted = makeDataRef(25155310, 1, 'pdcsap', { exptimeSeconds: 20 });
    const { nearest } = json(dir, 'explain', wanted) as { nearest: { key: string; difference: string }[] };
    expect(nearest[0].key).toBe(CURVE);
    expect(nearest[0].difference).toContain('exposure time 120, not 20');
  });

  it('names the input that has changed', async () => {
    const dir = temporaryDirectory();
    const cache = await cacheWithProducts(dir);
    await cache.put(CURVE, sampleLightCurve(7, { ticId: 25155310, sector: 1 }));
    const explained = json(dir, 'explain', PERIODOGRAM) as { reason: string; detail: string };
    expect(explained.reason).toBe('stale');
    expect(explained.detail).toContain(CURVE);
  });
});

describe('tess-cache log', () => {
  it('tells what came and what left, and can be narrowed', async () => {
    const dir = temporaryDirectory();
    const cache = await cacheWithProducts(dir);
    await cache.put('newcomer', 1);
    await cache.delete('newcomer');
    const events = json(dir, 'log') as { event: string; key: string }[];
    expect(events.map(({ event }) => event)).toEqual(['put', 'put', 'put', 'put', 'evicted', 'deleted']);
    expect(json(dir, 'log', '--key', 'newcomer')).toHaveLength(2);
    expect(json(dir, 'log', '--event', 'evicted')).toMatchObject([{ key: CURVE, by: 'newcomer' }]);
    expect(json(dir, 'log', '--last', '1')).toMatchObject([{ event: 'deleted' }]);
    expect(run(dir, 'log', '--event', 'eaten').code).toBe(2);
  });
});

describe('tess-cache pin and unpin', () => {
  it('keep an entry from the evictions of another process, until it is unpinned', async () => {
    const dir = temporaryDirectory();
    const cache = await cacheWithProducts(dir);
    expect(run(dir, 'pin', CURVE, '--name', 'run-7', '--expires', '12h').code).toBe(0);
    for (let i = 0; i < 5; i++) await cache.put(`newcomer ${i}`, i);
    expect(await cache.has(CURVE)).toBe(true);
    const [pin] = json(dir, 'pin') as {
      name: string;
      keys: string[];
      created_at: number;
      expires_at: number;
    }[];
    expect(pin).toMatchObject({ name: 'run-7', keys: [CURVE] });
    expect(pin.expires_at - pin.created_at).toBeCloseTo(12 * 3600, 3);
    expect(run(dir, 'unpin', 'run-7').code).toBe(0);
    for (let i = 0; i < 5; i++) await cache.put(`latecomer ${i}`, i);
    expect(await cache.has(CURVE)).toBe(false);
  });

  it('refuse what they cannot do', async () => {
    const dir = temporaryDirectory();
    await cacheWithProducts(dir);
    expect(run(dir, 'pin', CURVE).code).toBe(2);
    expect(run(dir, 'pin', CURVE, '--name', 'x', '--expires', 'soon').code).toBe(2);
    expect(run(dir, 'unpin', 'nobody').code).toBe(1);
  });
});

describe('tess-cache invalidate', () => {
  it('removes an entry alone, or with all that was computed from it', async () => {
    const dir = temporaryDirectory();
    const cache = await cacheWithProducts(dir);
    expect(json(dir, 'invalidate', FIT)).toEqual({ removed: 1, keys: [FIT] });
    expect(json(dir, 'invalidate', CURVE, '--downstream')).toEqual({
      removed: 2,
      keys: [CURVE, PERIODOGRAM],
    });
    expect(await cache.keys()).toEqual([]);
    expect(run(dir, 'invalidate', CURVE).code).toBe(1);
  });
});

describe('tess-cache ls by lineage', () => {
  it('lists the inputs of a product, and what was made from an entry', async () => {
    const dir = temporaryDirectory();
    await cacheWithProducts(dir);
    const keys = (...args: string[]) => (json(dir, 'ls', ...args) as { key: string }[]).map(({ key }) => key);
    expect(keys('--inputs-of', PERIODOGRAM)).toEqual([CURVE]);
    expect(keys('--made-from', CURVE).sort()).toEqual([PERIODOGRAM, FIT].sort());
    expect(keys('--made-from', FIT)).toEqual([]);
    expect(run(dir, 'ls', '--inputs-of', 'nothing').code).toBe(1);
  });
});
