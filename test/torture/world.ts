/**
 * A cache directory with one entry of every sort, in memory, so that it can be laid down thousands of times; what
 * can be done to it; and what each key may hold afterwards.
 */
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { nodeFileSystem, type FileSystem } from '../../src/disk/file-system.js';
import { machineTag } from '../../src/disk/process-identity.js';
import { shardOf } from '../../src/disk/layout.js';
import { PersistentCache } from '../../src/disk/persistent-cache.js';
import { encodeLine } from '../../src/disk/journal-record.js';
import type { PersistentCacheOptions } from '../../src/disk/options.js';
import { checkKey, digestOf } from '../../src/ref/key.js';
import { blobPath, filesUnder, sidecarPath } from '../support/caches.js';
import { firstDifference } from '../support/identical.js';
import { DATA_REF, fieldsOf, sampleLightCurve } from '../support/light-curves.js';

const shardOfKey = (key: string) => shardOf(digestOf(checkKey(key)));

/** A key with this beginning that has the shard of the light curve: few directories are quickly laid down. */
function keyInShard(start: string): string {
  for (let i = 0; ; i++) if (shardOfKey(`${start}${i}`) === shardOfKey(DATA_REF)) return `${start}${i}`;
}

export const A = keyInShard('a');
const B = keyInShard('b');
const C = keyInShard('c');
/** Computed from A. */
const PRODUCT = keyInShard('product');
const KEYS: readonly string[] = [DATA_REF, A, B, C, PRODUCT];
/** Keys that only operations put, with shards of their own. */
export const NEW_KEY = 'n';
export const OTHER_KEY = 'o';
/** Records: more than a journal may have before it is rewritten (disk/catalogue.ts). */
const LONG_JOURNAL = 4200;
/** In the damaged cache only. */
const CORRUPT = keyInShard('corrupt');
const STRANGER = keyInShard('stranger');
const ORPHAN = keyInShard('orphan');

const VERSIONS = ['old', 'new', 'newer'] as const;
type Version = (typeof VERSIONS)[number];

export function valueOf(key: string, version: Version): unknown {
  if (key === DATA_REF) return sampleLightCurve(version === 'old' ? 16 : 17);
  const power = Float64Array.from({ length: 8 }, (_, i) => i + key.length + VERSIONS.indexOf(version) / 4);
  return { key, version, power };
}

type Files = ReadonlyMap<string, Buffer>;

/** Entries were put in the order of KEYS, a second apart, minutes ago. */
async function makeFiles(damage: (dir: string) => void): Promise<Files> {
  const dir = mkdtempSync(join(tmpdir(), 'tess-cache-world-'));
  let now = Math.floor(Date.now() / 1000) - 600;
  const cache = new PersistentCache({ dir, now: () => now++ });
  for (const key of KEYS) {
    const a = key === PRODUCT ? await cache.metadata(A) : undefined;
    const inputs = a === undefined ? [] : [{ key: A, sha256: a.sha256 }];
    const lineage = { kind: 'x', producer: 'test', version: '1', inputs, params: {} };
    await cache.put(key, valueOf(key, 'old'), a === undefined ? {} : { lineage });
  }
  await cache.pin([B], { name: 'run' });
  damage(dir);
  const files = new Map(filesUnder(dir).map((path) => [path, readFileSync(join(dir, path))]));
  rmSync(dir, { recursive: true });
  return files;
}

let sound: Promise<Files> | undefined;
let damaged: Promise<Files> | undefined;

/** Nothing is wrong in it. */
export function soundFiles(): Promise<Files> {
  return (sound ??= makeFiles(() => undefined));
}

/** One of each thing that `verify` finds; the values of KEYS are all to be had. */
export function damagedFiles(): Promise<Files> {
  return (damaged ??= makeFiles((dir) => {
    const write = (path: string, bytes: string | Buffer) => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
    };
    write(blobPath(dir, CORRUPT), 'not a blob');
    write(sidecarPath(dir, CORRUPT), readFileSync(sidecarPath(dir, A)));
    write(blobPath(dir, STRANGER), readFileSync(blobPath(dir, A)));
    write(sidecarPath(dir, ORPHAN), readFileSync(sidecarPath(dir, A)));
    write(sidecarPath(dir, A), readFileSync(sidecarPath(dir, B)));
    rmSync(sidecarPath(dir, C));
    write(join(dir, 'data', '00', 'stray.txt'), 'stray');
    write(join(dir, 'tmp', leftoverName(0)), 'half a blob');
  }));
}

