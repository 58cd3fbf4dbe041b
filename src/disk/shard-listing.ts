/** The blobs in the 256 shards of data/, each listed again only where it has changed. */
import type { KeyDigest } from '../ref/key.js';
import { isNotThere, type FileSystem } from './file-system.js';
import { SHARDS, digestOfBlobName, type Layout } from './layout.js';

/**
 * A directory whose modification time is younger than this may change once more without its time moving: the
 * kernel's clock ticks every 4 to 10 ms, network file systems are coarser.
 */
const SETTLED_AFTER_MS = 100;

export class ShardListing {
  readonly #files: FileSystem;
  readonly #layout: Layout;
  /** Modification time of each shard when it was last listed; NaN where it must be listed again. */
  readonly #listed = new Float64Array(SHARDS.length).fill(NaN);

  constructor(files: FileSystem, layout: Layout) {
    this.#files = files;
    this.#layout = layout;
  }

  /** Makes the next `read` of this shard list it. */
  forget(index: number): void {
    this.#listed[index] = NaN;
  }

  /**
   * The digests of all blobs in a shard, or undefined where nothing has come or gone since the last call.
   *
   * @throws the system's error
   */
  read(index: number): ReadonlySet<KeyDigest> | undefined {
    const shard = SHARDS[index];
    const path = this.#layout.dataShard(shard);
    const present = new Set<KeyDigest>();
    try {
      const { mtimeMs } = this.#files.stat(path);
      if (mtimeMs === this.#listed[index]) return undefined;
      for (const name of this.#files.readdir(path)) {
        const digest = digestOfBlobName(name, shard);
        if (digest !== undefined) present.add(digest);
      }
      this.#listed[index] = Date.now() - mtimeMs > SETTLED_AFTER_MS ? mtimeMs : NaN;
    } catch (error) {
      // Or a file in the place of a directory.
      if (!isNotThere(error)) throw error;
      this.forget(index);
    }
    return present;
  }
}
