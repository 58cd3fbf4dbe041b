/** What a cache reads to know what it holds, and that it knows it whatever happened to the files it keeps for that. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  blobBytes,
  blobPath,
  filesUnder,
  openCache,
  sidecarPath,
  soundKeys,
  tickingClock,
} from '../support/caches.js';
import { Killed, faultyFileSystem } from '../support/faulty-file-system.js';
import { interceptFileSystem, recordingFileSystem, type FileCall } from '../support/recording-file-system.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

let dir: string;
beforeEach(() => {
  dir = join(temporaryDirectory(), 'cache');
});

const isSidecar = ({ path }: FileCall) => path.startsWith(join(dir, 'meta'));
const opened = (calls: readonly FileCall[]) => calls.filter(({ name }) => name === 'open');
/** Directories listed, but for that of the pins, which are few. */
const listed = (calls: readonly FileCall[]) =>
  calls.filter(({ name, path }) => name === 'readdir' && path !== join(dir, 'pins'));

async function fill(count: number): Promise<void> {
  const cache = openCache(dir);
  for (let i = 0; i < count; i++) await cache.put(`k${i}`, i);
}

describe('a cache that is only read from', () => {
  it('opens the blob and the sidecar of each key, and nothing else', async () => {
    await fill(20);
    const files = recordingFileSystem();
    const cache = openCache(dir, { fileSystem: files });
    for (let i = 0; i < 20; i++) await cache.get(`k${i}`);
    await cache.get('absent');
    await cache.has('k1');
    expect(listed(files.calls)).toEqual([]);
    const paths = Array.from({ length: 20 }, (_, i) => [
      blobPath(dir, `k${i}`),
      sidecarPath(dir, `k${i}`),
    ]).flat();
    expect(opened(files.calls).map(({ path }) => path)).toEqual([...paths, blobPath(dir, 'absent')]);
    expect(files.calls.some(({ name }) => ['rename', 'unlink', 'mkdir'].includes(name))).toBe(false);
  });

  it('does not read the journal, however often it is used', async () => {
    await fill(1);
    const files = recordingFileSystem();
    const cache = openCache(dir, { fileSystem: files });
    const once = await files.during(async () => cache.get('k0'));
    const again = await files.during(async () => cache.get('k0'));
    expect([...once, ...again].filter(({ path }) => path === join(dir, 'journal'))).toEqual([]);
    // open, fstat, read, close of the blob; open, read, write, close of the sidecar
    expect(again.map(({ name }) => name)).toEqual([
      'open',
      'fstat',
      'read',
      'close',
      'open',
      'read',
      'write',
      'close',
    ]);
  });
});

describe('a warm catalogue', () => {
  it('lets a put read no sidecar and list no directory', async () => {
    await fill(50);
    const files = recordingFileSystem();
    const cache = openCache(dir, { fileSystem: files, maxEntries: 1000 });
    await cache.put('first', 1);
    const calls = await files.during(async () => cache.put('second', 2));
    expect(listed(calls)).toEqual([]);
    expect(opened(calls).filter(isSidecar)).toEqual([]);
    expect(calls.length).toBeLessThan(30);
  });

  it('lets a put that evicts read the one sidecar of its victim', async () => {
    await fill(50);
    const files = recordingFileSystem();
    const cache = openCache(dir, { fileSystem: files, maxEntries: 50, now: tickingClock() });
    await cache.put('first', 1);
    const calls = await files.during(async () => cache.put('second', 2));
    expect(
      opened(calls)
        .filter(isSidecar)
        .map(({ path }) => path),
    ).toEqual([sidecarPath(dir, 'k1')]);
    expect(listed(calls)).toEqual([]);
  });

  it('costs a put the same with 10 entries and with 500', async () => {
    const costs: number[] = [];
    const files = recordingFileSystem();
    const cache = openCache(dir, { fileSystem: files });
    for (let i = 0; i < 500; i++) {
      const calls = await files.during(async () => cache.put(`k${i}`, i));
      if (i === 10 || i === 499) costs.push(calls.length);
    }
    // The shard may have to be made.
    expect(Math.abs(costs[1] - costs[0])).toBeLessThanOrEqual(4);
  });
});

