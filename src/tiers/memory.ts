/** The tier in memory: a session's values, with what must be known to tell whether they are still right. */
import { createHash } from 'node:crypto';
import { encodeBlob } from '../codec/blob.js';
import type { Lineage } from '../codec/lineage.js';
import type { EntryMetadata } from '../disk/entry-metadata.js';
import { TessCacheError } from '../errors.js';
import { LightCurveData } from '../light-curve/light-curve-data.js';
import type { SessionCache } from '../session/session-cache.js';

/** What is known of a value beside itself. */
export interface ValueFacts {
  readonly key: string;
  /** SHA-256 that its blob file has, or would have. */
  readonly sha256: string;
  /** Of a product. */
  readonly lineage: Pick<Lineage, 'inputs'> | undefined;
}

export interface Remembered {
  readonly value: unknown;
  readonly facts: ValueFacts;
}

export class MemoryTier {
  readonly #session: SessionCache;
  /** By the value itself, so that they are forgotten together. */
  readonly #facts = new WeakMap<object, ValueFacts>();

  constructor(session: SessionCache) {
    this.#session = session;
  }

  get(key: string): Remembered | undefined {
    const value = this.#session.get(key) ?? this.#session.getComputed(key);
    return value === undefined ? undefined : { value, facts: this.factsOf(key, value) };
  }

  /** Light curves go to the data store, all else to the computed one; null and primitives are not worth it. */
  put({ value, facts }: Remembered): void {
    if (typeof value !== 'object' || value === null) return;
    this.delete(facts.key);
    try {
      if (value instanceof LightCurveData) this.#session.put(facts.key, value);
      else this.#session.putComputed(facts.key, value);
      this.#facts.set(value, facts);
    } catch (error) {
      // Larger than all of memory may be: it is on disk.
      if (!(error instanceof TessCacheError && error.code === 'TOO_LARGE')) throw error;
    }
  }

  delete(key: string): void {
    this.#session.delete(key);
    this.#session.deleteComputed(key);
  }

  /** What is known of a value; of one that came into the session by another way, it is found out. */
  factsOf(key: string, value: unknown): ValueFacts {
    const known = typeof value === 'object' && value !== null ? this.#facts.get(value) : undefined;
    return known?.key === key
      ? known
      : { key, sha256: fingerprint(key, value, undefined), lineage: undefined };
  }
}

/** Facts of a value that stands on disk. */
export function factsOnDisk({ key, sha256, lineage }: EntryMetadata): ValueFacts {
  return { key, sha256, lineage };
}

/**
 * SHA-256 that the blob of a value would have.
 *
 * @throws TessCacheError UNSUPPORTED_VALUE where it can have none
 */
export function fingerprint(key: string, value: unknown, lineage: Lineage | undefined): string {
  const sum = createHash('sha256');
  for (const part of encodeBlob(key, value, lineage).parts) sum.update(part);
  return sum.digest('hex');
}
