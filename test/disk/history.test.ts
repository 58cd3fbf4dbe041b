import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeFileSystem } from '../../src/disk/file-system.js';
import { Journal } from '../../src/disk/journal.js';
import type { JournalRecord } from '../../src/disk/journal-record.js';
import { Layout } from '../../src/disk/layout.js';
import { checkKey, digestOf } from '../../src/ref/key.js';
import { blobPath, openCache, soundKeys } from '../support/caches.js';
import { errorOf } from '../support/errors.js';
import { faultyFileSystem } from '../support/faulty-file-system.js';
import { RemoteProcess, type Remote } from '../support/remote-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const pid = process.pid;

describe('history', () => {
  it('tells what left, when, why, and by which process', async () => {
    const dir = temporaryDirectory();
    const clock = { seconds: 1000 };
    const cache = openCache(dir, { maxEntries: 2, now: () => clock.seconds });
    const { bytes } = await cache.put('a', 1);
    clock.seconds = 2000;
    await cache.put('b', 2);
    clock.seconds = 3000;
    await cache.put('c', 3);
    clock.seconds = 4000;
    await cache.put('c', 4);
    clock.seconds = 5000;
    await cache.delete('b');
    clock.seconds = 6000;
    await cache.invalidate('c');
    clock.seconds = 7000;
    await cache.put('d', 5);
    writeFileSync(blobPath(dir, 'd'), 'rubbish');
    expect(await cache.get('d')).toBeUndefined();
    clock.seconds = 8000;
    await cache.put('e', 6);
    clock.seconds = 9000;
    await cache.clear();
    // Nothing is there: nothing leaves.
    await cache.delete('e');
    await cache.clear();
    const told = (await openCache(dir).history()).map(({ at, ...event }) => ({
      ...event,
      at: Math.round(at),
    }));
    expect(told).toEqual([
      { event: 'put', key: 'a', at: 1000, pid, bytes },
      { event: 'put', key: 'b', at: 2000, pid, bytes },
      { event: 'put', key: 'c', at: 3000, pid, bytes },
      { event: 'evicted', key: 'a', at: 3000, pid, bytes, limit: 'max_entries', by: 'c' },
      { event: 'put', key: 'c', at: 4000, pid, bytes, replaced: true },
      { event: 'deleted', key: 'b', at: 5000, pid, bytes },
      { event: 'invalidated', key: 'c', at: 6000, pid, bytes },
      { event: 'put', key: 'd', at: 7000, pid, bytes },
      { event: 'quarantined', key: 'd', at: 7000, pid, bytes: 7, by: expect.any(String) as string },
      { event: 'put', key: 'e', at: 8000, pid, bytes },
      { event: 'cleared', key: 'e', at: 9000, pid, bytes },
    ]);
  });

  it('tells which limit an eviction was for', async () => {
    const dir = temporaryDirectory();
    let isFull = false;
    const fileSystem = faultyFileSystem(({ name, path }) => {
      if (!isFull || name !== 'write' || !path.includes('tmp')) return undefined;
      isFull = false;
      return 'ENOSPC';
    });
    const cache = openCache(dir, { maxBytes: 3000, fileSystem });
    await cache.put('a', new Uint8Array(2000));
    await cache.put('b', new Uint8Array(2000));
    isFull = true;
    await cache.put('c', new Uint8Array(10));
    const evicted = await cache.history({ event: 'evicted' });
    expect(evicted.map(({ key, limit, by }) => [key, limit, by])).toEqual([
      ['a', 'max_bytes', 'b'],
      ['b', 'disk_full', 'c'],
    ]);
  });

  it('can be asked for a key, a sort of event, and the last so many', async () => {
    const cache = openCache(temporaryDirectory());
    for (let i = 0; i < 150; i++) await cache.put(`k${i % 2}`, i);
    expect(await cache.history()).toHaveLength(100);
    expect(await cache.history({ limit: 0 })).toEqual([]);
    expect(await cache.history({ key: 'k1', limit: 1000 })).toHaveLength(75);
    expect(await cache.history({ key: 'k1', event: 'put', limit: 3 })).toHaveLength(3);
    const replaced = await cache.history({ event: 'replaced', limit: 1000 });
    expect(replaced).toHaveLength(148);
    expect(replaced[0]).toMatchObject({ event: 'replaced', key: 'k0' });
    expect(await cache.history({ event: 'evicted' })).toEqual([]);
    for (const limit of [-1, 1.5, NaN, '5']) {
      const error = await errorOf(() => cache.history({ limit: limit as number }));
      expect(error).toMatchObject({ code: 'BAD_ARGUMENT', field: 'limit' });
    }
  });

  it('is bounded, and keeps what is newest', async () => {
    const dir = temporaryDirectory();
    const layout = new Layout(dir);
    const cache = openCache(dir);
    await cache.put('first', 1);
    const removal = (i: number): JournalRecord => {
      const key = `gone ${i}`;
      return {
        op: 'evicted',
        at: i,
        pid,
        digest: digestOf(checkKey(key)),
        key,
        bytes: 1,
        limit: 'max_entries',
        by: 'x',
      };
    };
    const many = new Journal(nodeFileSystem, layout);
    for (let i = 0; i < 20_000; i += 1000)
      many.append(Array.from({ length: 1000 }, (_, j) => removal(i + j)));
    const { size } = statSync(layout.journal);
    await cache.put('second', 2);
    expect(statSync(layout.journal).size).toBeLessThan(size / 3);
    const told = await openCache(dir).history({ event: 'evicted', limit: 100_000 });
    expect(told.length).toBeLessThanOrEqual(5000);
    expect(told.length).toBeGreaterThan(4000);
    expect(told.at(-1)).toMatchObject({ key: 'gone 19999', at: 19_999, limit: 'max_entries', by: 'x' });
    expect(await soundKeys(dir)).toEqual(['first', 'second']);
    // Neither this process nor another has cause to write it anew with each put from now on.
    const { ino } = statSync(layout.journal);
    await cache.put('third', 3);
    await openCache(dir).put('fourth', 4);
    expect(statSync(layout.journal).ino).toBe(ino);
  });

  it('is complete with several writers, through rewrites', async () => {
    const dir = temporaryDirectory();
    const ROUNDS = 800;
    const act = async ({ tessCache }: Remote, [dir, rounds]: [string, number]) => {
      const cache = new tessCache.PersistentCache({ dir });
      for (let i = 0; i < rounds; i++) {
        const key = `${process.pid} ${i}`;
        await cache.put(key, i);
        await cache.delete(key);
      }
      await cache.put(`${process.pid}`, 'done');
    };
    const processes = await RemoteProcess.startMany(4);
    await Promise.all(processes.map(async (each) => each.run(act, [dir, ROUNDS])));
    const deleted = await openCache(dir).history({ event: 'deleted', limit: 100_000 });
    for (const { pid: other } of processes) {
      const keys = deleted.filter((event) => event.pid === other).map(({ key }) => key);
      expect(new Set(keys).size).toBe(ROUNDS);
    }
    expect(await soundKeys(dir)).toEqual(processes.map((each) => `${each.pid}`).sort());
  });
});

