/**
 * Kills for real: processes that put, get, delete, clear and evict at random are ended by SIGKILL at any point, and
 * what they leave behind is held against what they had written down.
 *
 *   node torture/kills.mjs [SECONDS [SEED]]       after `npm run build`
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { readLog } from './kill-log.mjs';
import { blobsOf, filesUnder } from './leftovers.mjs';
import { below, randomFrom } from './random.mjs';
import { faultOf } from './self-checking-value.mjs';

const WORKER = fileURLToPath(new URL('kill-worker.mjs', import.meta.url));
const BUILT = fileURLToPath(new URL('../dist/index.js', import.meta.url));
const LIMITS = { maxEntries: 40, maxBytes: 2_000_000 };
const SHARED_KEYS = 120;
const OWN_KEYS = 12;
/** Puts that one process can number. */
const NUMBERS = 1_000_000;
/** Deeds that a process is left to do, at most, and milliseconds that it may be at the last: the kill comes anywhere. */
const MOST_DEEDS = 25;
const LATEST = 8;
/** What kills may leave; anything else was never right. */
const LEFT_BY_KILLS = ['leftover', 'missing-sidecar', 'wrong-sidecar', 'orphan-sidecar'];

/**
 * @typedef {object} Orders of one worker
 * @property {string} module URL of the package
 * @property {string} dir
 * @property {string} log
 * @property {number} slot it is the only one to write this slot's own keys
 * @property {string} by
 * @property {number} firstN
 * @property {number} seed
 * @property {number} writers
 * @property {{ maxEntries: number, maxBytes: number }} limits
 * @property {number} sharedKeys
 * @property {number} ownKeys
 * @property {[key: string, n: number][]} known puts that were complete before it was born
 */
/** @typedef {{ violations: string[] } & Record<string, number | string[]>} Figures */
/** @typedef {import('./self-checking-value.mjs').SelfChecking} SelfChecking */

/**
 * @param {object} [options]
 * @param {number} [options.seconds]
 * @param {number} [options.seed]
 * @param {number} [options.writers]
 * @param {number} [options.maxKills] it ends sooner when there have been so many
 * @param {string} [options.module] path of the package's index.js; dist/index.js by default
 * @returns {Promise<Figures>} no violations: every promise was kept
 */
