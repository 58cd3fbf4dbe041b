/**
 * Company: processes of several threads each share one directory, with the same keys and different ones, evictions
 * and clears. Nobody is killed here; see kills.mjs.
 *
 *   node torture/company.mjs [SECONDS [SEED]]     after `npm run build`
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { blobsOf } from './leftovers.mjs';
import { below, randomFrom } from './random.mjs';

const WORKER = fileURLToPath(new URL('company-worker.mjs', import.meta.url));
const BUILT = fileURLToPath(new URL('../dist/index.js', import.meta.url));
const STEADY = 6;
const COMING_AND_GOING = 150;
const MAX_ENTRIES = 40;
const BURST = 15;

/** @typedef {{ milliseconds: number, steady: number, comingAndGoing: number }} Mix */
/** @typedef {{ violations: string[] } & Record<string, number | string[]>} Figures */
/** @typedef {import('../src/index.js').PersistentCacheOptions & { dir: string }} Options */

/**
 * @param {object} [options]
 * @param {number} [options.seconds] of everything at random; the duels and evictions after it take a few more
 * @param {number} [options.seed]
 * @param {number} [options.processes] at least 2
 * @param {number} [options.threads] of each
 * @param {number} [options.rounds] of duels, and of evictions
 * @param {string} [options.module] path of the package's index.js; dist/index.js by default
 * @returns {Promise<Figures>} no violations: every promise was kept
 */
export async function company({
  seconds = 30,
  seed = 1,
  processes = 4,
  threads = 3,
  rounds = 100,
  module = BUILT,
} = {}) {
  const root = mkdtempSync(join(tmpdir(), 'tess-cache-company-'));
  const url = pathToFileURL(module).href;
  /** @type {typeof import('../src/index.js')} */
  const { PersistentCache } = await import(url);
  const started = performance.now();
  const random = randomFrom(seed);
  const members = await Promise.all(
    Array.from({ length: processes }, async (_, name) =>
      Member.start(url, name, threads, seed * 1000 + name * 100),
    ),
  );
  /** @type {string[]} */
  const violations = [];

  /** @type {(act: string, options: Options, args?: unknown) => Promise<any[]>} */
  const tellAll = async (act, options, args) =>
    Promise.all(
      members.flatMap((member) =>
        Array.from({ length: threads }, async (_, thread) => member.tell(thread, act, options, args)),
      ),
    );

  /** @param {string[]} keys @param {Options} options */
  async function requireAgreement(keys, options) {
    const [first, ...others] = await tellAll('get', options, keys);
    keys.forEach((key, i) => {
      const found = new Set([first, ...others].map((read) => read[i]));
      if (found.size !== 1 || found.has(undefined))
        violations.push(`${key}: read as ${[...found].join(', ')}`);
    });
  }

  /** @param {Options} options */
  async function requireCleanDirectory(options) {
    const cache = new PersistentCache(options);
    const { problems, checked } = await cache.verify();
    for (const { problem, path, detail } of problems) violations.push(`${problem}: ${path}, ${detail}`);
    const keys = JSON.stringify(await cache.keys());
    for (const known of await tellAll('keys', options)) {
      if (JSON.stringify(known) !== keys)
        violations.push(`a listing of ${known.length}, there are ${checked}`);
    }
    return checked;
  }

  /** Everything at random, and then the dust settles. */
  async function crowd() {
    const options = { dir: join(root, 'crowd'), maxEntries: MAX_ENTRIES };
    const keys = Array.from({ length: STEADY }, (_, i) => `steady:${i}`);
    await new PersistentCache(options).pin(keys, { name: 'steady' });
    // Full from the start, so that each new entry evicts.
    const passing = Array.from({ length: MAX_ENTRIES }, (_, i) => `passing:${i}`);
    for (const key of [...keys, ...passing]) await members[0].tell(0, 'put', options, { key, times: 1 });
    const mix = { milliseconds: seconds * 1000, steady: STEADY, comingAndGoing: COMING_AND_GOING };
    /** @type {Record<string, number>} */
    const totals = {};
    for (const { counts, violations: seen } of await tellAll('mix', options, mix)) {
      violations.push(...seen);
      for (const [name, count] of Object.entries(counts)) totals[name] = (totals[name] ?? 0) + Number(count);
    }
    const cache = new PersistentCache(options);
    const evictions = (await cache.history({ event: 'evicted', limit: 1e6 })).length;
    if (evictions === 0) violations.push('nothing was evicted: no company worth the name');
    await requireAgreement(keys, options);
    const sidecars = await requireCleanDirectory(options);
    await cache.put('after', { all: 'this' });
    const { count } = blobsOf(options.dir);
    if (count > MAX_ENTRIES) violations.push(`limits: ${count} blobs, ${MAX_ENTRIES} allowed`);
    return {
      ...totals,
      'evictions in the journal': evictions,
      'sidecars that agree with their blobs': sidecars,
    };
  }

  /** One thread of each of two processes at one key, at once. */
  async function duels() {
    const options = { dir: join(root, 'duels') };
    const keys = Array.from({ length: rounds }, (_, i) => `duel:${i}`);
    for (const [i, key] of keys.entries()) {
      const duellists = [members[i % processes], members[(i + 1) % processes]];
      await Promise.all(
        duellists.map(async (member) => member.tell(i % threads, 'put', options, { key, times: BURST })),
      );
    }
    await requireAgreement(keys, options);
    await requireCleanDirectory(options);
    return { 'duels that converged': rounds };
  }

  /** A full cache: one process reads, another puts, and which entry goes is known. */
  async function evictions() {
    const options = { dir: join(root, 'evictions'), maxEntries: 5 };
    /** Least recent first. @type {string[]} */
    const expected = [];
    for (let i = 0; i < rounds; i++) {
      const [writer, reader] = [members[i % processes], members[(i + 1) % processes]];
      if (expected.length === options.maxEntries) {
        // Mostly the next victim, or it would be hardly a test.
        const [key] = expected.splice(random() < 0.7 ? 0 : below(random, expected.length), 1);
        await nextMillisecond();
        await reader.tell(i % threads, 'get', options, [key]);
        expected.push(key);
        expected.shift();
      }
      await nextMillisecond();
      await writer.tell(i % threads, 'put', options, { key: `round:${i}`, times: 1 });
      expected.push(`round:${i}`);
      const there = await new PersistentCache({ ...options, readOnly: true }).keys();
      if (JSON.stringify(there) !== JSON.stringify(expected.toSorted())) {
        violations.push(`eviction ${i}: left ${there.join(', ')}, expected ${expected.join(', ')}`);
        break;
      }
    }
    return { 'evictions of the right entry': rounds - options.maxEntries };
  }

  try {
    const figures = { ...(await crowd()), ...(await duels()), ...(await evictions()) };
    if (violations.length === 0) rmSync(root, { recursive: true });
    return {
      seconds: Math.round((performance.now() - started) / 1000),
      processes,
      'threads in all': processes * threads,
      ...figures,
      violations: violations.length === 0 ? [] : [`evidence in ${root}`, ...violations],
    };
  } finally {
    for (const member of members) member.end();
  }
}

