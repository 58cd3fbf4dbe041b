import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { PersistentCache } from '../../src/disk/persistent-cache.js';
import { encodeTime, TIME_AT } from '../../src/disk/sidecar.js';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import {
  blobBytes,
  blobPath,
  filesUnder,
  openCache,
  sidecarPath,
  soundKeys,
  tickingClock,
} from '../support/caches.js';
import { errorOf } from '../support/errors.js';
import { faultyFileSystem } from '../support/faulty-file-system.js';
import { interceptFileSystem } from '../support/recording-file-system.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

let dir: string;
let now: () => number;
beforeEach(() => {
  dir = join(temporaryDirectory(), 'cache');
  now = tickingClock();
});

/** A value whose blob takes about this many bytes. */
const sized = (bytes: number) => new Uint8Array(bytes - 400);

describe('maxEntries', () => {
  it('keeps the entries that were accessed last: k1, k2, get k1, k3 leaves k1 and k3', async () => {
    const cache = openCache(dir, { maxEntries: 2, now });
    await cache.put('k1', 1);
    await cache.put('k2', 2);
    await cache.get('k1');
    await cache.put('k3', 3);
    expect(await cache.keys()).toEqual(['k1', 'k3']);
    expect(await cache.get('k2')).toBeUndefined();
    expect(await soundKeys(dir)).toEqual(['k1', 'k3']);
  });

  it('does so where every access is by another process', async () => {
    await openCache(dir, { maxEntries: 2, now }).put('k1', 1);
    await openCache(dir, { maxEntries: 2, now }).put('k2', 2);
    await openCache(dir, { maxEntries: 2, now }).get('k1');
    await openCache(dir, { maxEntries: 2, now }).put('k3', 3);
    expect(await soundKeys(dir)).toEqual(['k1', 'k3']);
  });

  it('heeds what another process has read since this one last looked', async () => {
    const warm = openCache(dir, { maxEntries: 3, now });
    const other = openCache(dir, { now });
    for (const key of ['k1', 'k2', 'k3']) await warm.put(key, key);
    await warm.put('k4', 4);
    expect(await warm.keys()).toEqual(['k2', 'k3', 'k4']);
    await other.get('k2');
    await warm.put('k5', 5);
    expect(await soundKeys(dir)).toEqual(['k2', 'k4', 'k5']);
  });

  it('counts what another process has put', async () => {
    const cache = openCache(dir, { maxEntries: 2, now });
    await cache.put('k1', 1);
    await openCache(dir, { now }).put('k2', 2);
    await openCache(dir, { now }).put('k3', 3);
    await cache.put('k4', 4);
    expect(await soundKeys(dir)).toEqual(['k3', 'k4']);
  });

  it('evicts nothing where an entry is replaced', async () => {
    const cache = openCache(dir, { maxEntries: 2, now });
    await cache.put('k1', 1);
    await cache.put('k2', 2);
    for (let i = 0; i < 5; i++) {
      await cache.put('k1', i);
      await openCache(dir, { maxEntries: 2, now }).put('k2', { other: i });
    }
    expect(await soundKeys(dir)).toEqual(['k1', 'k2']);
  });

  it('of 1 keeps what was just put', async () => {
    const cache = openCache(dir, { maxEntries: 1, now });
    for (const key of ['a', 'b', 'c', 'b']) {
      await cache.put(key, key);
      expect(await soundKeys(dir)).toEqual([key]);
    }
  });

  it('keeps what was just put where its clock is behind all others', async () => {
    await openCache(dir, { now: tickingClock(2_000_000_000) }).put('late', 1);
    await openCache(dir, { now: tickingClock(1_000_000_000), maxEntries: 1 }).put('early', 2);
    expect(await soundKeys(dir)).toEqual(['early']);
  });

  it('holds after a put into a directory that was over it', async () => {
    const cache = openCache(dir, { now });
    for (let i = 0; i < 20; i++) await cache.put(`k${i}`, i);
    await openCache(dir, { maxEntries: 3, now }).put('new', 1);
    expect(await soundKeys(dir)).toEqual(['k18', 'k19', 'new']);
  });

  it('counts entries whose sidecars or whose journal were lost', async () => {
    const cache = openCache(dir, { now });
    for (let i = 0; i < 5; i++) await cache.put(`k${i}`, i);
    rmSync(join(dir, 'journal'));
    rmSync(join(dir, 'meta'), { recursive: true });
    await openCache(dir, { maxEntries: 2, now }).put('new', 1);
    const kept = await openCache(dir).keys();
    expect(kept).toHaveLength(2);
    expect(kept).toContain('new');
  });

  it.each([
    ['cleared', 3, (cache: PersistentCache) => cache.clear({ prefix: 'x' })],
    ['evicted', 1, (cache: PersistentCache) => cache.put('k', 1)],
  ])('counts an entry that was %s while another process was about to put it again', async (_, limit, act) => {
    const cache = openCache(dir, { maxEntries: limit, now });
    await cache.put('x', 1);
    let acting: Promise<unknown> | undefined;
    const fileSystem = interceptFileSystem(({ name, to = '' }, perform) => {
      if (name === 'rename' && to === blobPath(dir, 'x')) acting ??= act(cache);
      return perform();
    });
    await openCache(dir, { maxEntries: limit, now, fileSystem }).put('x', 2);
    await acting;
    expect(acting).toBeDefined();
    await cache.put('k1', 1);
    for (const key of ['k2', 'k3', 'k4']) {
      await cache.put(key, 1);
      expect(filesUnder(join(dir, 'data')).length).toBeLessThanOrEqual(limit);
    }
  });

  it('does not count what was removed by hand, by delete or by clear', async () => {
    const cache = openCache(dir, { maxEntries: 2, now });
    await cache.put('a', 1);
    await cache.put('b', 2);
    await openCache(dir, { now }).delete('a');
    await cache.put('c', 3);
    expect(await soundKeys(dir)).toEqual(['b', 'c']);
    await openCache(dir, { now }).clear({ prefix: 'b' });
    await cache.put('d', 4);
    expect(await soundKeys(dir)).toEqual(['c', 'd']);
    rmSync(blobPath(dir, 'c'));
    await cache.keys();
    await cache.put('e', 5);
    expect(await openCache(dir).keys()).toEqual(['d', 'e']);
  });
});

