import { isChecksumLoaded, loadChecksum } from '../codec/checksum.js';
import type { Lineage } from '../codec/lineage.js';
import type { Explanation } from '../disk/explain.js';
import { PersistentCache, type Lookup, type PinOptions } from '../disk/persistent-cache.js';
import type { PutOptions } from '../disk/writer.js';
import { TessCacheError, describe } from '../errors.js';
import { EventHub, type CacheEventName, type Listener, type Tier } from '../events.js';
import { checkBelongs } from '../light-curve/belongs.js';
import type { LightCurveData } from '../light-curve/light-curve-data.js';
import { parseDataRef } from '../ref/data-ref.js';
import { nearestNames } from '../ref/nearest.js';
import { makeProductRef } from '../ref/product-ref.js';
import { SessionCache } from '../session/session-cache.js';
import { shareFlight } from './flights.js';
import { MemoryTier, factsOnDisk, fingerprint, type Remembered, type ValueFacts } from './memory.js';
import { resolveMode, type CacheMode, type OpenCacheOptions } from './options.js';
import { underLease } from './under-lease.js';

export interface CallOptions {
  /** Gives up waiting; what makes the value is told to stop when nobody waits any more. */
  readonly signal?: AbortSignal;
}

export interface ProductSpec {
  /** What it is: `bls`, `transit-fit`, … */
  readonly kind: string;
  /** Refs of what it is computed from, in the order in which `compute` takes their values. */
  readonly inputs: readonly string[];
  /** What it depends on besides; {} by default. */
  readonly params?: unknown;
  /** Version of the code that computes it: declare another one when results change. */
  readonly version: string;
  /** Name of that code, for the record; the kind by default. */
  readonly producer?: string;
}

export interface MakeContext {
  readonly signal: AbortSignal;
}
export type Loader = (context: MakeContext) => LightCurveData | Promise<LightCurveData>;
/** `inputs` are the values of the inputs, in order. */
export type Compute<T, I extends readonly unknown[]> = (inputs: I, context: MakeContext) => T | Promise<T>;

export interface TierStats {
  readonly hits: Readonly<Record<Tier, number>>;
  /** Requests that a loader or a computation had to answer. */
  readonly loads: number;
  readonly requests: number;
  /** Fraction of requests that each tier answered; 0 where there were none. */
  readonly hitRate: Readonly<Record<Tier, number>>;
  /** Values that were made and could not be stored. */
  readonly failedPuts: number;
}

/** What makes a value, and what is recorded of it. */
interface Recipe {
  readonly key: string;
  readonly make: (signal: AbortSignal) => Promise<Made>;
}
interface Made {
  readonly value: unknown;
  readonly options: PutOptions;
}

/** Times that a caller who joined is given a product whose input was changed meanwhile, before it is an error. */
const MAX_OVERTAKEN = 20;

/**
 * One cache to call: memory before disk before the function that makes the value. Made by `openCache`.
 *
 * What is found in memory is held against the disk before it is given: if another process has put another value
 * under the key, or under an input of the product, memory gives way.
 */
export class TessCache {
  readonly mode: CacheMode;
  readonly session: SessionCache;
  readonly persistent: PersistentCache;
  readonly #memory: MemoryTier;
  readonly #events = new EventHub();
  readonly #hits = { memory: 0, disk: 0 };
  #requests = 0;
  #loads = 0;
  #failedPuts = 0;

