import { randomUUID } from 'node:crypto';
import { isChecksumLoaded, loadChecksum } from '../codec/checksum.js';
import type { Explanation } from '../disk/explain.js';
import { downstreamOf } from '../disk/lineage-graph.js';
import { PersistentCache, type PinOptions } from '../disk/persistent-cache.js';
import type { PutOptions } from '../disk/writer.js';
import { TessCacheError, describe } from '../errors.js';
import type { CacheEventName, Listener } from '../events.js';
import type { LightCurveData } from '../light-curve/light-curve-data.js';
import { parseDataRef } from '../ref/data-ref.js';
import { nearestNames } from '../ref/nearest.js';
import { makeProductRef } from '../ref/product-ref.js';
import { SessionCache } from '../session/session-cache.js';
import { shareFlight } from './flights.js';
import { Found, factsOnDisk, passingFacts } from './found.js';
import { Maker } from './maker.js';
import { MemoryTier } from './memory.js';
import { resolveMode, type CacheMode, type OpenCacheOptions } from './options.js';
import {
  loadRecipe,
  productRecipe,
  type Compute,
  type Loader,
  type ProductSpec,
  type Recipe,
} from './recipe.js';
import { Report, type TierStats } from './report.js';
import { View } from './view.js';

export type { Compute, Loader, MakeContext, ProductSpec } from './recipe.js';
export type { TierStats } from './report.js';

export interface CallOptions {
  /** Gives up waiting; what makes the value is told to stop when nobody waits any more. */
  readonly signal?: AbortSignal;
}

/**
 * One cache to call: memory before disk before the function that makes the value. Made by `openCache`.
 *
 * What is found in memory is held against the disk before it is given: if another process has put another value
 * under the key or under anything that the product was computed from, or has removed it, memory gives way.
 *
 * Light curves are shared: their arrays are not to be changed. Of all other values everybody gets a copy.
 */
export class TessCache {
  readonly mode: CacheMode;
  readonly session: SessionCache;
  readonly persistent: PersistentCache;
  readonly #memory: MemoryTier;
  readonly #view: View;
  readonly #maker: Maker;
  readonly #report = new Report();
  /** Of a cache that is disabled: its inputs, which are nobody else's. */
  readonly #private: SessionCache | undefined;

