/** A value that was found or made, and what is known of it. */
import { createHash, randomUUID } from 'node:crypto';
import { encodeBlob } from '../codec/blob.js';
import type { Lineage } from '../codec/lineage.js';
import { decodeStructure, encodeStructure } from '../codec/structure.js';
import type { EntryMetadata } from '../disk/entry-metadata.js';
import { TessCacheError } from '../errors.js';
import { LightCurveData } from '../light-curve/light-curve-data.js';

export type Origins = Pick<Lineage, 'inputs' | 'upstream'>;

export interface ValueFacts {
  readonly key: string;
  /** SHA-256 that its blob file has, or would have; empty where it is not to be kept. */
  readonly sha256: string;
  /**
   * SHA-256 of the blob that the disk had under the key when the value was taken in: its own where it was stored,
   * undefined where there was none. While the disk has that, the value is the newer of the two.
   */
  onDisk: string | undefined;
  /** Of a product. */
  readonly origins: Origins | undefined;
}

/** Facts of a value of which nothing is known, so that it is not to be kept. */
export function unknownFacts(key: string): ValueFacts {
  return { key, sha256: '', onDisk: undefined, origins: undefined };
}

/** Facts of a value that is kept for computations of this instance alone: in place of a SHA-256 they have a name. */
export function passingFacts(key: string, origins: Origins | undefined): ValueFacts {
  return { key, sha256: randomUUID(), onDisk: undefined, origins };
}

/** Facts of a value that stands on disk. */
export function factsOnDisk({ key, sha256, lineage }: EntryMetadata): ValueFacts {
  return { key, sha256, onDisk: sha256, origins: lineage };
}

export class Found {
  readonly facts: ValueFacts;
  /** Held for others: nobody is given it who could change it. */
  readonly kept: unknown;
  /** Whether it can be copied, and so be kept for others. */
  readonly isKeepable: boolean;
  #original: { readonly value: unknown } | undefined;

  private constructor(facts: ValueFacts, kept: unknown, isKeepable: boolean, original?: { value: unknown }) {
    this.facts = facts;
    this.kept = kept;
    this.isKeepable = isKeepable;
    this.#original = original;
  }

  /** A value that nobody else has: the first who takes it gets it as it is. */
  static fresh(value: unknown, facts: ValueFacts): Found {
    if (isShareable(value)) return new Found(facts, value, true);
    try {
      return new Found(facts, copyOf(value), true, { value });
    } catch (error) {
      // What can't be stored can't be copied either. Who tried to store it has told why.
      if (!(error instanceof TessCacheError || error instanceof RangeError)) throw error;
      return new Found(facts, value, false);
    }
  }

  /** A value that was kept. */
  static kept(value: unknown, facts: ValueFacts): Found {
    return new Found(facts, value, true);
  }

  /**
   * The value. A light curve is shared: its arrays are read-only by type. Of all else everybody gets a copy, theirs
   * to change, as a read from disk would give it.
   */
  take(): unknown {
    const original = this.#original;
    this.#original = undefined;
    if (original !== undefined) return original.value;
    return this.isKeepable && !isShareable(this.kept) ? copyOf(this.kept) : this.kept;
  }
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

function isShareable(value: unknown): boolean {
  return typeof value !== 'object' || value === null || value instanceof LightCurveData;
}

/** @throws TessCacheError UNSUPPORTED_VALUE */
function copyOf(value: unknown): unknown {
  const { json, tensors } = encodeStructure(value);
  return decodeStructure(json, tensors);
}