/** Appends so much to the journal that the next put rewrites it. */
export function lengthenJournal(dir: string): void {
  const entry = { digest: digestOf(checkKey(A)), key: A, kind: 'value', bytes: 1 } as const;
  const line = encodeLine({ op: 'put', at: 1, pid: 1, ...entry });
  appendFileSync(join(dir, 'journal'), Buffer.concat(Array.from({ length: LONG_JOURNAL }, () => line)));
}

/** A process that has ended. */
const DEAD_PID = spawnSync(process.execPath, ['--version']).pid;

/** What the names of leftovers have and those of living processes have not. */
export const LEFTOVER = `-${DEAD_PID}-`;

/** As a process that was killed leaves it. */
function leftoverName(count: number): string {
  return `${machineTag()}${LEFTOVER}${count}-${'0'.repeat(12)}`;
}

/** Makes what is in tmp/ the leftovers of a process that is dead. Returns how many there are. */
export function orphanTemporaries(dir: string): number {
  const tmp = join(dir, 'tmp');
  const names = existsSync(tmp) ? readdirSync(tmp).filter((name) => !name.includes(LEFTOVER)) : [];
  for (const [index, name] of names.entries())
    renameSync(join(tmp, name), join(tmp, leftoverName(index + 1)));
  return names.length;
}

/** In memory where the system has a place for that: there it is laid down ten times as fast. */
export function worldDirectory(): string {
  const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const dir = mkdtempSync(join(parent, 'tess-cache-world-'));
  onTestFinished(() => {
    rmSync(dir, { recursive: true, force: true });
  });
  return join(dir, 'cache');
}

export function layDown(files: Files, dir: string): void {
  rmSync(dir, { recursive: true, force: true });
  const past = Date.now() / 1000 - 300;
  const made = new Set<string>();
  for (const [path, bytes] of files) {
    const parent = dirname(path);
    if (!made.has(parent)) mkdirSync(join(dir, parent), { recursive: true, mode: 0o700 });
    made.add(parent);
    writeFileSync(join(dir, path), bytes, { mode: 0o600 });
    utimesSync(join(dir, path), past, past);
  }
  for (const parent of made) utimesSync(join(dir, parent), past, past);
}

/** What stands under each key, as a process of its own with a sound file system sees it. */
export async function outcomes(dir: string): Promise<Map<string, string>> {
  const cache = new PersistentCache({ dir });
  const found = new Map<string, string>();
  for (const key of [...KEYS, NEW_KEY, OTHER_KEY]) {
    const read = await cache.lookup(key);
    found.set(key, read.hit ? versionOf(key, read.value) : read.reason);
  }
  return found;
}

function versionOf(key: string, value: unknown): string {
  const isSame = (version: Version) => {
    const expected = valueOf(key, version);
    if (key !== DATA_REF) return firstDifference(value, expected) === undefined;
    return firstDifference(fieldsOf(value as never), fieldsOf(expected as never)) === undefined;
  };
  return VERSIONS.find(isSame) ?? 'WRONG';
}

export interface Verb {
  readonly name: string;
  readonly files?: 'damaged';
  readonly hasLongJournal?: true;
  readonly options?: Omit<PersistentCacheOptions, 'dir' | 'fileSystem'>;
  readonly act: (cache: PersistentCache) => Promise<unknown>;
  /** What a key may hold when it is over or was broken off; the others hold the old value. */
  readonly may?: Outcomes;
  /** And where one of its calls failed: what resists is not evicted, and gives way to the next. */
  readonly mayOnFault?: Outcomes;
}

type Outcomes = Readonly<Partial<Record<string, readonly string[]>>>;

const REMOVED = ['old', 'absent'];
const ALL_REMOVED = Object.fromEntries(KEYS.map((key) => [key, REMOVED]));
const put = (key: string) => (cache: PersistentCache) => cache.put(key, valueOf(key, 'new'));