describe('a journal', () => {
  const damage: [string, (path: string) => void][] = [
    [
      'is lost',
      (path) => {
        rmSync(path);
      },
    ],
    [
      'is rubbish',
      (path) => {
        writeFileSync(path, randomBytes(10_000));
      },
    ],
    [
      'is empty',
      (path) => {
        writeFileSync(path, '');
      },
    ],
    [
      'is cut in the middle',
      (path) => {
        writeFileSync(path, readFileSync(path).subarray(0, statSync(path).size / 2));
      },
    ],
    [
      'has become a directory',
      (path) => {
        rmSync(path);
        mkdirSync(join(path, 'x'), { recursive: true });
      },
    ],
  ];

  it.each(damage)('that %s costs history, and nothing else', async (_, spoil) => {
    const dir = temporaryDirectory();
    const cache = openCache(dir, { maxEntries: 3 });
    for (const key of ['a', 'b', 'c', 'd']) await cache.put(key, key);
    spoil(new Layout(dir).journal);
    for (const each of [cache, openCache(dir, { maxEntries: 3 })]) {
      expect(await each.keys()).toEqual(['b', 'c', 'd']);
      expect(await each.get('b')).toBe('b');
      expect(await each.explain('a')).toMatchObject({ present: false, reason: 'absent' });
      expect(await each.history()).toBeInstanceOf(Array);
    }
    await cache.put('e', 'e');
    expect(await soundKeys(dir)).toEqual(['b', 'd', 'e']);
  });

  it.each(damage.slice(0, 4))('that %s is taken up again', async (_, spoil) => {
    const dir = temporaryDirectory();
    const cache = openCache(dir);
    await cache.put('a', 1);
    spoil(new Layout(dir).journal);
    await cache.delete('a');
    await openCache(dir).put('b', 2);
    const told = (await cache.history()).map(({ event, key }) => `${event} ${key}`);
    expect(told.slice(-2)).toEqual(['deleted a', 'put b']);
  });
});
