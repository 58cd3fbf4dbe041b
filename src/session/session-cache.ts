import { TessCacheError, describe } from '../errors.js';
import type { LightCurveData } from '../light-curve/light-curve-data.js';
import type { LruStore } from './lru-store.js';
import { processStores } from './process-stores.js';
import { SessionView } from './session-view.js';

export interface SessionCacheOptions {
  /** Most light curves in the process, 100 by default: some 60 MB at 20,000 cadences each. */
  readonly maxEntries?: number;
  /** Most products in the process, 256 by default. */
  readonly maxComputed?: number;
  /** Most bytes of typed arrays in the process, light curves and products together; no limit by default. */
  readonly maxBytes?: number;
}

export interface SessionCacheStats {
  readonly dataEntries: number;
  readonly computedEntries: number;
  /** Bytes of the typed arrays in the light curves. */
  readonly dataBytes: number;
  /** Bytes of the typed arrays in the products. */
  readonly computedBytes: number;
  /** Sessions with at least one entry. */
  readonly sessions: number;
}

/**
 * A session: a namespace in the in-memory cache of this process (of each thread, where there are workers). All
 * SessionCaches of one id see the same entries, wherever they were made and however often the package is loaded;
 * those of another id neither see, clear nor name them.
 *
 * Light curves and products are kept in two stores, each from the least to the most recently used of all sessions.
 * After a put, the limits of the SessionCache that put hold for the whole process: the least recently used entries
 * go first, of whatever session, and never the one just put. `maxEntries` and `maxComputed` evict from their own
 * store, `maxBytes` from both. Get and put make an entry the most recently used; has doesn't.
 *
 * Values are handed back as they were put: the same object, not a copy.
 *
 * Bytes are those of the typed arrays that a value holds when it is put, in objects, arrays, Maps and Sets to any
 * depth. An array in several values counts in each.
 *
 * All methods throw TessCacheError BAD_KEY for a ref that is no string or empty.
 */
export class SessionCache {
  readonly sessionId: string;
  readonly #data: SessionView<LightCurveData>;
  readonly #computed: SessionView<unknown>;

