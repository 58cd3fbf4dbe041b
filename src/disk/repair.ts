/** Mends what `verify` finds. Each method says whether what was wrong is no more. */
import { moveToQuarantine } from './quarantine.js';
import type { KeyDigest } from '../ref/key.js';
import type { EntryStore } from './entry-store.js';
import { lookAt, sameContent, systemCode, type FileIdentity, type FileSystem } from './file-system.js';
import type { Layout } from './layout.js';
import type { Writer } from './writer.js';

/** A name in quarantine/ stays below the 255 bytes that most file systems take. */
const MAX_NAME_LENGTH = 180;

export class Repairer {
  readonly #files: FileSystem;
  readonly #layout: Layout;
  readonly #store: EntryStore;
  readonly #writer: Writer;
  readonly #now: () => number;

  constructor(files: FileSystem, layout: Layout, store: EntryStore, writer: Writer, now: () => number) {
    this.#files = files;
    this.#layout = layout;
    this.#store = store;
    this.#writer = writer;
    this.#now = now;
  }

  /**
   * Moves a blob to quarantine.
   *
   * @param seen the file that is not sound; undefined where it is no file
   */
  removeBlob(digest: KeyDigest, key: string, detail: string, seen: FileIdentity | undefined): boolean {
    if (this.#writer.quarantine(digest, key, detail, seen) !== undefined) return true;
    const current = this.#store.blobIdentity(digest);
    return current === undefined || (seen !== undefined && !sameContent(current, seen));
  }

  /**
   * Makes a sidecar agree with its blob, or removes it where there is none.
   *
   * @param modifiedAt of the blob: the access time, where the sidecar doesn't say
   */
  mendSidecar(digest: KeyDigest, modifiedAt: number): boolean {
    const accessedAt = this.#store.readAccessTime(digest) ?? modifiedAt;
    const path = this.#layout.sidecar(digest);
    if (lookAt(this.#files, path)?.isFile() === false) {
      this.clearAway(path, `${digest}.json`, 'no regular file');
    }
    this.#store.settle(digest, accessedAt);
    return true;
  }

  /** Moves any file or directory to quarantine. */
  clearAway(path: string, name: string, problem: string): boolean {
    const target = name.length <= MAX_NAME_LENGTH ? name : name.slice(-MAX_NAME_LENGTH);
    const moved = moveToQuarantine(this.#files, this.#layout, path, target, problem, this.#now());
    return moved !== undefined || lookAt(this.#files, path) === undefined;
  }

  /** Removes a leftover; a directory goes to quarantine, for what may be in it. */
  removeLeftover(path: string, name: string): boolean {
    try {
      this.#files.unlink(path);
    } catch (error) {
      const code = systemCode(error);
      if (code === 'EISDIR' || code === 'EPERM') return this.clearAway(path, name, 'a directory');
      if (code !== 'ENOENT') throw error;
    }
    return true;
  }
}
