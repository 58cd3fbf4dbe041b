/** A rewritten journal says which shards its rows tell all of; a new process lists those only if they have changed. */
import { cpSync, existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { loadChecksum } from '../../src/codec/checksum.js';
import { Catalogue, type CatalogueEntry } from '../../src/disk/catalogue.js';
import { EntryStore } from '../../src/disk/entry-store.js';
import { Journal } from '../../src/disk/journal.js';
import {
  decodeLine,
  type EntryRow,
  type JournalRecord,
  type ListedRecord,
} from '../../src/disk/journal-record.js';
import { Layout } from '../../src/disk/layout.js';
import { ShardListing } from '../../src/disk/shard-listing.js';
import { checkKey, digestOf, type KeyDigest } from '../../src/ref/key.js';
import { blobPath, openCache } from '../support/caches.js';
import { interceptFileSystem, recordingFileSystem } from '../support/recording-file-system.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const NOW = 1_700_000_000;
const digest = (key: string): KeyDigest => digestOf(checkKey(key));

/** As if every directory had last changed ten seconds earlier than it has: nobody has to wait until it is calm. */
function agedFileSystem() {
  return recordingFileSystem(
    interceptFileSystem(({ name }, perform) => {
      const result = perform();
      if (name !== 'stat') return result;
      const stats = result as { ctimeMs: number };
      stats.ctimeMs -= 10_000;
      return stats;
    }),
  );
}

let dir: string;
beforeEach(async () => {
  dir = join(temporaryDirectory(), 'cache');
  await loadChecksum();
  for (const key of ['a', 'b', 'c']) await openCache(dir).put(key, key);
});

/** What a process of its own knows of the cache, and how many shards it has listed for that. */
function look(at = dir) {
  const files = agedFileSystem();
  const layout = new Layout(at);
  const listing = new ShardListing(files, layout);
  const [journal, store] = [new Journal(files, layout), new EntryStore(files, layout)];
  const catalogue = new Catalogue(journal, store, listing, () => NOW, () => undefined); // prettier-ignore
  catalogue.sync();
  const keys = [...catalogue].map(({ key }) => key).sort();
  const listed = files.calls.filter(({ name, path }) => name === 'readdir' && path !== layout.data).length;
  return { keys, listed, catalogue, listing, journal };
}

function rowOf({ digest: of, key, kind, bytes, accessedAt }: CatalogueEntry): EntryRow {
  return [of, key, kind, bytes, accessedAt, null, null];
}

/** Rewrites the journal as a listing does that was worth it. */
function rewrite(): void {
  const { catalogue, listing, journal } = look();
  const entries = [...catalogue].map(rowOf);
  journal.rewrite({ entries, changedAt: listing.changedAt }, [], NOW);
}

describe('a new process', () => {
  it('lists no shard of which the journal tells all', () => {
    expect(look()).toMatchObject({ keys: ['a', 'b', 'c'], listed: 3 });
    rewrite();
    expect(look()).toMatchObject({ keys: ['a', 'b', 'c'], listed: 0 });
  });

  it('finds what came and what left since, whether or not the journal tells', async () => {
    rewrite();
    const journal = readFileSync(join(dir, 'journal'));
    await openCache(dir).put('d', 1);
    rmSync(blobPath(dir, 'a'));
    expect(look()).toMatchObject({ keys: ['b', 'c', 'd'], listed: 2 });
    writeFileSync(join(dir, 'journal'), journal);
    expect(look()).toMatchObject({ keys: ['b', 'c', 'd'], listed: 2 });
  });

  it('lists all where rows were lost', () => {
    rewrite();
    const path = join(dir, 'journal');
    const lines = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, lines.filter((line) => !line.includes('"entries"')).join('\n'));
    expect(look()).toMatchObject({ keys: ['a', 'b', 'c'], listed: 3 });
  });

  it('lists all of a copy, of which a part may be missing', () => {
    rewrite();
    const copy = join(temporaryDirectory(), 'copy');
    const lost = blobPath(dir, 'b');
    cpSync(dir, copy, { recursive: true, preserveTimestamps: true, filter: (path) => path !== lost });
    expect(look(copy)).toMatchObject({ keys: ['a', 'c'], listed: 3 });
  });

  it('trusts nothing that a later rewrite says of what it knows more of', async () => {
    const early = look();
    rmSync(blobPath(dir, 'a'));
    rewrite();
    early.catalogue.reconcile();
    expect([...early.catalogue].map(({ key }) => key).sort()).toEqual(['b', 'c']);
  });

  it('does not take back what it has seen gone from one that has not', () => {
    const [early, behind] = [look(), look()];
    rmSync(blobPath(dir, 'a'));
    early.catalogue.reconcile();
    const rows = [...behind.catalogue].map(rowOf);
    behind.journal.rewrite({ entries: rows, changedAt: behind.listing.changedAt }, [], NOW);
    early.catalogue.reconcile();
    expect([...early.catalogue].map(({ key }) => key).sort()).toEqual(['b', 'c']);
  });

  it('sees a directory that was away and came back as it was', () => {
    const { catalogue } = look();
    renameSync(join(dir, 'data'), join(dir, 'away'));
    catalogue.reconcile();
    expect(catalogue.count).toBe(0);
    renameSync(join(dir, 'away'), join(dir, 'data'));
    catalogue.reconcile();
    expect(catalogue.count).toBe(3);
  });

  it('lists a shard again that may have changed while it was being listed, however long that took', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const layout = new Layout(dir);
    const files = interceptFileSystem(({ name, path }, perform) => {
      const result = perform();
      if (name === 'readdir' && path !== layout.data) vi.advanceTimersByTime(1000);
      return result;
    });
    const changes = ['a', 'b', 'c'].map((key) => statSync(dirname(blobPath(dir, key))).ctimeMs);
    vi.setSystemTime(Math.max(...changes));
    try {
      const listing = new ShardListing(files, layout);
      expect([...listing.changes()].filter(({ present }) => present.size > 0)).toHaveLength(3);
      // The first was listed when it had just changed.
      expect(listing.changedAt.filter((time) => time !== null)).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    ['no times', { op: 'listed', at: 1, pid: 1, count: 3 }],
    ['times that are none', { op: 'listed', at: 1, pid: 1, count: 3, changed_at: ['x'] }],
    ['no count', { op: 'listed', at: 1, pid: 1, changed_at: [] }],
  ])('passes over a record with %s', (_, record) => {
    const journal = new Journal(agedFileSystem(), new Layout(dir));
    journal.append([record as unknown as JournalRecord]);
    expect(look()).toMatchObject({ keys: ['a', 'b', 'c'], listed: 3 });
  });
});