  /** @throws TessCacheError BAD_ARGUMENT, BAD_KEY */
  constructor(options: OpenCacheOptions) {
    const { mode, readOnly } = resolveMode(options);
    this.mode = mode;
    this.session = new SessionCache(options.sessionId, options.memory);
    this.persistent = new PersistentCache({ ...options, readOnly });
    if (mode === 'disabled') this.#private = new SessionCache(`disabled-${randomUUID()}`, options.memory);
    this.#memory = new MemoryTier(
      this.#private ?? this.session,
      this.#private?.sessionId ?? this.persistent.dir,
    );
    this.#view = new View(this.#memory, this.persistent);
    this.#maker = new Maker({
      mode,
      memory: this.#memory,
      persistent: this.persistent,
      view: this.#view,
      report: this.#report,
      now: options.now ?? (() => Date.now() / 1000),
    });
    const { events } = this.#report;
    this.persistent.on('put', (event) => {
      events.emit('put', event);
    });
    this.persistent.on('evict', (event) => {
      events.emit('evict', event);
    });
    this.persistent.on('corrupt', (event) => {
      events.emit('corrupt', event);
    });
  }

  /**
   * The light curve of a data ref: from memory, from disk, or else from `load`, which is called once however many
   * ask at the same time, in this process and, as far as leases reach, in others.
   *
   * @throws TessCacheError BAD_KEY where `dataRef` is none, BAD_ARGUMENT where `load` is no function,
   *   WRONG_LIGHT_CURVE or NOT_BTJD where it gives another light curve than `dataRef` names, OFFLINE; whatever
   *   `load` throws; the signal's reason
   */
  async getOrLoad(dataRef: string, load: Loader, options: CallOptions = {}): Promise<LightCurveData> {
    if (parseDataRef(dataRef) === undefined) {
      const expected = 'a data ref, as makeDataRef gives it';
      const found = describe(dataRef);
      const fields = { key: dataRef, expected, found };
      throw new TessCacheError('BAD_KEY', `getOrLoad: expected ${expected}, got ${found}`, fields);
    }
    if (typeof load !== 'function') throw bad('getOrLoad: load', 'a function', load);
    return (await this.#obtain(loadRecipe(dataRef, load, this.#maker.means), options)) as LightCurveData;
  }

  /**
   * The product of this kind, inputs, parameters and version: from memory, from disk, or else from `compute`. A
   * product is computed anew when anything that it was computed from has changed since.
   *
   * The inputs are typed as light curves; where they are products, say so: `([fit]: [Fit]) => …`.
   *
   * @throws TessCacheError BAD_ARGUMENT naming what is wrong, INPUT_MISSING where an input is not there, or stale
   *   itself; whatever `compute` throws; the signal's reason
   */
  async getOrCompute<T, I extends readonly unknown[] = readonly LightCurveData[]>(
    spec: ProductSpec,
    compute: Compute<T, I>,
    options: CallOptions = {},
  ): Promise<T> {
    if (typeof spec !== 'object' || spec === null) throw bad('getOrCompute: spec', 'an object', spec);
    if (typeof compute !== 'function') throw bad('getOrCompute: compute', 'a function', compute);
    const key = makeProductRef(spec.kind, spec);
    return (await this.#obtain(
      productRecipe(key, spec, compute as unknown as Compute<T>, this.#maker.means),
      options,
    )) as T;
  }

  /** The value of a key from memory or disk, or undefined. */
  async get(key: string): Promise<unknown> {
    this.#report.request();
    if (this.mode === 'disabled') return undefined;
    if (!isChecksumLoaded()) await loadChecksum();
    return (await this.#find(key))?.take();
  }

  /**
   * Puts a value in both tiers; in a cache that is disabled, in neither.
   *
   * @throws TessCacheError as PersistentCache.put does
   */
  async put(key: string, value: unknown, options: PutOptions = {}): Promise<void> {
    const facts =
      this.mode === 'disabled'
        ? passingFacts(key, options.lineage)
        : factsOnDisk(await this.persistent.put(key, value, options));
    this.#memory.put(Found.fresh(value, facts));
  }

  /**
   * Removes a value from both tiers, and with `downstream` all that was computed from it, to any depth. Other
   * processes notice, but for what they could not store.
   *
   * @returns the keys that were removed
   */
  async invalidate(key: string, options: { downstream?: boolean } = {}): Promise<string[]> {
    const removed = this.mode === 'disabled' ? [] : await this.persistent.invalidate(key, options);
    const held = [...this.#memory.facts()];
    const isHeld = new Set(held.map((facts) => facts.key));
    const products = held.map((facts) => ({ key: facts.key, lineage: facts.origins }));
    const inMemory = [key, ...(options.downstream === true ? downstreamOf(key, products) : [])];
    const keys = new Set([...removed, ...inMemory.filter((each) => isHeld.has(each))]);
    for (const each of keys) this.#memory.delete(each);
    return [...keys];
  }

  /** As PersistentCache.pin: keeps entries on disk from eviction. A cache that is disabled has none. */
  async pin(keys: readonly string[], options: PinOptions): Promise<void> {
    if (this.mode !== 'disabled') await this.persistent.pin(keys, options);
  }

  /** As PersistentCache.unpin. */
  async unpin(name: string): Promise<boolean> {
    return this.mode !== 'disabled' && (await this.persistent.unpin(name));
  }

  /** As PersistentCache.explain: why a key is on disk, or why not. */
  async explain(key: string): Promise<Explanation> {
    return this.persistent.explain(key);
  }

  /** How the requests to this instance have fared. */
  stats(): TierStats {
    return this.#report.stats();
  }

  /** Calls `listener` at each event of either tier, until the function that is returned is called. */
  on<N extends CacheEventName>(name: N, listener: Listener<N>): () => void {
    return this.#report.events.on(name, listener);
  }

  /** Ends the use of the disk. What is in memory stays, for others of the session. */
  async close(): Promise<void> {
    this.#private?.clear();
    await this.persistent.close();
  }

  async #obtain(recipe: Recipe, { signal }: CallOptions): Promise<unknown> {
    this.#report.request();
    signal?.throwIfAborted();
    if (!isChecksumLoaded()) await loadChecksum();
    if (this.mode !== 'refresh' && this.mode !== 'disabled') {
      const found = await this.#findIfReadable(recipe.key);
      if (found !== undefined) return found.take();
    }
    if (this.mode === 'offline' && recipe.isLoad) throw await this.#offline(recipe.key);
    const name = [this.persistent.dir, this.mode, this.#private?.sessionId ?? '', recipe.key].join('\n');
    const make = async (shared: AbortSignal) => this.#maker.make(recipe, shared);
    try {
      const { value: found, joined } = await shareFlight(name, make, signal);
      if (!joined) return found.take();
      if (await this.#isStillRight(found)) {
        this.#report.shared();
        this.#memory.put(found);
        return found.take();
      }
    } catch (error) {
      // The cache by which another caller had started it may have been closed; this one is open.
      const isAnothers =
        error instanceof TessCacheError && error.code === 'CLOSED' && !this.persistent.isClosed;
      if (!isAnothers) throw error;
    }
    // It may have been begun before an input was changed, and this call after.
    const { value: found } = await shareFlight(`${name}\n${randomUUID()}`, make, signal);
    return found.take();
  }

  /** Whether a product's inputs are, for this session, those that it was made from. */
  async #isStillRight({ facts }: Found): Promise<boolean> {
    try {
      return (await this.#view.changedInput(facts.origins)) === undefined;
    } catch (error) {
      if (error instanceof TessCacheError && error.code === 'IO') return false;
      throw error;
    }
  }

  /** As `find`, but a cache that can't be read has nothing: the value can be made. */
  async #findIfReadable(key: string): Promise<Found | undefined> {
    try {
      return await this.#find(key);
    } catch (error) {
      if (!(error instanceof TessCacheError && error.code === 'IO')) throw error;
      this.#report.miss(key, 'unreadable');
      this.#report.warn(key, error);
      return undefined;
    }
  }

  async #find(key: string): Promise<Found | undefined> {
    const seen = await this.#view.see(key);
    if (seen.hit) this.#report.hit(key, seen.tier);
    else this.#report.miss(key, seen.reason);
    return seen.hit ? seen.found : undefined;
  }

  async #offline(key: string): Promise<TessCacheError> {
    const near = nearestNames(key, await this.persistent.keys());
    const listed = near.map((name) => `\n  ${name.key} (${name.difference})`).join('');
    const hint = near.length === 0 ? ', nor anything near it' : `; near it:${listed}`;
    const fields = { key, nearest: near.map((name) => name.key) };
    return new TessCacheError('OFFLINE', `offline, and ${describe(key)} is not in the cache${hint}`, fields);
  }
}

/**
 * Opens a cache with two tiers: a session's values in memory before the directory on disk.
 *
 * @throws TessCacheError BAD_ARGUMENT, BAD_KEY
 */
export function openCache(options: OpenCacheOptions): TessCache {
  return new TessCache(options);
}

function bad(field: string, expected: string, value: unknown): TessCacheError {
  const found = describe(value);
  return new TessCacheError('BAD_ARGUMENT', `${field} must be ${expected}, got ${found}`, {
    field: field.slice(field.indexOf(' ') + 1),
    expected,
    found,
  });
}