describe('a cold start', () => {
  it('with the journal as it was reads no sidecar and no blob', async () => {
    await fill(200);
    const files = recordingFileSystem();
    const cache = openCache(dir, { fileSystem: files });
    expect(await cache.keys()).toHaveLength(200);
    expect(opened(files.calls).map(({ path }) => path)).toEqual([join(dir, 'journal')]);
    const puts = recordingFileSystem();
    await openCache(dir, { fileSystem: puts }).put('new', 1);
    expect(opened(puts.calls).filter(isSidecar)).toEqual([]);
    expect(opened(puts.calls).filter(({ path }) => path.startsWith(join(dir, 'data')))).toEqual([]);
  });

  it.each([
    [
      'was deleted',
      () => {
        rmSync(join(dir, 'journal'));
      },
    ],
    [
      'is empty',
      () => {
        writeFileSync(join(dir, 'journal'), '');
      },
    ],
    [
      'is rubbish',
      () => {
        writeFileSync(join(dir, 'journal'), Buffer.alloc(100_000, 'x\n'));
      },
    ],
    [
      'has rubbish at its end',
      () => {
        appendFileSync(join(dir, 'journal'), '\nabcdef01 {"op":"put"');
      },
    ],
    [
      'lost its second half',
      () => {
        const all = readFileSync(join(dir, 'journal'));
        writeFileSync(join(dir, 'journal'), all.subarray(0, all.length >> 1));
      },
    ],
    [
      'lost its first half',
      () => {
        const all = readFileSync(join(dir, 'journal'));
        writeFileSync(join(dir, 'journal'), all.subarray(all.length >> 1));
      },
    ],
  ])('knows all entries where the journal %s', async (_what, damage) => {
    await fill(30);
    await openCache(dir).delete('k3');
    damage();
    const expected = Array.from({ length: 30 }, (_, i) => `k${i}`)
      .filter((key) => key !== 'k3')
      .sort();
    const cache = openCache(dir);
    expect(await cache.keys()).toEqual(expected);
    expect((await cache.stats()).bytes).toBe(blobBytes(dir));
    expect(await soundKeys(dir)).toEqual(expected);
  });

  it('after the journal was lost writes a new one, so that the next reads no sidecars', async () => {
    await fill(300);
    rmSync(join(dir, 'journal'));
    expect(await openCache(dir).keys()).toHaveLength(300);
    const files = recordingFileSystem();
    expect(await openCache(dir, { fileSystem: files }).keys()).toHaveLength(300);
    expect(opened(files.calls).filter(isSidecar)).toEqual([]);
  });

  it('knows all entries where all sidecars were deleted', async () => {
    await fill(10);
    rmSync(join(dir, 'meta'), { recursive: true });
    rmSync(join(dir, 'journal'));
    const cache = openCache(dir);
    expect(await cache.keys()).toHaveLength(10);
    expect((await cache.entries()).map(({ key }) => key)).toHaveLength(10);
    expect(await soundKeys(dir)).toHaveLength(10);
  });

  it('does not believe a sidecar that is about another key', async () => {
    await fill(2);
    rmSync(join(dir, 'journal'));
    writeFileSync(sidecarPath(dir, 'k0'), readFileSync(sidecarPath(dir, 'k1')));
    const cache = openCache(dir);
    expect(await cache.keys()).toEqual(['k0', 'k1']);
    expect((await cache.entries()).map(({ key }) => key)).toEqual(['k0', 'k1']);
    expect(await soundKeys(dir)).toEqual(['k0', 'k1']);
  });
});