export async function kills({
  seconds = 60,
  seed = 1,
  writers = 5,
  maxKills = Infinity,
  module = BUILT,
} = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'tess-cache-kills-'));
  const url = pathToFileURL(module).href;
  /** @type {typeof import('../src/index.js')} */
  const { PersistentCache } = await import(url);
  const witness = new PersistentCache({ dir: join(dir, 'kept'), readOnly: true });
  const started = performance.now();
  const figures = {
    ...{ seconds: 0, kills: 0, 'kills within a put': 0, 'kills within a delete or clear': 0 },
    ...{ 'puts acknowledged': 0, 'values read and checked': 0, 'deletes and clears': 0 },
  };
  /** @type {string[]} */
  const violations = [];
  /** Keys of puts that were begun, by writer. @type {Map<string, Map<number, string>>} */
  const begun = new Map();
  /** Distinct values that were read, until it is known who began them. @type {Map<string, [string, string, number]>} */
  const observed = new Map();
  /** Of all own keys, what the last put must have left. @type {Map<string, number>} */
  const settled = new Map();

  const isOver = () => performance.now() - started > seconds * 1000 || figures.kills >= maxKills;

  /** @param {number} slot */
  async function haunt(slot) {
    const random = randomFrom(seed * 1000 + slot);
    for (let life = 1; !isOver(); life++) {
      const by = `${slot}.${life}`;
      const log = join(dir, `log-${by}`);
      /** @type {Orders} */
      const orders = {
        ...{ module: url, dir, log, slot, by, writers, limits: LIMITS, sharedKeys: SHARED_KEYS },
        ...{ firstN: life * NUMBERS, seed: below(random, 2 ** 32), ownKeys: OWN_KEYS, known: [...settled] },
      };
      const child = spawn(process.execPath, [WORKER, JSON.stringify(orders)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(child, 'exit');
      await Promise.race([dots(child.stdout, 1 + below(random, MOST_DEEDS)), ended]);
      await pause(below(random, LATEST));
      const isKilled = child.kill('SIGKILL');
      await ended;
      if (!isKilled) violations.push(`ended by itself: ${by}`);
      figures.kills++;
      await examine(slot, by, log);
      rmSync(log);
    }
  }

  /**
   * @param {number} slot
   * @param {string} by
   * @param {string} log
   */
  async function examine(slot, by, log) {
    const deeds = readLog(log);
    const [deed, unfinishedKey, unfinishedN] = deeds.unfinished;
    if (deed === 'put') figures['kills within a put']++;
    else if (deed !== undefined) figures['kills within a delete or clear']++;
    figures['puts acknowledged'] += deeds.counts.puts;
    figures['values read and checked'] += deeds.counts.gets;
    figures['deletes and clears'] += deeds.counts.removals;
    begun.set(by, deeds.begun);
    for (const one of deeds.got) observed.set(one.join(' '), one);
    violations.push(...deeds.violations.map((text) => `${text} (seen by ${by})`));
    for (let i = 0; i < OWN_KEYS; i++) {
      const key = `own:${slot}:${i}`;
      const complete = deeds.acknowledged.get(key) ?? settled.get(key);
      const begunLast = unfinishedKey === key ? Number(unfinishedN) : undefined;
      const n = await numberOf(key);
      if (n !== complete && n !== begunLast) {
        violations.push(`lost: ${key} has put ${n} after ${by} was killed; ${complete} was acknowledged`);
      }
      if (n !== undefined) settled.set(key, n);
    }
  }

  /**
   * The put whose value an own key has, read without a trace.
   * @param {string} key
   */
  async function numberOf(key) {
    const found = await witness.peek(key);
    if (!found.hit) return undefined;
    const fault = faultOf(key, found.value);
    if (fault !== undefined) violations.push(fault);
    return /** @type {SelfChecking} */ (found.value).n;
  }

  await Promise.all(Array.from({ length: writers }, async (_, slot) => haunt(slot)));

  for (const [key, by, n] of observed.values()) {
    if (begun.get(by)?.get(n) !== key) violations.push(`invented: put ${n} of ${by} under ${key}`);
  }

  const crowded = new PersistentCache({ dir: join(dir, 'crowded'), ...LIMITS });
  await crowded.put('after', { all: 'this' });
  const blobs = blobsOf(crowded.dir);
  const listed = (await crowded.keys()).length;
  if (blobs.count > LIMITS.maxEntries || blobs.bytes > LIMITS.maxBytes || listed !== blobs.count) {
    violations.push(`limits: ${blobs.count} blobs of ${blobs.bytes} bytes, ${listed} listed`);
  }
  await crowded.delete('after');

  /** @type {Record<string, number>} */
  const found = { repaired: 0, 'leftovers of the dead': 0 };
  for (const cache of [crowded, new PersistentCache({ dir: join(dir, 'kept') })]) {
    const { problems } = await cache.verify({ repair: true });
    for (const { problem, path, detail, repaired } of problems) {
      if (!LEFT_BY_KILLS.includes(problem)) violations.push(`${problem}: ${path}, ${detail}`);
      if (!repaired) violations.push(`not repaired: ${path}, ${detail}`);
      found[problem === 'leftover' ? 'leftovers of the dead' : 'repaired']++;
    }
    const again = await cache.verify();
    for (const { problem, path } of again.problems) violations.push(`after repair: ${problem} ${path}`);
    for (const path of [
      ...filesUnder(join(cache.dir, 'tmp')),
      ...filesUnder(join(cache.dir, 'quarantine')),
    ]) {
      violations.push(`left behind: ${path}`);
    }
    for (const key of await cache.keys()) {
      const value = await cache.get(key);
      const fault = faultOf(key, value);
      if (fault !== undefined) violations.push(fault);
    }
  }
  for (const [key, n] of settled) {
    const last = await numberOf(key);
    if (last !== n) violations.push(`lost: ${key} has put ${last} in the end, and had ${n}`);
  }

  if (violations.length === 0) rmSync(dir, { recursive: true });
  figures.seconds = Math.round((performance.now() - started) / 1000);
  return {
    ...figures,
    'own entries at the end': settled.size,
    'blobs at the limit of 40': blobs.count,
    'leftovers of the dead, removed': found['leftovers of the dead'],
    'sidecars, repaired': found.repaired,
    violations: violations.length === 0 ? [] : [`evidence in ${dir}`, ...violations],
  };
}

/**
 * Until so many bytes have been printed.
 * @param {import('node:stream').Readable} stream
 * @param {number} count
 */
async function dots(stream, count) {
  let seen = 0;
  await new Promise((resolve) => {
    stream.on('data', (/** @type {Buffer} */ data) => {
      seen += data.length;
      if (seen >= count) resolve(undefined);
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [seconds = 30, seed = 1] = process.argv.slice(2).map(Number);
  const figures = await kills({ seconds, seed });
  console.log(figures);
  process.exitCode = figures.violations.length === 0 ? 0 : 1;
}