describe('maxBytes', () => {
  it('holds after every put, whatever the sizes', async () => {
    const maxBytes = 20_000;
    const cache = openCache(dir, { maxBytes, now });
    const order: string[] = [];
    let seed = 1;
    for (let i = 0; i < 60; i++) {
      seed = (seed * 16_807) % 2_147_483_647;
      const key = `k${seed % 12}`;
      await cache.put(key, sized(500 + (seed % 9000)));
      order.push(key);
      expect(blobBytes(dir)).toBeLessThanOrEqual(maxBytes);
      expect(await cache.has(key)).toBe(true);
      const { bytes, entries } = await cache.stats();
      expect(bytes).toBe(blobBytes(dir));
      // The least recent go first: what is left are the keys that were put last.
      expect(await cache.keys()).toEqual([...new Set(order.reverse())].slice(0, entries).sort());
      order.reverse();
    }
    await soundKeys(dir);
  });

  it('counts the new size where an entry is replaced, by another process too', async () => {
    const cache = openCache(dir, { maxBytes: 10_000, now });
    await cache.put('a', sized(3000));
    await cache.put('b', sized(3000));
    await openCache(dir, { now }).put('a', sized(6000));
    await cache.put('c', sized(2000));
    expect(await soundKeys(dir)).toEqual(['a', 'c']);
    await openCache(dir, { now }).put('a', sized(1000));
    await cache.put('d', sized(6000));
    expect(await soundKeys(dir)).toEqual(['a', 'c', 'd']);
  });

  it('refuses an entry that can never fit, before anything is touched', async () => {
    const cache = openCache(dir, { maxBytes: 5000, now });
    await cache.put('a', sized(2000));
    await cache.put('big', 1);
    const error = await errorOf(async () => cache.put('big', sized(6000)));
    expect(error).toMatchObject({ code: 'TOO_LARGE', key: 'big' });
    expect(error.expected).toContain('5000');
    expect(await cache.get('big')).toBe(1);
    expect(await soundKeys(dir)).toEqual(['a', 'big']);
  });

  it('lets in an entry of exactly that size, alone', async () => {
    const probe = openCache(temporaryDirectory());
    const { bytes } = await probe.put('k', sized(3000));
    const cache = openCache(dir, { maxBytes: bytes, now });
    await cache.put('other', 1);
    await cache.put('k', sized(3000));
    expect(await soundKeys(dir)).toEqual(['k']);
    expect(statSync(blobPath(dir, 'k')).size).toBe(bytes);
  });
});

describe('a wrong clock', () => {
  /** Writes an access time into a sidecar, as a get by a process with that clock does. */
  function setAccessTime(key: string, seconds: number): void {
    const bytes = readFileSync(sidecarPath(dir, key));
    encodeTime(seconds).copy(bytes, TIME_AT);
    writeFileSync(sidecarPath(dir, key), bytes);
  }

  it('does not keep an entry for ever: a time in the far future counts as unknown', async () => {
    const cache = openCache(dir, { maxEntries: 3, now });
    await cache.put('a', 1);
    await cache.put('b', 2);
    await cache.put('c', 3);
    setAccessTime('a', 4_000_000_000);
    await cache.put('d', 4);
    expect(await soundKeys(dir)).toEqual(['b', 'c', 'd']);
  });

  it('of a writer does not keep its entries for ever', async () => {
    await openCache(dir, { now: tickingClock(4_000_000_000) }).put('future', 1);
    const cache = openCache(dir, { maxEntries: 3, now });
    for (let i = 0; i < 6; i++) await cache.put(`k${i}`, i);
    expect(await soundKeys(dir)).toEqual(['k3', 'k4', 'k5']);
  });

  it('that is a little ahead does: another machine has just read the entry', async () => {
    const cache = openCache(dir, { maxEntries: 2, now });
    await cache.put('a', 1);
    await cache.put('b', 2);
    setAccessTime('a', Date.now() / 1000 + 60);
    await cache.put('c', 3);
    expect(await soundKeys(dir)).toEqual(['a', 'c']);
  });
});

