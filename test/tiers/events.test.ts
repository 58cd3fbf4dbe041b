import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { blobPath } from '../support/caches.js';
import { DATA_REF } from '../support/light-curves.js';
import { recordingFileSystem } from '../support/recording-file-system.js';
import { MEAN, MEAN_REF, eventsOf, flat, meanOf, place } from './support.js';

describe('events', () => {
  it('tell of hits, misses with their reason, puts and loads', async () => {
    const { open, openAnew } = place();
    const cache = open();
    const told = eventsOf(cache);
    await cache.getOrLoad(DATA_REF, () => flat(1));
    await cache.getOrLoad(DATA_REF, () => flat(1));
    await cache.getOrCompute(MEAN, meanOf);
    await openAnew().put(DATA_REF, flat(2));
    await cache.getOrCompute(MEAN, meanOf);
    await cache.get('nothing');
    const anything = expect.any(Number) as number;
    expect(told).toEqual([
      ['miss', { key: DATA_REF, tier: 'disk', reason: 'absent' }],
      ['load', { key: DATA_REF, durationSeconds: anything }],
      ['put', { key: DATA_REF, bytes: anything }],
      ['hit', { key: DATA_REF, tier: 'memory' }],
      ['miss', { key: MEAN_REF, tier: 'disk', reason: 'absent' }],
      ['load', { key: MEAN_REF, durationSeconds: anything }],
      ['put', { key: MEAN_REF, bytes: anything }],
      ['miss', { key: MEAN_REF, tier: 'disk', reason: 'stale' }],
      ['load', { key: MEAN_REF, durationSeconds: anything }],
      ['put', { key: MEAN_REF, bytes: anything }],
      ['miss', { key: 'nothing', tier: 'disk', reason: 'absent' }],
    ]);
    const late = openAnew();
    const toldLate = eventsOf(late);
    await late.getOrCompute(MEAN, meanOf);
    expect(toldLate).toEqual([['hit', { key: MEAN_REF, tier: 'disk' }]]);
  });

  it('tell how long a load took', async () => {
    const { open } = place();
    const cache = open();
    const told = eventsOf(cache);
    const start = performance.now();
    await cache.getOrLoad(DATA_REF, () => {
      while (performance.now() - start < 20);
      return flat();
    });
    const [, load] = told.find(([name]) => name === 'load')!;
    expect(load.durationSeconds).toBeGreaterThan(0.01);
    expect(load.durationSeconds).toBeLessThan((performance.now() - start) / 1000);
  });

  it('tell of evictions and of what was damaged', async () => {
    const { dir, open } = place();
    const cache = open({ maxEntries: 2 });
    const told = eventsOf(cache);
    for (const key of ['a', 'b', 'c']) await cache.put(key, { key });
    const evict = told.find(([name]) => name === 'evict')?.[1];
    expect(evict).toMatchObject({ key: 'a', limit: 'max_entries', by: 'c' });
    writeFileSync(blobPath(dir, 'b'), 'rubbish');
    cache.session.clear();
    expect(await cache.get('b')).toBeUndefined();
    expect(told.slice(-2).map(([name, event]) => [name, event.key, event.reason])).toEqual([
      ['corrupt', 'b', undefined],
      ['miss', 'b', 'corrupt'],
    ]);
    const [, { quarantined }] = told.find(([name]) => name === 'corrupt')!;
    expect(quarantined).toContain('quarantine');
  });

  it('cannot be disturbed by those who listen, nor disturb the cache', async () => {
    const { open, openAnew } = place();
    const cache = open({ maxEntries: 1 });
    const names = ['hit', 'miss', 'put', 'evict', 'load', 'warning'] as const;
    const warning = once(process, 'warning');
    for (const name of names) {
      cache.on(name, () => {
        throw new Error(`listener of ${name}`);
      });
      const rejecting: () => unknown = async () => Promise.reject(new Error(`async listener of ${name}`));
      cache.on(name, rejecting);
    }
    cache.persistent.on('put', () => {
      throw new Error('listener of the disk');
    });
    // One that uses the cache while it is being told.
    cache.on('put', ({ key }) => {
      if (key === 'b') void cache.put('from a listener', key);
    });
    await cache.getOrLoad(DATA_REF, () => flat(3));
    expect((await cache.getOrCompute(MEAN, meanOf)).mean).toBe(3);
    expect((await cache.getOrCompute(MEAN, meanOf)).mean).toBe(3);
    await cache.put('b', 1);
    expect(await cache.persistent.keys()).toEqual(['from a listener']);
    expect((await warning)[0]).toMatchObject({ code: 'TESS_CACHE_LISTENER' });
    expect(await openAnew().get('from a listener')).toBe('b');
  });

  it('end with the listening', async () => {
    const { open } = place();
    const cache = open();
    let told = 0;
    const end = cache.on('put', () => told++);
    await cache.put('a', 1);
    end();
    await cache.put('b', 1);
    expect(told).toBe(1);
  });
});

describe('stats', () => {
  it('count what each tier answered, and what had to be made', async () => {
    const { open, openAnew } = place();
    const first = open();
    expect(first.stats()).toEqual({
      ...{ requests: 0, hits: { memory: 0, disk: 0 }, hitRate: { memory: 0, disk: 0 } },
      ...{ loads: 0, shared: 0, failedPuts: 0 },
    });
    await first.getOrLoad(DATA_REF, () => flat());
    await first.getOrCompute(MEAN, meanOf);
    const cache = openAnew();
    await cache.getOrCompute(MEAN, meanOf);
    await cache.getOrCompute(MEAN, meanOf);
    await cache.getOrCompute(MEAN, meanOf);
    await cache.getOrCompute({ ...MEAN, version: '2' }, meanOf);
    expect(cache.stats()).toEqual({
      ...{ requests: 4, hits: { memory: 2, disk: 1 }, hitRate: { memory: 0.5, disk: 0.25 } },
      ...{ loads: 1, shared: 0, failedPuts: 0 },
    });
  });
});

describe('a hit', () => {
  it('costs no look at the journal, the catalogue, pins or leases', async () => {
    const { open, openAnew } = place();
    const writer = open();
    await writer.put(DATA_REF, flat());
    await writer.getOrCompute(MEAN, meanOf);
    await writer.pin([DATA_REF], { name: 'run' });
    const fileSystem = recordingFileSystem();
    const cache = openAnew({ fileSystem });
    for (const act of [
      async () => cache.getOrLoad(DATA_REF, () => flat()),
      async () => cache.getOrLoad(DATA_REF, () => flat()),
      async () => cache.getOrCompute(MEAN, meanOf),
      async () => cache.getOrCompute(MEAN, meanOf),
    ]) {
      const calls = await fileSystem.during(act);
      expect(calls.length).toBeGreaterThan(0);
      expect(calls.map(({ name }) => name)).not.toContain('readdir');
      for (const { path } of calls) expect(path).toMatch(/\/(data|meta)\//);
    }
    expect(cache.stats()).toMatchObject({ hits: { memory: 2, disk: 2 }, loads: 0 });
  });
});