  /**
   * @throws TessCacheError BAD_KEY for a session id that is empty or holds ':', BAD_ARGUMENT for a limit that is
   *   no positive integer (or Infinity)
   */
  constructor(sessionId: string, options: SessionCacheOptions = {}) {
    const { maxEntries = 100, maxComputed = 256, maxBytes = Infinity } = options;
    checkSessionId(sessionId);
    checkLimit('maxEntries', maxEntries);
    checkLimit('maxComputed', maxComputed);
    checkLimit('maxBytes', maxBytes);
    const { data, computed } = processStores();
    const makeRoom = (store: LruStore, most: number) => (): void => {
      while (store.size > most) store.evictOldest();
      while (data.bytes + computed.bytes > maxBytes) {
        (data.oldestUse < computed.oldestUse ? data : computed).evictOldest();
      }
    };
    this.sessionId = sessionId;
    this.#data = new SessionView({ store: data, sessionId, maxBytes, makeRoom: makeRoom(data, maxEntries) });
    this.#computed = new SessionView({
      store: computed,
      sessionId,
      maxBytes,
      makeRoom: makeRoom(computed, maxComputed),
    });
  }

  /** The light curve, or undefined. */
  get(dataRef: string): LightCurveData | undefined {
    return this.#data.get(dataRef);
  }

  /** @throws TessCacheError BAD_ARGUMENT for undefined, TOO_LARGE for more than `maxBytes`; nothing has changed then */
  put(dataRef: string, data: LightCurveData): void {
    this.#data.put(dataRef, data);
  }

  has(dataRef: string): boolean {
    return this.#data.has(dataRef);
  }

  /** Returns whether it was there. */
  delete(dataRef: string): boolean {
    return this.#data.delete(dataRef);
  }

  /** Data refs of this session, least recently used first. */
  keys(): string[] {
    return this.#data.keys();
  }

  /**
   * The light curve; where there is none, what `load` gives, which is kept. A plain function gives the light curve
   * itself, an async one a promise.
   *
   * While an async load of a name is under way, all who ask for that name get its promise, and `load` isn't
   * called. What fails isn't kept, nor is undefined, nor what is larger than `maxBytes`: it is only returned. A
   * put or a clear of the name during the load wins: its callers get what it gives, but it isn't kept.
   *
   * On a hit, an `async` function gets a promise; other functions that return promises can't be told from plain
   * ones without calling them and get the light curve itself. `await` takes both.
   *
   * @throws TessCacheError BAD_ARGUMENT where `load` is no function, and whatever `load` throws
   */
  getOrLoad(
    dataRef: string,
    load: () => PromiseLike<LightCurveData>,
  ): LightCurveData | Promise<LightCurveData>;
  getOrLoad(dataRef: string, load: () => LightCurveData): LightCurveData;
  getOrLoad(
    dataRef: string,
    load: () => LightCurveData | PromiseLike<LightCurveData>,
  ): LightCurveData | Promise<LightCurveData> {
    return this.#data.getOr(dataRef, load);
  }

  /** The product, or undefined. A product that is null is a hit. */
  getComputed(productRef: string): unknown {
    return this.#computed.get(productRef);
  }

  /** @throws TessCacheError BAD_ARGUMENT for undefined, TOO_LARGE for more than `maxBytes`; nothing has changed then */
  putComputed(productRef: string, product: unknown): void {
    this.#computed.put(productRef, product);
  }

  hasComputed(productRef: string): boolean {
    return this.#computed.has(productRef);
  }

  /** Returns whether it was there. */
  deleteComputed(productRef: string): boolean {
    return this.#computed.delete(productRef);
  }

  /** Product refs of this session, least recently used first. */
  computedKeys(): string[] {
    return this.#computed.keys();
  }

  /** As `getOrLoad`, for products. The type is the caller's word for what is cached under this name. */
  getOrCompute<T>(productRef: string, compute: () => PromiseLike<T>): T | Promise<T>;
  getOrCompute<T>(productRef: string, compute: () => T): T;
  getOrCompute(productRef: string, compute: () => unknown): unknown {
    return this.#computed.getOr(productRef, compute);
  }

  /** Forgets the light curves and the products of this session. */
  clear(): void {
    this.#data.clear();
    this.#computed.clear();
  }

  /** Forgets all sessions. */
  static clearAll(): void {
    const { data, computed } = processStores();
    data.clearAll();
    computed.clearAll();
  }

  /** What all sessions hold together. */
  static globalStats(): SessionCacheStats {
    const { data, computed } = processStores();
    return {
      dataEntries: data.size,
      computedEntries: computed.size,
      dataBytes: data.bytes,
      computedBytes: computed.bytes,
      sessions: new Set([...data.sessionIds(), ...computed.sessionIds()]).size,
    };
  }
}

function checkSessionId(sessionId: unknown): void {
  const expected = "a non-empty string without ':', which ends the id in '<session id>:<ref>'";
  if (typeof sessionId === 'string' && sessionId !== '' && !sessionId.includes(':')) return;
  const found = describe(sessionId);
  throw new TessCacheError('BAD_KEY', `session id: expected ${expected}, got ${found}`, {
    field: 'sessionId',
    expected,
    found,
  });
}

function checkLimit(field: string, limit: unknown): void {
  if ((Number.isSafeInteger(limit) && (limit as number) > 0) || limit === Infinity) return;
  const expected = 'a positive integer, or Infinity for no limit';
  const found = describe(limit);
  throw new TessCacheError('BAD_ARGUMENT', `session cache: ${field} must be ${expected}, got ${found}`, {
    field,
    expected,
    found,
  });
}
