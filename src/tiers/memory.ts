/** The tier in memory: a session's values, with what must be known to tell whether they are still right. */
import { originsOf, type LineageInput } from '../codec/lineage.js';
import { TessCacheError } from '../errors.js';
import { checkBelongs } from '../light-curve/belongs.js';
import { LightCurveData } from '../light-curve/light-curve-data.js';
import type { SessionCache } from '../session/session-cache.js';
import { Found, fingerprint, type Origins, type ValueFacts } from './found.js';

/** A value's facts hold for one directory: another may have another value under the same key. */
interface KnownFor {
  readonly dir: string;
  readonly facts: ValueFacts;
}

/** Of the whole process, however often the package is loaded; by the value, so that both are forgotten together. */
const FACTS = Symbol.for('tess-cache.value-facts/1');

/** Numbers, strings and the like, and null: as many as a session keeps products by default. */
const MAX_PRIMITIVES = 256;

export class MemoryTier {
  readonly #session: SessionCache;
  readonly #dir: string;
  /** What can't have facts of its own in a WeakMap, oldest first. */
  readonly #primitives = new Map<string, Found>();

  /** @param dir whose values they are */
  constructor(session: SessionCache, dir: string) {
    this.#session = session;
    this.#dir = dir;
  }

  /** What the session has under the key, unless it is from another directory, or nothing that a cache takes. */
  get(key: string): Found | undefined {
    const value: unknown = this.#session.get(key) ?? this.#session.getComputed(key);
    if (value === undefined) return this.#primitives.get(key);
    if (typeof value !== 'object' || value === null) return this.#adopt(key, value);
    const known = (processFacts().get(value) ?? []).filter(({ facts }) => facts.key === key);
    const facts = known.find(({ dir }) => dir === this.#dir)?.facts;
    if (facts !== undefined) return Found.kept(value, facts);
    return known.length > 0 ? undefined : this.#adopt(key, value);
  }

  /** Those that are here with another value than the one given. */
  others(origins: Origins | undefined): readonly LineageInput[] {
    return (origins === undefined ? [] : originsOf(origins)).filter(({ key, sha256 }) => {
      const facts = this.get(key)?.facts;
      return facts !== undefined && facts.sha256 !== sha256;
    });
  }

  /** Light curves go to the data store, all else to the computed one. */
  put({ facts, kept, isKeepable }: Found): void {
    const { key } = facts;
    this.delete(key);
    if (!isKeepable || facts.sha256 === '' || typeof kept === 'function' || typeof kept === 'symbol') return;
    if (typeof kept !== 'object' || kept === null) {
      this.#primitives.set(key, Found.kept(kept, facts));
      for (const oldest of this.#primitives.keys()) {
        if (this.#primitives.size <= MAX_PRIMITIVES) break;
        this.#primitives.delete(oldest);
      }
      return;
    }
    try {
      if (kept instanceof LightCurveData) this.#session.put(key, kept);
      else this.#session.putComputed(key, kept);
      this.#note(kept, facts);
    } catch (error) {
      // Larger than all of memory may be: it is on disk.
      if (!(error instanceof TessCacheError && error.code === 'TOO_LARGE')) throw error;
    }
  }

  delete(key: string): void {
    this.#session.delete(key);
    this.#session.deleteComputed(key);
    this.#primitives.delete(key);
  }

  /** Removes a value, unless another has come in its place. */
  drop({ key, sha256 }: ValueFacts): void {
    if (this.get(key)?.facts.sha256 === sha256) this.delete(key);
  }

  /** What is known of all there is. */
  *facts(): IterableIterator<ValueFacts> {
    const { keys, computedKeys } = { keys: this.#session.keys(), computedKeys: this.#session.computedKeys() };
    for (const key of [...keys, ...computedKeys, ...this.#primitives.keys()]) {
      const found = this.get(key);
      if (found !== undefined) yield found.facts;
    }
  }

  /**
   * A value that the host has put into the session itself: it is taken as one that is not on disk, of unknown
   * origins.
   */
  #adopt(key: string, value: unknown): Found | undefined {
    try {
      checkBelongs(key, value);
      const sha256 = fingerprint(key, value, undefined);
      const facts = { key, sha256, onDisk: undefined, origins: undefined };
      if (typeof value === 'object' && value !== null) this.#note(value, facts);
      return Found.kept(value, facts);
    } catch (error) {
      if (error instanceof TessCacheError) return undefined;
      throw error;
    }
  }

  #note(value: object, facts: ValueFacts): void {
    const all = processFacts();
    const others = (all.get(value) ?? []).filter((known) => {
      return known.dir !== this.#dir || known.facts.key !== facts.key;
    });
    all.set(value, [...others, { dir: this.#dir, facts }]);
  }
}

function processFacts(): WeakMap<object, readonly KnownFor[]> {
  const holder = globalThis as { [FACTS]?: WeakMap<object, readonly KnownFor[]> };
  return (holder[FACTS] ??= new WeakMap());
}