  /** @throws TessCacheError BAD_ARGUMENT, BAD_KEY */
  constructor(options: OpenCacheOptions) {
    this.mode = resolveMode(options);
    this.session = new SessionCache(options.sessionId, options.memory);
    const readOnly = options.readOnly ?? (this.mode === 'read-only' || this.mode === 'disabled');
    this.persistent = new PersistentCache({ ...options, readOnly });
    // What is disabled is not shared with others of the session; it only hands inputs on.
    const isShared = this.mode !== 'disabled';
    this.#memory = new MemoryTier(
      isShared ? this.session : new SessionCache(`${options.sessionId} disabled`),
    );
    this.persistent.on('put', (event) => {
      this.#events.emit('put', event);
    });
    this.persistent.on('evict', (event) => {
      this.#events.emit('evict', event);
    });
    this.persistent.on('corrupt', (event) => {
      this.#events.emit('corrupt', event);
    });
  }

  /**
   * The light curve of a data ref: from memory, from disk, or else from `load`, which is called once however many
   * ask at the same time, in this process and, as far as leases reach, in others.
   *
   * @throws TessCacheError BAD_KEY where `dataRef` is none, WRONG_LIGHT_CURVE or NOT_BTJD where `load` gives
   *   another light curve than it names, OFFLINE; whatever `load` throws; the signal's reason
   */
  async getOrLoad(dataRef: string, load: Loader, options: CallOptions = {}): Promise<LightCurveData> {
    if (parseDataRef(dataRef) === undefined) {
      const expected = 'a data ref, as makeDataRef gives it';
      const found = describe(dataRef);
      throw new TessCacheError('BAD_KEY', `expected ${expected}, got ${found}`, {
        key: dataRef,
        expected,
        found,
      });
    }
    const value = await this.#obtain(
      { key: dataRef, make: async (signal) => this.#load(dataRef, load, signal) },
      options,
    );
    return value as LightCurveData;
  }

  /**
   * The product of this kind, inputs, parameters and version: from memory, from disk, or else from `compute`. A
   * product whose inputs have changed since is computed anew.
   *
   * The inputs are taken for light curves; where they are products, say so: `([fit]: [Fit]) => …`.
   *
   * @throws TessCacheError BAD_ARGUMENT naming what is wrong with `spec`, INPUT_MISSING, OFFLINE; whatever
   *   `compute` throws; the signal's reason
   */
  async getOrCompute<T, I extends readonly unknown[] = readonly LightCurveData[]>(
    spec: ProductSpec,
    compute: Compute<T, I>,
    options: CallOptions = {},
  ): Promise<T> {
    const key = makeProductRef(spec.kind, spec);
    const value = await this.#obtain(
      { key, make: async (signal) => this.#compute(key, spec, compute, signal) },
      options,
    );
    return value as T;
  }

  /** The value of a key from memory or disk, or undefined. */
  async get(key: string): Promise<unknown> {
    this.#requests++;
    if (!isChecksumLoaded()) await loadChecksum();
    return this.mode === 'disabled' ? undefined : (await this.#find(key))?.value;
  }

  /**
   * Puts a value in both tiers; in a cache that is disabled, in neither.
   *
   * @throws TessCacheError as PersistentCache.put does
   */
  async put(key: string, value: unknown, options: PutOptions = {}): Promise<void> {
    if (this.mode === 'disabled') {
      this.#memory.put({ value, facts: { key, sha256: '', lineage: undefined } });
      return;
    }
    this.#memory.put({ value, facts: factsOnDisk(await this.persistent.put(key, value, options)) });
  }

  /** Removes a value from both tiers, and with `downstream` all that was computed from it. Returns the keys. */
  async invalidate(key: string, options: { downstream?: boolean } = {}): Promise<string[]> {
    const keys = await this.persistent.invalidate(key, options);
    for (const each of [key, ...keys]) this.#memory.delete(each);
    return keys;
  }

  /** As PersistentCache.pin: keeps entries on disk from eviction. */
  async pin(keys: readonly string[], options: PinOptions): Promise<void> {
    await this.persistent.pin(keys, options);
  }

  /** As PersistentCache.unpin. */
  async unpin(name: string): Promise<boolean> {
    return this.persistent.unpin(name);
  }

  /** As PersistentCache.explain: why a key is there, or why not. */
  async explain(key: string): Promise<Explanation> {
    return this.persistent.explain(key);
  }

  stats(): TierStats {
    const rate = (hits: number) => (this.#requests === 0 ? 0 : hits / this.#requests);
    return {
      hits: { ...this.#hits },
      loads: this.#loads,
      requests: this.#requests,
      hitRate: { memory: rate(this.#hits.memory), disk: rate(this.#hits.disk) },
      failedPuts: this.#failedPuts,
    };
  }

  /** Calls `listener` at each event of either tier, until the function that is returned is called. */
  on<N extends CacheEventName>(name: N, listener: Listener<N>): () => void {
    return this.#events.on(name, listener);
  }

  /** Ends the use of the disk. What is in memory stays, for others of the session. */
  async close(): Promise<void> {
    await this.persistent.close();
  }

  async #obtain(recipe: Recipe, { signal }: CallOptions): Promise<unknown> {
    const { key } = recipe;
    this.#requests++;
    signal?.throwIfAborted();
    if (!isChecksumLoaded()) await loadChecksum();
    if (this.mode === 'disabled') return this.#makeAlone(recipe, signal);
    for (let overtaken = 0; ; overtaken++) {
      if (this.mode !== 'refresh') {
        const found = await this.#find(key);
        if (found !== undefined) return found.value;
      }
      if (this.mode === 'offline') throw await this.#offline(key);
      const flight = `${this.persistent.dir}\n${this.mode}\n${key}`;
      const { value: made, joined } = await shareFlight(
        flight,
        (shared) => this.#make(recipe, shared),
        signal,
      );
      // Who joined may have asked after an input was changed, and the flight begun before.
      if (joined && !(await this.#hasCurrentInputs(made.facts)) && overtaken < MAX_OVERTAKEN) continue;
      if (joined) this.#memory.put(made);
      return made.value;
    }
  }

  /** From memory or disk, where it is still right. */
  async #find(key: string): Promise<Remembered | undefined> {
    const remembered = this.#memory.get(key);
    if (remembered !== undefined && (await this.#isCurrent(remembered.facts))) {
      this.#hit(key, 'memory');
      return remembered;
    }
    if (remembered !== undefined) this.#memory.delete(key);
    const read = await this.persistent.lookup(key);
    if (!read.hit) {
      this.#events.emit('miss', { key, tier: 'disk', reason: read.reason });
      return undefined;
    }
    this.#hit(key, 'disk');
    return this.#remember(read);
  }

  #remember(read: Lookup & { hit: true }): Remembered {
    const remembered = { value: read.value, facts: factsOnDisk(read.metadata) };
    this.#memory.put(remembered);
    return remembered;
  }

  /** Whether a value is the one that its key has on disk, if any, and its inputs are those it was made from. */
  async #isCurrent(facts: ValueFacts): Promise<boolean> {
    const onDisk = await this.persistent.metadata(facts.key);
    if (onDisk !== undefined && onDisk.sha256 !== facts.sha256) return false;
    return this.#hasCurrentInputs(facts);
  }

  async #hasCurrentInputs({ lineage }: ValueFacts): Promise<boolean> {
    for (const { key, sha256 } of lineage?.inputs ?? []) {
      const onDisk = await this.persistent.metadata(key);
      const current = onDisk?.sha256 ?? this.#memory.get(key)?.facts.sha256;
      if (current !== undefined && current !== sha256) return false;
    }
    return true;
  }

  /** Makes a value, unless another process is at it: then waits for that one. */
  async #make(recipe: Recipe, signal: AbortSignal): Promise<Remembered> {
    if (this.mode === 'refresh') return this.#makeAndStore(recipe, signal);
    return underLease({
      lease: () => this.persistent.lease(recipe.key),
      look: async () => {
        const read = await this.persistent.peek(recipe.key);
        if (!read.hit) return undefined;
        this.#hit(recipe.key, 'disk');
        return this.#remember(read);
      },
      make: () => this.#makeAndStore(recipe, signal),
      signal,
    });
  }

  /** What has been made is returned, whether or not it can be stored. */
  async #makeAndStore({ key, make }: Recipe, signal: AbortSignal): Promise<Remembered> {
    const { value, options } = await make(signal);
    let facts: ValueFacts;
    try {
      facts = factsOnDisk(await this.persistent.put(key, value, options));
    } catch (error) {
      if (!(error instanceof TessCacheError)) throw error;
      // A cache that was opened to be read isn't expected to store.
      if (error.code !== 'READ_ONLY') this.#failed(key, error);
      if (error.code === 'UNSUPPORTED_VALUE')
        return { value, facts: { key, sha256: '', lineage: options.lineage } };
      facts = { key, sha256: fingerprint(key, value, options.lineage), lineage: options.lineage };
    }
    const made = { value, facts };
    this.#memory.put(made);
    return made;
  }

  /** For a cache that is disabled: the value is handed on to what is computed from it, and nothing else. */
  async #makeAlone({ key, make }: Recipe, signal: AbortSignal | undefined): Promise<unknown> {
    const { value } = await make(signal ?? new AbortController().signal);
    this.#memory.put({ value, facts: { key, sha256: '', lineage: undefined } });
    return value;
  }

  async #load(key: string, load: Loader, signal: AbortSignal): Promise<Made> {
    const value = await this.#timed(key, () => load({ signal }));
    checkBelongs(key, value.result);
    return { value: value.result, options: {} };
  }

  async #compute<T>(
    key: string,
    spec: ProductSpec,
    compute: Compute<T, never>,
    signal: AbortSignal,
  ): Promise<Made> {
    const inputs = await Promise.all(spec.inputs.map((input) => this.#input(input, key)));
    const values = inputs.map(({ value }) => value);
    const { result, startedAt, durationSeconds } = await this.#timed(key, () =>
      compute(values as never, { signal }),
    );
    const { kind, version, params = {}, producer = kind } = spec;
    const lineage: Lineage = {
      kind,
      producer,
      version,
      inputs: inputs.map(({ facts }) => ({ key: facts.key, sha256: facts.sha256 })),
      params,
    };
    return { value: result, options: { lineage, computedAt: startedAt, durationSeconds } };
  }

  async #input(input: string, key: string): Promise<Remembered> {
    const found = this.mode === 'disabled' ? this.#memory.get(input) : await this.#findInput(input);
    if (found !== undefined) return found;
    const message = `${describe(key)} needs ${describe(input)}, which is not in the cache: load or put it first`;
    throw new TessCacheError('INPUT_MISSING', message, { key: input, expected: 'an input in the cache' });
  }

  async #findInput(input: string): Promise<Remembered | undefined> {
    const remembered = this.#memory.get(input);
    if (remembered !== undefined && (await this.#isCurrent(remembered.facts))) return remembered;
    const read = await this.persistent.lookup(input);
    return read.hit ? this.#remember(read) : undefined;
  }

  async #timed<T>(key: string, act: () => T | Promise<T>) {
    const startedAt = Date.now() / 1000;
    const start = performance.now();
    const result = await act();
    const durationSeconds = (performance.now() - start) / 1000;
    this.#loads++;
    this.#events.emit('load', { key, durationSeconds });
    return { result, startedAt, durationSeconds };
  }

  async #offline(key: string): Promise<TessCacheError> {
    const near = nearestNames(key, await this.persistent.keys());
    const listed = near.map((name) => `\n  ${name.key} (${name.difference})`).join('');
    const hint = near.length === 0 ? ', nor anything near it' : `; near it:${listed}`;
    const fields = { key, nearest: near.map((name) => name.key) };
    return new TessCacheError('OFFLINE', `offline, and ${describe(key)} is not in the cache${hint}`, fields);
  }

  #hit(key: string, tier: Tier): void {
    this.#hits[tier]++;
    this.#events.emit('hit', { key, tier });
  }

  #failed(key: string, error: TessCacheError): void {
    this.#failedPuts++;
    this.#events.emit('warning', { key, error });
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