describe('a listing', () => {
  it('of thousands makes the next one shorter, and once is enough', async () => {
    const count = 4200;
    const cache = openCache(dir);
    for (let i = 3; i < count; i++) await cache.put(`k${i}`, i);
    const listedBy = async () => {
      const fileSystem = agedFileSystem();
      const before = readFileSync(join(dir, 'journal'));
      expect(await openCache(dir, { fileSystem }).keys()).toHaveLength(count);
      const listed = fileSystem.calls.filter(
        ({ name, path }) => name === 'readdir' && path.includes('data/'),
      );
      return { shards: listed.length, rewrote: !before.equals(readFileSync(join(dir, 'journal'))) };
    };
    expect(await listedBy()).toEqual({ shards: 256, rewrote: true });
    expect(await listedBy()).toEqual({ shards: 0, rewrote: false });
  });

  it('keeps a shard to be listed that holds a blob without a name, or is about to get another', async () => {
    const count = 4200;
    const cache = openCache(dir);
    for (let i = 3; i < count; i++) await cache.put(`k${i}`, i);
    writeFileSync(blobPath(dir, 'a'), 'rubbish');
    rmSync(join(dir, 'meta'), { recursive: true });
    rmSync(join(dir, 'journal'));
    const at = Date.now() / 1000;
    const ghost = { digest: digest('ghost'), key: 'ghost', kind: 'value', bytes: 7 } as const;
    new Journal(agedFileSystem(), new Layout(dir)).append([{ op: 'put', at, pid: 1, ...ghost }]);
    await openCache(dir, { fileSystem: agedFileSystem() }).keys();
    const lines = readFileSync(join(dir, 'journal'), 'utf8').split('\n');
    const records = lines.map((line) => decodeLine(Buffer.from(line))).filter((each) => each !== undefined);
    const listed = records.find(({ op }) => op === 'listed');
    const shards = ['a', 'ghost'].map((key) => Number.parseInt(digest(key).slice(0, 2), 16));
    expect(listed).toMatchObject({ count });
    const times = (listed as ListedRecord).changed_at;
    expect(times.flatMap((time, index) => (time === null ? [index] : []))).toEqual(
      shards.sort((a, b) => a - b),
    );
    expect(existsSync(blobPath(dir, 'a'))).toBe(true);
  });
});
