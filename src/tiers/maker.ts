/** Makes what nobody has, and stores it. */
import type { Lineage } from '../codec/lineage.js';
import type { PersistentCache } from '../disk/persistent-cache.js';
import { TessCacheError, describe } from '../errors.js';
import { nearestNames } from '../ref/nearest.js';
import { Found, factsOnDisk, fingerprint, passingFacts, unknownFacts, type ValueFacts } from './found.js';
import type { MemoryTier } from './memory.js';
import type { CacheMode } from './options.js';
import type { Made, Means, Recipe, Timed } from './recipe.js';
import type { Report } from './report.js';
import { underLease } from './under-lease.js';
import type { View } from './view.js';

export interface MakerInit {
  readonly mode: CacheMode;
  readonly memory: MemoryTier;
  readonly persistent: PersistentCache;
  readonly view: View;
  readonly report: Report;
  /** Seconds since the epoch. */
  readonly now: () => number;
}

export class Maker {
  readonly #mode: CacheMode;
  readonly #memory: MemoryTier;
  readonly #persistent: PersistentCache;
  readonly #view: View;
  readonly #report: Report;
  readonly #now: () => number;
  /** What recipes need. */
  readonly means: Means;

  constructor({ mode, memory, persistent, view, report, now }: MakerInit) {
    this.#mode = mode;
    this.#memory = memory;
    this.#persistent = persistent;
    this.#view = view;
    this.#report = report;
    this.#now = now;
    this.means = {
      input: async (key, product) => this.#input(key, product),
      timed: async (key, act) => this.#timed(key, act),
    };
  }

  /** Makes a value, unless another process is at it: then waits for that one. */
  async make(recipe: Recipe, signal: AbortSignal): Promise<Found> {
    if (this.#mode === 'disabled') return this.#makeAlone(recipe, signal);
    if (this.#mode === 'refresh') return this.#store(recipe.key, await recipe.make(signal));
    return underLease({
      lease: () => this.#persistent.lease(recipe.key),
      look: async () => this.#look(recipe.key),
      make: async () => this.#makeAndStore(recipe, signal),
      signal,
    });
  }

  /** Whether another process has made the value. */
  async #look(key: string): Promise<Found | undefined> {
    try {
      const seen = await this.#view.seeOnDisk(key, false);
      if (!seen.hit) return undefined;
      this.#report.hit(key, seen.tier);
      return seen.found;
    } catch (error) {
      if (!(error instanceof TessCacheError && error.code === 'IO')) throw error;
      this.#report.warn(key, error);
      return undefined;
    }
  }

  async #makeAlone({ key, make }: Recipe, signal: AbortSignal): Promise<Found> {
    const { value, options } = await make(signal);
    const found = Found.fresh(value, passingFacts(key, options.lineage));
    this.#memory.put(found);
    return found;
  }

  /** What another puts under the key while it is made, or takes away, is newer: then it is only returned. */
  async #makeAndStore({ key, make }: Recipe, signal: AbortSignal): Promise<Found> {
    const before = { ...unknownFacts(key), onDisk: await this.#onDisk(key) };
    const made = await make(signal);
    if (await this.#hasStayed(before)) return this.#store(key, made);
    return Found.fresh(made.value, { ...before, origins: made.options.lineage });
  }

  /** What has been made is returned, whether or not it can be stored. */
  async #store(key: string, { value, options }: Made): Promise<Found> {
    let facts: ValueFacts;
    try {
      facts = factsOnDisk(await this.#persistent.put(key, value, options));
    } catch (error) {
      // A cache that was opened to be read isn't expected to store.
      if (!(error instanceof TessCacheError && error.code === 'READ_ONLY'))
        this.#report.failedPut(key, error);
      facts = await this.#factsInMemory(key, value, options.lineage);
    }
    const found = Found.fresh(value, facts);
    this.#memory.put(found);
    return found;
  }

  async #factsInMemory(key: string, value: unknown, lineage: Lineage | undefined): Promise<ValueFacts> {
    const facts = { ...unknownFacts(key), origins: lineage };
    try {
      const sha256 = fingerprint(key, value, lineage);
      return { ...facts, sha256, onDisk: await this.#view.sha256OnDisk(key) };
    } catch (error) {
      // It can't be told from another value, now or later, so it can't be kept; why has been reported.
      if (error instanceof TessCacheError || error instanceof RangeError) return facts;
      throw error;
    }
  }

  async #onDisk(key: string): Promise<string | undefined> {
    return ifReadable(this.#view.sha256OnDisk(key), undefined);
  }

  async #hasStayed(before: ValueFacts): Promise<boolean> {
    return ifReadable(this.#view.stands(before), true);
  }

  /** @throws TessCacheError INPUT_MISSING */
  async #input(key: string, product: string): Promise<Found> {
    const seen = this.#mode === 'disabled' ? this.#view.seeInMemory(key) : await this.#view.see(key);
    if (seen.hit) return seen.found;
    const { reason, detail = reason } = seen;
    const isStale = reason === 'stale';
    const remedy = isStale
      ? `is stale (${detail}): compute it again`
      : `is not in the cache (${detail}): load or put it`;
    const near = isStale || this.#mode === 'disabled' ? [] : nearestNames(key, await this.#persistent.keys());
    const listed = near.map((name) => `\n  ${name.key} (${name.difference})`).join('');
    const message = `${describe(product)} needs ${describe(key)}, which ${remedy} first${listed}`;
    throw new TessCacheError('INPUT_MISSING', message, {
      key,
      found: reason,
      nearest: near.map((name) => name.key),
    });
  }

  async #timed<T>(key: string, act: () => T | Promise<T>): Promise<Timed<T>> {
    const startedAt = this.#now();
    const start = performance.now();
    const result = await act();
    const durationSeconds = (performance.now() - start) / 1000;
    this.#report.loaded(key, durationSeconds);
    return { result, startedAt, durationSeconds };
  }
}

/** A cache that can't be read is no reason to lose a value that has been made. */
async function ifReadable<T>(reading: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof TessCacheError) return otherwise;
    throw error;
  }
}
