/**
 * Two processes at once, with every interleaving in which one of them does all it does between two system calls of
 * the other. What is left must be what one after the other would leave, in one of the two orders.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadChecksum } from '../../src/codec/checksum.js';
import { Catalogue } from '../../src/disk/catalogue.js';
import { EntryStore } from '../../src/disk/entry-store.js';
import { nodeFileSystem } from '../../src/disk/file-system.js';
import { Journal } from '../../src/disk/journal.js';
import { Layout } from '../../src/disk/layout.js';
import type { PersistentCacheOptions } from '../../src/disk/options.js';
import { PersistentCache } from '../../src/disk/persistent-cache.js';
import { ShardListing } from '../../src/disk/shard-listing.js';
import { filesUnder } from '../support/caches.js';
import { interceptFileSystem, type FileCall } from '../support/recording-file-system.js';
import { isLong, report } from '../support/torture.js';
import {
  A,
  NEW_KEY,
  OTHER_KEY,
  layDown,
  lengthenJournal,
  outcomes,
  soundFiles,
  valueOf,
  worldDirectory,
} from './world.js';

beforeAll(loadChecksum);

interface Doing {
  readonly name: string;
  readonly options?: Omit<PersistentCacheOptions, 'dir' | 'fileSystem'>;
  readonly act: (cache: PersistentCache) => Promise<unknown>;
  readonly hasLongJournal?: true;
}

const LIMITED = { maxEntries: 5 };

const FIRST: readonly Doing[] = [
  { name: 'a put of a new key', act: (cache) => cache.put(NEW_KEY, valueOf(NEW_KEY, 'new')) },
  { name: 'a put that replaces', act: (cache) => cache.put(A, valueOf(A, 'new')) },
  {
    name: 'a put that evicts',
    options: LIMITED,
    act: (cache) => cache.put(NEW_KEY, valueOf(NEW_KEY, 'new')),
  },
  { name: 'a delete', act: (cache) => cache.delete(A) },
  { name: 'a clear', act: (cache) => cache.clear() },
  { name: 'a get', act: (cache) => cache.get(A) },
  { name: 'a lookup', act: (cache) => cache.lookup(A) },
  { name: 'a listing', act: (cache) => cache.entries() },
  { name: 'a repair', act: (cache) => cache.verify({ repair: true }) },
];

const SECOND: readonly Doing[] = [
  { name: 'a put of another key', act: (cache) => cache.put(OTHER_KEY, valueOf(OTHER_KEY, 'new')) },
  { name: 'a put of the same key', act: (cache) => cache.put(A, valueOf(A, 'newer')) },
  {
    name: 'a put that evicts too',
    options: LIMITED,
    act: (cache) => cache.put(OTHER_KEY, valueOf(OTHER_KEY, 'new')),
  },
  { name: 'a delete', act: (cache) => cache.delete(A) },
  { name: 'a clear', act: (cache) => cache.clear() },
  { name: 'a get', act: (cache) => cache.get(A) },
];

type Files = ReadonlyMap<string, Buffer>;

/** Both instances, each of which knows already what is there, on a directory as it was in the beginning. */
async function stage(
  files: Files,
  dir: string,
  first: Doing,
  second: Doing,
  before: (call: FileCall) => void,
) {
  layDown(files, dir);
  const intercepted = interceptFileSystem((call, perform) => {
    before(call);
    return perform();
  });
  const a = new PersistentCache({ ...first.options, dir, fileSystem: intercepted });
  const b = new PersistentCache({ ...second.options, dir });
  for (const cache of [a, b]) await cache.keys();
  if (first.hasLongJournal === true) lengthenJournal(dir);
  return { a, b };
}

/** What is left when the one is done before the other. */
async function oneAfterTheOther(files: Files, dir: string, first: Doing, second: Doing) {
  const results = [];
  for (const isSwapped of [false, true]) {
    const { a, b } = await stage(files, dir, first, second, () => undefined);
    if (isSwapped) await second.act(b);
    await first.act(a);
    if (!isSwapped) await second.act(b);
    results.push(await outcomes(dir));
  }
  return results;
}

function catalogueOf(dir: string): Catalogue {
  const layout = new Layout(dir);
  const journal = new Journal(nodeFileSystem, layout);
  const store = new EntryStore(nodeFileSystem, layout);
  const listing = new ShardListing(nodeFileSystem, layout);
  return new Catalogue(
    journal,
    store,
    listing,
    () => Date.now() / 1000,
    () => undefined,
  );
}

/** A journal of this length was there to be rewritten. */
const LONG_BYTES = 100_000;
let cases = 0;

async function interleave(files: Files, first: Doing, second: Doing): Promise<number> {
  const dir = worldDirectory();
  const serial = await oneAfterTheOther(files, dir, first, second);
  const calls = await callsOf(files, dir, first, second);
  // The short form takes every third call, the next pair the ones beside them.
  for (let at = isLong ? 0 : cases % 3; at < calls.length; at += isLong ? 1 : 3) {
    let [isArmed, count] = [false, 0];
    let done: Promise<unknown> | undefined;
    let where = `${first.name} and ${second.name}`;
    const { a, b } = await stage(files, dir, first, second, (call) => {
      if (!isArmed || count++ !== at) return;
      isArmed = false;
      where += ` before call ${at} (${call.name} ${call.path.slice(dir.length + 1)})`;
      // All of it happens here and now: the disk's calls are synchronous.
      done = second.act(b);
    });
    const third = catalogueOf(dir);
    third.sync();
    isArmed = true;
    const result = await first.act(a);
    await done;
    cases++;

    expect(statSync(join(dir, 'journal')).size, where).toBeLessThan(LONG_BYTES);
    const { problems } = await new PersistentCache({ dir }).verify();
    expect(problems, where).toEqual([]);
    expect(
      filesUnder(dir).filter((path) => path.startsWith('tmp')),
      where,
    ).toEqual([]);
    third.sync();
    expect([...third].map(({ digest }) => digest).sort(), `${where}: what a third process knows`).toEqual(
      digestsIn(dir),
    );
    const removes = /delete|clear/.test(second.name);
    if (first.name === 'a get' && !removes) expect(result, `${where}: a miss`).toBeDefined();
    const found = await outcomes(dir);
    expect(serial, where).toContainEqual(found);
  }
  return calls.length;
}

/** The calls that the first makes when the second does nothing. */
async function callsOf(files: Files, dir: string, first: Doing, second: Doing): Promise<FileCall[]> {
  const calls: FileCall[] = [];
  let isArmed = false;
  const { a } = await stage(files, dir, first, second, (call) => {
    if (isArmed) calls.push(call);
  });
  isArmed = true;
  await first.act(a);
  return calls;
}

function digestsIn(dir: string): string[] {
  return readdirSync(join(dir, 'data'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.safetensors'))
    .map((name) => name.slice(3, -'.safetensors'.length))
    .sort();
}

describe.each(FIRST)('$name, and between any two of its system calls', (first) => {
  it.each(SECOND)('$name', async (second) => {
    const calls = await interleave(await soundFiles(), first, second);
    expect(calls).toBeGreaterThan(3);
    report('interleavings', { cases });
  });
});

describe('a put that rewrites the journal, and between any two of its system calls', () => {
  const first: Doing = { ...FIRST[1], hasLongJournal: true };
  it.each(SECOND)('$name', async (second) => {
    await interleave(await soundFiles(), first, second);
    report('interleavings', { cases });
  });
});
