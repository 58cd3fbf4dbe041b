/** One of several threads in one of several processes that share a cache directory: does what it is told. */
import { parentPort, workerData } from 'node:worker_threads';
import { below, randomFrom } from './random.mjs';
import { faultOf, makeValue } from './self-checking-value.mjs';

const { module, by, seed } = workerData;
/** @type {typeof import('../src/index.js')} */
const { PersistentCache } = await import(module);
const random = randomFrom(seed);
let n = 0;

/** @typedef {import('../src/index.js').PersistentCache} Cache */
/** @type {Map<string, Cache>} */
const caches = new Map();

/**
 * One instance for a directory, for as long as the thread lives: what it knows of others gets old.
 * @param {import('../src/index.js').PersistentCacheOptions & { dir: string }} options
 */
function cacheOf(options) {
  const open = caches.get(options.dir);
  if (open !== undefined) return open;
  const cache = new PersistentCache(options);
  caches.set(options.dir, cache);
  return cache;
}

/** @param {string} key */
const valueFor = (key) => makeValue(key, by, ++n, random);

/**
 * What is read, and whether it may be missing.
 * @param {Cache} cache
 * @param {string} key
 * @param {string[]} violations
 */
async function read(cache, key, violations) {
  const found = await cache.lookup(key);
  if (!found.hit) {
    if (found.reason !== 'absent') violations.push(`miss of ${key}: ${found.reason}, ${found.detail}`);
    return undefined;
  }
  const fault = faultOf(key, found.value);
  if (fault !== undefined) violations.push(fault);
  return /** @type {import('./self-checking-value.mjs').SelfChecking} */ (found.value);
}

/** @typedef {import('./company.mjs').Mix} Mix */

/** @type {Record<string, (cache: Cache, args: any) => Promise<unknown>>} */
const acts = {
  /** Everything at random for a while. @param {Cache} cache @param {Mix} mix */
  async mix(cache, { milliseconds, steady, comingAndGoing }) {
    const counts = { puts: 0, reads: 0, 'reads of steady keys': 0, 'deletes and clears': 0 };
    /** @type {string[]} */
    const violations = [];
    /** Last puts under keys that nobody else writes. @type {Map<string, number>} */
    const mine = new Map();
    const end = performance.now() + milliseconds;
    while (performance.now() < end) {
      const chance = random();
      const passing = `passing:${below(random, comingAndGoing)}`;
      const fixed = `steady:${below(random, steady)}`;
      if (chance < 0.15) {
        await cache.put(fixed, valueFor(fixed));
        counts.puts++;
      } else if (chance < 0.5) {
        const value = await read(cache, fixed, violations);
        if (value === undefined) violations.push(`miss of ${fixed}, which was only ever replaced`);
        counts['reads of steady keys']++;
      } else if (chance < 0.65) {
        await cache.put(passing, valueFor(passing));
        counts.puts++;
      } else if (chance < 0.75) {
        const key = `only:${by}:${below(random, 4)}`;
        const value = valueFor(key);
        await cache.put(key, value);
        mine.set(key, value.n);
        counts.puts++;
      } else if (chance < 0.85) {
        const key = `only:${by}:${below(random, 4)}`;
        const value = await read(cache, key, violations);
        if (value !== undefined && value.n !== mine.get(key)) {
          violations.push(`${key} has put ${value.n}, the last was ${mine.get(key)}`);
        }
        counts.reads++;
      } else if (chance < 0.94) {
        await read(cache, passing, violations);
        counts.reads++;
      } else {
        if (chance < 0.99) await cache.delete(passing);
        else await cache.clear({ prefix: `passing:${below(random, 10)}` });
        counts['deletes and clears']++;
      }
    }
    return { counts, violations };
  },

  /** @param {Cache} cache @param {{ key: string, times: number }} args */
  async put(cache, { key, times }) {
    for (let i = 0; i < times; i++) await cache.put(key, valueFor(key));
  },

  /** What is read under keys: who put it, and which of its puts. @param {Cache} cache @param {string[]} keys */
  async get(cache, keys) {
    /** @type {string[]} */
    const violations = [];
    const found = [];
    for (const key of keys) {
      const value = await read(cache, key, violations);
      found.push(violations.length > 0 ? violations.join() : value && `${value.by} ${value.n}`);
    }
    return found;
  },

  /** @param {Cache} cache */
  async keys(cache) {
    return cache.keys();
  },
};

parentPort?.on('message', async ({ id, act, options, args }) => {
  try {
    parentPort?.postMessage({ id, result: await acts[act](cacheOf(options), args) });
  } catch (error) {
    parentPort?.postMessage({ id, failure: String(error) });
  }
});
parentPort?.postMessage({ id: -1 });
