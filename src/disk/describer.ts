/** The metadata of entries without their values: from the sidecar where it fits the blob, or else from the blob. */
import { digestOf, type Key, type KeyDigest } from '../ref/key.js';
import type { EntryMetadata } from './entry-metadata.js';
import { Obstacle, describeBlob, type EntryStore } from './entry-store.js';
import { systemCode, unlessRefused } from './file-system.js';

export class Describer {
  readonly #store: EntryStore;
  readonly #mayMend: boolean;

  /** @param mayMend whether a sidecar that does not fit its blob is to be made anew */
  constructor(store: EntryStore, mayMend: boolean) {
    this.#store = store;
    this.#mayMend = mayMend;
  }

  /**
   * Undefined where there is no sound entry.
   *
   * @throws the system's error
   */
  describe(key: Key): EntryMetadata | undefined {
    const digest = digestOf(key);
    const seal = this.#store.readBlobSeal(digest);
    if (seal === undefined) return undefined;
    const sidecar = this.#store.readSidecar(digest);
    const metadata = sidecar?.checksum === seal ? sidecar : this.#fromBlob(digest, this.#mayMend);
    return metadata?.key === key ? metadata : undefined;
  }

  /**
   * For a listing: where the system can't read one of an entry's files now, what the other says.
   *
   * @throws the system's error, where it can read neither
   */
  describeAll(keys: readonly string[]): EntryMetadata[] {
    return keys.map((key) => this.#describeListed(key as Key)).filter((metadata) => metadata !== undefined);
  }

  #describeListed(key: Key): EntryMetadata | undefined {
    try {
      return this.describe(key);
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      const digest = digestOf(key);
      const metadata = unlessRefused(() => this.#fromBlob(digest, false)) ?? this.#store.readSidecar(digest);
      return metadata?.key === key ? metadata : undefined;
    }
  }

  #fromBlob(digest: KeyDigest, mend: boolean): EntryMetadata | undefined {
    const blob = this.#store.readBlob(digest);
    if (blob === undefined || blob instanceof Obstacle) return undefined;
    const modifiedAt = blob.identity.mtimeMs / 1000;
    const mended = mend ? unlessRefused(() => this.#store.settle(digest, modifiedAt)) : undefined;
    return mended ?? describeBlob(blob, modifiedAt);
  }
}
