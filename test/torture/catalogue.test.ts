/** What one process knows of a cache that others change: never fewer entries than there are, never more for long. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { loadChecksum } from '../../src/codec/checksum.js';
import { Catalogue } from '../../src/disk/catalogue.js';
import { EntryStore } from '../../src/disk/entry-store.js';
import { nodeFileSystem } from '../../src/disk/file-system.js';
import { Journal } from '../../src/disk/journal.js';
import type { JournalRecord, PutRecord } from '../../src/disk/journal-record.js';
import { Layout } from '../../src/disk/layout.js';
import { PersistentCache } from '../../src/disk/persistent-cache.js';
import { ShardListing } from '../../src/disk/shard-listing.js';
import { checkKey, digestOf } from '../../src/ref/key.js';
import { tickingClock } from '../support/caches.js';
import { faultyFileSystem, systemError } from '../support/faulty-file-system.js';
import { interceptFileSystem } from '../support/recording-file-system.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const VALUE = { period: 6.267 };
const NOW = 1_700_000_000;
const digest = (key: string) => digestOf(checkKey(key));

let dir: string;
let layout: Layout;
let cache: PersistentCache;
beforeEach(async () => {
  dir = temporaryDirectory();
  layout = new Layout(dir);
  cache = new PersistentCache({ dir });
  await cache.put('a', VALUE);
  await cache.put('b', VALUE);
});

/** A process of its own, as far as the catalogue can tell. */
async function catalogueOf(now = NOW, files = nodeFileSystem): Promise<Catalogue> {
  await loadChecksum();
  const store = new EntryStore(files, layout);
  const listing = new ShardListing(files, layout);
  return new Catalogue(
    new Journal(files, layout),
    store,
    listing,
    () => now,
    () => undefined,
  );
}

function keysOf(catalogue: Catalogue): string[] {
  return [...catalogue].map(({ key }) => key).sort();
}

function announce(key: string, at: number): PutRecord {
  return { op: 'put', at, pid: 1, digest: digest(key), key, kind: 'value', bytes: 1000 };
}

function append(...records: JournalRecord[]): void {
  new Journal(nodeFileSystem, layout).append(records);
}

describe('a catalogue', () => {
  it('counts a put that is about to be, for as long as a put may take', async () => {
    const catalogue = await catalogueOf();
    catalogue.sync();
    append(announce('soon', NOW));
    catalogue.sync();
    expect(catalogue.count).toBe(3);
    expect(catalogue.isAnnounced(digest('soon'))).toBe(true);
    catalogue.reconcile();
    expect(catalogue.count).toBe(3);
  });

  it('does not count what was announced long ago and never came', async () => {
    const [early, late] = [await catalogueOf(), await catalogueOf()];
    early.sync();
    append(announce('never', NOW - 60));
    early.sync();
    late.sync();
    for (const catalogue of [early, late]) expect(keysOf(catalogue)).toEqual(['a', 'b']);
    expect(early.bytes).toBe(late.bytes);
  });

  it('looks whether what somebody removed has been put again meanwhile', async () => {
    const catalogue = await catalogueOf();
    catalogue.sync();
    // As two processes write it when the one removes the old value just before the other's new one comes.
    append({ op: 'deleted', at: NOW, pid: 1, digest: digest('a'), key: 'a', bytes: 10 });
    catalogue.sync();
    expect(keysOf(catalogue)).toEqual(['a', 'b']);
  });

  it('finds what was put again though it has never heard of it', async () => {
    const catalogue = await catalogueOf();
    catalogue.sync();
    rmSync(layout.journal);
    catalogue.sync();
    await new PersistentCache({ dir }).put('c', VALUE);
    rmSync(layout.journal);
    append({ op: 'deleted', at: NOW, pid: 1, digest: digest('c'), key: 'c', bytes: 10 });
    catalogue.sync();
    expect(keysOf(catalogue)).toEqual(['a', 'b', 'c']);
  });

  it('looks again where a look at the directory has failed half-way', async () => {
    await new PersistentCache({ dir }).put('c', VALUE);
    rmSync(layout.journal);
    let isFailing = true;
    const isHere = (path: string) => path === dirname(layout.blob(digest('c')));
    const files = faultyFileSystem(({ path }) => (isFailing && isHere(path) ? 'EIO' : undefined));
    const catalogue = await catalogueOf(NOW, files);
    expect(() => {
      catalogue.sync();
    }).toThrow('EIO');
    isFailing = false;
    catalogue.sync();
    expect(keysOf(catalogue)).toEqual(['a', 'b', 'c']);
  });

  it('counts a blob that is not sound, and does not list it', async () => {
    writeFileSync(layout.blob(digest('a')), 'rubbish');
    rmSync(layout.sidecar(digest('a')));
    rmSync(layout.journal);
    const catalogue = await catalogueOf();
    catalogue.sync();
    expect(keysOf(catalogue)).toEqual(['', 'b']);
    expect(await new PersistentCache({ dir }).keys()).toEqual(['b']);
    const limited = new PersistentCache({ dir, maxEntries: 2 });
    await limited.put('c', VALUE);
    const after = await catalogueOf();
    after.sync();
    expect(after.count).toBe(2);
  });

  it("does not believe a sidecar that is another key's", async () => {
    renameSync(layout.sidecar(digest('b')), layout.sidecar(digest('a')));
    rmSync(layout.journal);
    expect(await new PersistentCache({ dir }).keys()).toEqual(['a', 'b']);
    expect((await new PersistentCache({ dir }).entries()).map(({ key }) => key)).toEqual(['a', 'b']);
  });

  it('does not list what another process is about to put', async () => {
    append(announce('soon', Date.now() / 1000));
    expect(await cache.keys()).toEqual(['a', 'b']);
    expect(await cache.entries()).toHaveLength(2);
    expect(await cache.stats()).toMatchObject({ entries: 2 });
  });
});

describe('limits', () => {
  it('evict nothing for puts that failed', async () => {
    let isFailing = false;
    const files = interceptFileSystem((call, perform) => {
      if (isFailing && call.name === 'rename' && call.to?.endsWith('.safetensors')) {
        throw systemError('EACCES', call);
      }
      return perform();
    });
    const limited = new PersistentCache({ dir, maxEntries: 3, fileSystem: files });
    await limited.put('c', VALUE);
    isFailing = true;
    for (const key of ['d', 'e', 'f']) {
      await expect(limited.put(key, VALUE)).rejects.toMatchObject({ code: 'IO' });
    }
    isFailing = false;
    await limited.put('a', VALUE);
    expect(await limited.keys()).toEqual(['a', 'b', 'c']);
  });

  it('hold where the journal could not be written', async () => {
    // One clock for all: accesses of two processes within a millisecond can't be ordered.
    const now = tickingClock(Math.ceil(Date.now() / 1000));
    const other = new PersistentCache({ dir, maxEntries: 2, now });
    await other.put('b', VALUE);
    const files = faultyFileSystem(({ path }) => (path === layout.journal ? 'EIO' : undefined));
    await new PersistentCache({ dir, fileSystem: files, maxEntries: 3, now }).put('c', VALUE);
    await new PersistentCache({ dir, maxEntries: 2, now }).put('d', VALUE);
    expect(await cache.keys()).toEqual(['c', 'd']);
  });
});