describe('what other processes do', () => {
  it('is known at the next listing', async () => {
    const cache = openCache(dir);
    const other = openCache(dir);
    await cache.put('a', 1);
    await other.put('b', 2);
    expect(await cache.keys()).toEqual(['a', 'b']);
    await other.delete('a');
    expect(await cache.keys()).toEqual(['b']);
    await other.clear();
    expect(await cache.keys()).toEqual([]);
    await other.put('c', { longer: 'than before' });
    expect((await cache.stats()).bytes).toBe(statSync(blobPath(dir, 'c')).size);
    await other.put('c', 1);
    expect((await cache.stats()).bytes).toBe(statSync(blobPath(dir, 'c')).size);
  });

  it('is known where they write no journal at all', async () => {
    const mute = faultyFileSystem(({ path }) => (path.endsWith('journal') ? 'EACCES' : undefined));
    const cache = openCache(dir);
    await cache.put('a', 1);
    const other = openCache(dir, { fileSystem: mute });
    await other.put('b', 2);
    await other.put('c', 3);
    await other.delete('a');
    expect(await cache.keys()).toEqual(['b', 'c']);
    expect(await soundKeys(dir)).toEqual(['b', 'c']);
  });

  it('is known where the journal that told of it was lost before it was read', async () => {
    const cache = openCache(dir, { maxBytes: 10_000 });
    await cache.put('a', new Uint8Array(8000));
    await openCache(dir).put('a', 1);
    rmSync(join(dir, 'journal'));
    await cache.put('b', new Uint8Array(8000));
    expect(await cache.keys()).toEqual(['a', 'b']);
    expect((await cache.stats()).bytes).toBe(blobBytes(dir));
  });

  it('is known where the journal was lost, and the next one too before it was read', async () => {
    const cache = openCache(dir, { maxEntries: 3 });
    const other = openCache(dir);
    await cache.put('a', 1);
    rmSync(join(dir, 'journal'));
    expect(await cache.keys()).toEqual(['a']);
    await other.put('a', new Uint8Array(8000));
    await other.put('b', 2);
    rmSync(join(dir, 'journal'));
    expect((await cache.stats()).bytes).toBe(blobBytes(dir));
    await other.put('c', 3);
    rmSync(join(dir, 'journal'));
    await cache.put('d', 4);
    expect(await soundKeys(dir)).toEqual(['b', 'c', 'd']);
  });

  it('is known where the first journal there was came and was lost before it was read', async () => {
    const cache = openCache(dir, { maxEntries: 2 });
    expect(await cache.keys()).toEqual([]);
    const other = openCache(dir);
    await other.put('a', 1);
    await other.put('b', 2);
    rmSync(join(dir, 'journal'));
    await cache.put('c', 3);
    expect(await soundKeys(dir)).toEqual(['b', 'c']);
  });

  it('is known where they were killed between telling and doing', async () => {
    const cache = openCache(dir, { maxEntries: 2 });
    await cache.put('a', 'old');
    await cache.put('b', 2);
    for (const key of ['a', 'ghost']) {
      const dying = interceptFileSystem(({ name, to }, perform) => {
        if (name === 'rename' && to === blobPath(dir, key)) throw new Killed('here');
        return perform();
      });
      await expect(openCache(dir, { fileSystem: dying }).put(key, new Uint8Array(10_000))).rejects.toThrow(
        'here',
      );
    }
    for (const each of [cache, openCache(dir)]) {
      expect(await each.keys()).toEqual(['a', 'b']);
      expect(await each.has('ghost')).toBe(false);
      expect(await each.get('a')).toBe('old');
    }
  });

  it('counts where they were killed as soon as it was done', async () => {
    const cache = openCache(dir, { maxEntries: 2 });
    await cache.put('a', 1);
    await cache.put('b', 2);
    let isDead = false;
    const dying = interceptFileSystem(({ name, to }, perform) => {
      if (isDead) throw new Killed('after the commit');
      const result = perform();
      isDead = name === 'rename' && to === blobPath(dir, 'c');
      return result;
    });
    await expect(openCache(dir, { fileSystem: dying }).put('c', 3)).rejects.toThrow('after the commit');
    await cache.put('b', 4);
    expect(filesUnder(join(dir, 'data'))).toHaveLength(2);
    expect(await cache.keys()).toEqual(['b', 'c']);
  });

  it('does not cost an entry after they were killed, once they have had the time to go on', async () => {
    let now = Date.now() / 1000;
    const clock = () => now;
    const cache = openCache(dir, { maxEntries: 2, now: clock });
    await cache.put('a', 'old');
    await cache.put('b', 2);
    const dying = interceptFileSystem(({ name, to }, perform) => {
      if (name === 'rename' && to === blobPath(dir, 'ghost')) throw new Killed('here');
      return perform();
    });
    await expect(openCache(dir, { fileSystem: dying, now: clock }).put('ghost', 1)).rejects.toThrow('here');
    now += 60;
    await cache.put('b', 3);
    expect(await openCache(dir).keys()).toEqual(['a', 'b']);
  });

  it('leaves the old size in the books where the new value never came', async () => {
    let now = Date.now() / 1000;
    const clock = () => now;
    const big = new Uint8Array(50_000);
    await openCache(dir, { now: clock }).put('a', big);
    const dying = interceptFileSystem(({ name, to }, perform) => {
      if (name === 'rename' && to === blobPath(dir, 'a')) throw new Killed('here');
      return perform();
    });
    await expect(openCache(dir, { fileSystem: dying, now: clock }).put('a', 1)).rejects.toThrow('here');
    now += 60;
    const cold = openCache(dir, { now: clock });
    expect((await cold.stats()).bytes).toBe(blobBytes(dir));
    await openCache(dir, { now: clock, maxBytes: 60_000 }).put('b', new Uint8Array(20_000));
    expect(blobBytes(dir)).toBeLessThanOrEqual(60_000);
    expect(await openCache(dir).keys()).toEqual(['b']);
  });
});

describe('files that nobody knows', () => {
  it('are no entries where their names are none', async () => {
    await fill(2);
    const shard = join(dir, 'data', 'ab');
    mkdirSync(shard, { recursive: true });
    writeFileSync(join(shard, 'x.safetensors'), 'x');
    writeFileSync(join(shard, `${'cd'.repeat(32)}.safetensors`), 'x');
    expect(await openCache(dir).keys()).toEqual(['k0', 'k1']);
    expect(existsSync(join(shard, 'x.safetensors'))).toBe(true);
    expect(filesUnder(join(dir, 'data'))).toHaveLength(4);
  });

  it('count towards the limits where their names are right, though they cannot be read', async () => {
    await fill(2);
    rmSync(join(dir, 'journal'));
    for (const key of ['k0', 'k1']) {
      writeFileSync(blobPath(dir, key), Buffer.alloc(5000));
      rmSync(sidecarPath(dir, key));
    }
    const cache = openCache(dir, { maxEntries: 2, now: tickingClock(4_000_000_000) });
    expect(await cache.keys()).toEqual([]);
    await cache.put('a', 1);
    await cache.put('b', 2);
    expect(await soundKeys(dir)).toEqual(['a', 'b']);
  });
});