/** Times of two processes within one millisecond of the clock can't be told apart. */
async function nextMillisecond() {
  for (const now = Date.now(); Date.now() <= now;) await new Promise(setImmediate);
}

/** One process. */
class Member {
  /** @type {import('node:child_process').ChildProcess} */
  #child;
  /** @type {Map<number, { resolve: (result: unknown) => void, reject: (error: Error) => void }>} */
  #waiting = new Map();
  #orders = 0;

  /** @param {import('node:child_process').ChildProcess} child */
  constructor(child) {
    this.#child = child;
    child.on('message', (/** @type {{ id: number, result?: unknown, failure?: string }} */ answer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (answer.failure === undefined) waiting?.resolve(answer.result);
      else waiting?.reject(new Error(answer.failure));
    });
    child.on('exit', (code) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`a process ended by itself: ${code}`));
    });
  }

  /**
   * @param {string} module
   * @param {number} name
   * @param {number} threads
   * @param {number} seed
   */
  static async start(module, name, threads, seed) {
    const child = fork(WORKER, [JSON.stringify({ module, process: name, threads, seed })], { execArgv: [] });
    await once(child, 'message');
    return new Member(child);
  }

  /**
   * @param {number} thread
   * @param {string} act
   * @param {Options} options
   * @param {unknown} args
   */
  async tell(thread, act, options, args) {
    const id = this.#orders++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, thread, act, options, args });
    });
  }

  end() {
    this.#child.disconnect();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [seconds = 20, seed = 1] = process.argv.slice(2).map(Number);
  const figures = await company({ seconds, seed });
  console.log(figures);
  process.exitCode = figures.violations.length === 0 ? 0 : 1;
}
