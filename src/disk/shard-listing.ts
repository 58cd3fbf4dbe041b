/** The blobs in the 256 shards of data/, each listed again only where it has changed. */
import type { KeyDigest } from '../ref/key.js';
import { isNotThere, type FileSystem } from './file-system.js';
import { SHARDS, digestOfBlobName, type Layout } from './layout.js';

/**
 * A directory whose modification time is younger than this may change once more without its time moving: the
 * kernel's clock ticks every 4 to 10 ms, network file systems are coarser.
 */
const SETTLED_AFTER_MS = 100;

const NONE: ReadonlySet<KeyDigest> = new Set();

export class ShardListing {
  readonly #files: FileSystem;
  readonly #layout: Layout;
  /** Modification time of each shard when it was last listed; NaN where it must be listed again. */
  readonly #listed = new Float64Array(SHARDS.length).fill(NaN);

  constructor(files: FileSystem, layout: Layout) {
    this.#files = files;
    this.#layout = layout;
  }

  /** Makes the next `changes` list this shard. */
  forget(index: number): void {
    this.#listed[index] = NaN;
  }

  /**
   * The digests of all blobs in each shard in which something may have come or gone since the last call.
   *
   * @throws the system's error
   */
  *changes(): IterableIterator<readonly [index: number, present: ReadonlySet<KeyDigest>]> {
    // Most of a small cache's shards are not there, and to be told so of each would cost more than the rest.
    const there = new Set(this.#list(this.#layout.data));
    for (const [index, shard] of SHARDS.entries()) {
      const present = there.has(shard) ? this.#read(index, shard) : NONE;
      if (present !== undefined) yield [index, present];
    }
  }

  #read(index: number, shard: string): ReadonlySet<KeyDigest> | undefined {
    const path = this.#layout.dataShard(shard);
    try {
      const { mtimeMs } = this.#files.stat(path);
      if (mtimeMs === this.#listed[index]) return undefined;
      const digests = this.#list(path).map((name) => digestOfBlobName(name, shard));
      this.#listed[index] = Date.now() - mtimeMs > SETTLED_AFTER_MS ? mtimeMs : NaN;
      return new Set(digests.filter((digest) => digest !== undefined));
    } catch (error) {
      if (!isNotThere(error)) throw error;
      this.forget(index);
      return NONE;
    }
  }

  #list(path: string): string[] {
    try {
      return this.#files.readdir(path);
    } catch (error) {
      // Or a file in the place of a directory.
      if (isNotThere(error)) return [];
      throw error;
    }
  }
}