/** Everything that can be done to a cache. A product whose input was replaced is stale. */
export const VERBS: readonly Verb[] = [
  { name: 'put of a new key', act: put(NEW_KEY), may: { [NEW_KEY]: ['new', 'absent'] } },
  { name: 'put that replaces', act: put(A), may: { [A]: ['old', 'new'], [PRODUCT]: ['old', 'stale'] } },
  { name: 'put of a light curve', act: put(DATA_REF), may: { [DATA_REF]: ['old', 'new'] } },
  {
    name: 'put that evicts',
    options: { maxEntries: 4 },
    act: put(NEW_KEY),
    may: { [NEW_KEY]: ['new', 'absent'], [DATA_REF]: REMOVED, [A]: REMOVED },
    mayOnFault: { [C]: REMOVED, [PRODUCT]: REMOVED },
  },
  {
    name: 'put that rewrites the journal',
    hasLongJournal: true,
    act: put(C),
    may: { [C]: ['old', 'new'] },
  },
  { name: 'durable put', options: { durable: true }, act: put(C), may: { [C]: ['old', 'new'] } },
  { name: 'get', act: (cache) => cache.get(A) },
  { name: 'get of a product', act: (cache) => cache.get(PRODUCT) },
  { name: 'get that mends a sidecar', files: 'damaged', act: (cache) => cache.get(A) },
  { name: 'get of a corrupt blob', files: 'damaged', act: (cache) => cache.get(CORRUPT) },
  { name: "get of a stranger's blob", files: 'damaged', act: (cache) => cache.get(STRANGER) },
  { name: 'lookup', act: (cache) => cache.lookup(DATA_REF) },
  { name: 'metadata', files: 'damaged', act: (cache) => cache.metadata(C) },
  { name: 'has', act: (cache) => cache.has(A) },
  { name: 'keys', files: 'damaged', act: (cache) => cache.keys() },
  { name: 'entries', files: 'damaged', act: (cache) => cache.entries() },
  { name: 'stats', act: (cache) => cache.stats() },
  { name: 'explain', act: (cache) => cache.explain(A) },
  { name: 'delete', act: (cache) => cache.delete(A), may: { [A]: REMOVED } },
  { name: 'clear of some', act: (cache) => cache.clear({ prefix: C }), may: { [C]: REMOVED } },
  { name: 'clear', files: 'damaged', act: (cache) => cache.clear(), may: ALL_REMOVED },
  {
    name: 'invalidate',
    act: (cache) => cache.invalidate(A, { downstream: true }),
    may: { [A]: REMOVED, [PRODUCT]: REMOVED },
  },
  { name: 'pin', act: (cache) => cache.pin([C], { name: 'other' }) },
  { name: 'unpin', act: (cache) => cache.unpin('run') },
  { name: 'pins', act: (cache) => cache.pins() },
  { name: 'history', act: (cache) => cache.history() },
  { name: 'verify', files: 'damaged', act: (cache) => cache.verify() },
  { name: 'verify with repair', files: 'damaged', act: (cache) => cache.verify({ repair: true }) },
];

/** Whether what stands under each key is what may. Returns what is not so. */
export function unexpected(
  may: readonly (Outcomes | undefined)[],
  found: ReadonlyMap<string, string>,
): string[] {
  return [...found].flatMap(([key, outcome]) => {
    const allowed = may.flatMap((each) => each?.[key] ?? []);
    const before = KEYS.includes(key) ? 'old' : 'absent';
    return [before, ...allowed].includes(outcome) ? [] : [`${key}: ${outcome}`];
  });
}

/** Where the disk is full, entries are evicted for a put; the one it replaces is not. */
export function mayOnFullDisk({ name, may = {} }: Verb): Outcomes {
  const isPut = (key: string) => may[key]?.includes('new');
  const evictable = Object.entries(ALL_REMOVED).filter(([key]) => !isPut(key));
  return name.includes('put') ? Object.fromEntries(evictable) : {};
}

/** An instance on the directory. `isWarm`: it knows already what is there. */
export async function openFor(verb: Verb, dir: string, isWarm: boolean, files: FileSystem = nodeFileSystem) {
  const cache = new PersistentCache({ ...verb.options, dir, fileSystem: files });
  if (isWarm) {
    await cache.keys();
    await cache.peek(A);
  }
  if (verb.hasLongJournal === true) lengthenJournal(dir);
  return cache;
}