describe('an entry that cannot be evicted', () => {
  it('gives way to the next; the put fails where none can be, and its value is there', async () => {
    const cache = openCache(dir, { now });
    for (const key of ['a', 'b', 'c']) await cache.put(key, key);
    const stuck = blobPath(dir, 'a');
    const oneStuck = faultyFileSystem(({ name, path }) =>
      name === 'unlink' && path === stuck ? 'EACCES' : undefined,
    );
    await openCache(dir, { now, maxEntries: 2, fileSystem: oneStuck }).put('d', 'd');
    expect(await soundKeys(dir)).toEqual(['a', 'd']);

    const allStuck = faultyFileSystem(({ name, path }) => {
      return name === 'unlink' && path.endsWith('.safetensors') ? 'EACCES' : undefined;
    });
    const error = await errorOf(async () => {
      await openCache(dir, { now, maxEntries: 1, fileSystem: allStuck }).put('e', 'e');
    });
    expect(error).toMatchObject({ code: 'IO', found: 'EACCES', key: 'e' });
    expect(error.message).toMatch(
      /"e".* value is in place.*the next put tries again.*EACCES.*Permission denied/,
    );
    expect(await soundKeys(dir)).toEqual(['a', 'd', 'e']);
    // As it says.
    await openCache(dir, { now, maxEntries: 1 }).put('f', 'f');
    expect(await soundKeys(dir)).toEqual(['f']);
  });
});

describe('a full disk', () => {
  it('makes a put clean up, evict, and try once more', async () => {
    const cache = openCache(dir, { now });
    for (let i = 0; i < 5; i++) await cache.put(`k${i}`, sized(4000));
    let full = true;
    const filling = faultyFileSystem(({ name, path }) => {
      if (name === 'unlink' && path.endsWith('.safetensors')) full = false;
      return name === 'write' && full && path.includes('tmp') ? 'ENOSPC' : undefined;
    });
    await openCache(dir, { now, fileSystem: filling }).put('new', sized(6000));
    // Two blocks and one for the sidecar, and what journal and directories may need.
    expect(await soundKeys(dir)).toEqual(['k3', 'k4', 'new']);
    const evicted = await cache.history({ event: 'evicted' });
    expect(evicted.map(({ key, limit, by }) => [key, limit, by])).toEqual([
      ['k0', 'disk_full', 'new'],
      ['k1', 'disk_full', 'new'],
      ['k2', 'disk_full', 'new'],
    ]);
  });

  it('takes put after put for as long as there is something old to evict', async () => {
    const blocks = 60;
    const blocksOf = (bytes: number) => Math.ceil(bytes / 4096);
    const taken = () =>
      filesUnder(dir).reduce((sum, path) => sum + blocksOf(statSync(join(dir, path)).size), 0);
    const small = faultyFileSystem(({ name, path, args }) => {
      if (name !== 'write') return undefined;
      const { size } = statSync(path);
      const grown = blocksOf(size + (args[3] as number)) - blocksOf(size);
      return taken() + grown > blocks ? 'ENOSPC' : undefined;
    });
    const cache = openCache(dir, { now, fileSystem: small });
    // All of one size: what one takes is what another frees, and nothing beside it.
    for (let i = 0; i < 200; i++) {
      await cache.put(`k${i}`, sized(4 * 4096));
      expect(await cache.get(`k${i}`)).toBeDefined();
    }
    expect((await soundKeys(dir)).length).toBeGreaterThan(5);
  });

  it('leaves the old value where that does not help, and says what to do', async () => {
    await openCache(dir, { now }).put('k', 'old');
    const full = faultyFileSystem(({ name, path }) =>
      name === 'write' && path.includes('tmp') ? 'ENOSPC' : undefined,
    );
    const error = await errorOf(async () => openCache(dir, { now, fileSystem: full }).put('k', 'new'));
    expect(error).toMatchObject({ code: 'NO_SPACE', found: 'ENOSPC', key: 'k' });
    expect(error.message).toContain('maxBytes');
    expect(await openCache(dir).get('k')).toBe('old');
    expect(await soundKeys(dir)).toEqual(['k']);
  });

  it('is no matter to a read', async () => {
    await openCache(dir, { now }).put('k', 'old');
    const full = faultyFileSystem(({ name }) => (name === 'write' ? 'ENOSPC' : undefined));
    expect(await openCache(dir, { now, fileSystem: full }).get('k')).toBe('old');
  });
});
