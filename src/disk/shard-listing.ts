/** The blobs in the 256 shards of data/, each listed again only where it has changed. */
import type { KeyDigest } from '../ref/key.js';
import { isNotThere, namesIn, type FileSystem } from './file-system.js';
import { SHARDS, digestOfBlobName, type Layout } from './layout.js';

/**
 * A directory whose change time is younger than this may change once more without its time moving: the kernel's
 * clock ticks every 4 to 10 ms, network file systems are coarser. (Its modification time would tell as much, but a
 * copy of a directory may have that of the original.)
 */
const SETTLED_AFTER_MS = 100;

/** A shard this old is not being filled now. */
const CALM_AFTER_MS = 1000;

export interface ListedShard {
  readonly index: number;
  readonly present: ReadonlySet<KeyDigest>;
  /** Whether nothing has come or gone for a while. */
  readonly isCalm: boolean;
}

const NONE: Omit<ListedShard, 'index'> = { present: new Set(), isCalm: true };

export class ShardListing {
  readonly #files: FileSystem;
  readonly #layout: Layout;
  /** Change time of each shard when it was last listed; NaN where it must be listed again. */
  readonly #listed = new Float64Array(SHARDS.length).fill(NaN);

  constructor(files: FileSystem, layout: Layout) {
    this.#files = files;
    this.#layout = layout;
  }

  /** Makes the next `changes` list this shard. */
  forget(index: number): void {
    this.#listed[index] = NaN;
  }

  /** Change time of each shard as it was last listed, or null where it must be listed again. */
  get changedAt(): (number | null)[] {
    return Array.from(this.#listed, (time) => (Number.isNaN(time) ? null : time));
  }

  /** Takes over what another process has listed, as long as nothing has changed since. */
  trust(changedAt: readonly (number | null)[]): void {
    for (const index of SHARDS.keys()) this.#listed[index] = changedAt[index] ?? NaN;
  }

  /**
   * The digests of all blobs in each shard in which something may have come or gone since the last call.
   *
   * @throws the system's error
   */
  *changes(): IterableIterator<ListedShard> {
    // Most of a small cache's shards are not there, and to be told so of each would cost more than the rest.
    const there = new Set(namesIn(this.#files, this.#layout.data));
    for (const [index, shard] of SHARDS.entries()) {
      const listed = there.has(shard) ? this.#read(index, shard) : this.#absent(index);
      if (listed !== undefined) yield { index, ...listed };
    }
  }

  #read(index: number, shard: string): typeof NONE | undefined {
    const path = this.#layout.dataShard(shard);
    try {
      const now = Date.now();
      const { ctimeMs } = this.#files.stat(path);
      if (ctimeMs === this.#listed[index]) return undefined;
      const digests = namesIn(this.#files, path).map((name) => digestOfBlobName(name, shard));
      const age = now - ctimeMs;
      this.#listed[index] = age > SETTLED_AFTER_MS ? ctimeMs : NaN;
      const present = new Set(digests.filter((digest) => digest !== undefined));
      return { present, isCalm: age > CALM_AFTER_MS };
    } catch (error) {
      if (!isNotThere(error)) throw error;
      return this.#absent(index);
    }
  }

  #absent(index: number): typeof NONE {
    // It may come back as it was, with the change time that it had.
    this.forget(index);
    return NONE;
  }
}
