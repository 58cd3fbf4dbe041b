/**
 * The two files of an entry, kept in step without a lock.
 *
 * The rename of the blob is the one commit of a put; its unlink is the one commit of a removal. The sidecar
 * comes after the blob, leaves before it, and describes one blob, by checksum. Whoever changes a sidecar looks at the blob once more
 * afterwards, and where another process has changed that meanwhile, makes the sidecar anew from the blob that
 * is there (`settle`). So the last one to touch a sidecar leaves it in agreement; where a kill prevents that,
 * the next reader of the entry does it.
 */
import { hash } from 'node:crypto';
import { dirname } from 'node:path';
import { SEAL_END, decodeBlob, readSeal } from '../codec/blob.js';
import type { Checksum } from '../codec/checksum.js';
import { MAX_FILE_BYTES, MAX_HEADER_BYTES } from '../codec/safetensors.js';
import { TessCacheError } from '../errors.js';
import type { KeyDigest } from '../ref/key.js';
import { metadataOf, type EntryMetadata } from './entry-metadata.js';
import {
  O_PLAIN,
  O_RDONLY,
  O_RDWR,
  identityOf,
  isNotThere,
  lookAt,
  readFully,
  sameContent,
  systemCode,
  writeFully,
  type FileIdentity,
  type FileSystem,
} from './file-system.js';
import type { Layout } from './layout.js';
import { Obstacle, obstacleOf, withPlainFile } from './plain-file.js';
import {
  SIDECAR_START_BYTES,
  TIME_AT,
  decodeSidecar,
  encodeSidecar,
  encodeTime,
  readSidecarStart,
} from './sidecar.js';
import { placeTemporary, removeQuietly, renameInto, syncDirectory, writeTemporary } from './temporary.js';

export { Obstacle };

export interface BlobFile {
  readonly bytes: Buffer;
  readonly identity: FileIdentity;
}

/** Rounds of `settle` before it is left to the next reader: each round means that another put has come in. */
const SETTLE_ROUNDS = 10;
/** A sidecar takes about 600 bytes, more with a long key or lineage. */
const SIDECAR_GUESS_BYTES = 2048;
/** A lineage is in the header of its blob too, which is no longer than this. */
const MAX_SIDECAR_BYTES = 2 * MAX_HEADER_BYTES;

export class EntryStore {
  readonly #files: FileSystem;
  readonly #layout: Layout;
  readonly #start = Buffer.alloc(SIDECAR_START_BYTES);
  #isRootSynced = false;

  constructor(files: FileSystem, layout: Layout) {
    this.#files = files;
    this.#layout = layout;
  }

  /**
   * The whole blob file, or undefined where there is none.
   *
   * @throws the system's error, where it is any other than 'not there'
   */
  readBlob(digest: KeyDigest): BlobFile | Obstacle | undefined {
    return this.#open(this.#layout.blob(digest), O_RDONLY, (fd, identity) => {
      // A put makes none that is longer; a sparse file may claim any length.
      if (identity.size > MAX_FILE_BYTES) return new Obstacle(`a file of ${identity.size} bytes`, identity);
      const bytes = Buffer.allocUnsafeSlow(identity.size);
      const count = readFully(this.#files, fd, bytes);
      return { bytes: count === bytes.length ? bytes : bytes.subarray(0, count), identity };
    });
  }

  /** The checksum that the blob file claims, without reading the rest of it. */
  readBlobSeal(digest: KeyDigest): Checksum | undefined {
    const seal = this.#open(this.#layout.blob(digest), O_RDONLY, (fd) => {
      const start = Buffer.alloc(SEAL_END);
      return readSeal(start.subarray(0, readFully(this.#files, fd, start)));
    });
    return seal instanceof Obstacle ? undefined : seal;
  }

  /** The metadata in the sidecar, or undefined where there is none that can be trusted. */
  readSidecar(digest: KeyDigest): EntryMetadata | undefined {
    const metadata = this.#open(this.#layout.sidecar(digest), O_RDONLY, (fd, { size }) => {
      if (size > MAX_SIDECAR_BYTES) return undefined;
      const bytes = Buffer.allocUnsafe(Math.max(size, SIDECAR_GUESS_BYTES));
      return decodeSidecar(bytes.subarray(0, readFully(this.#files, fd, bytes.subarray(0, size))));
    });
    return metadata instanceof Obstacle ? undefined : metadata;
  }

  /** `accessed_at` of the sidecar, or undefined where there is none that can be trusted. */
  readAccessTime(digest: KeyDigest): number | undefined {
    const start = this.#open(this.#layout.sidecar(digest), O_RDONLY, (fd) => this.#readStart(fd));
    return start instanceof Obstacle ? undefined : start?.accessedAt;
  }

  /**
   * Writes `accessed_at` in place, where the sidecar describes the blob of this checksum.
   *
   * @returns whether it did: false means that the sidecar is missing, damaged, or another blob's
   */
  touch(digest: KeyDigest, checksum: Checksum, seconds: number): boolean {
    try {
      const fd = this.#files.open(this.#layout.sidecar(digest), O_RDWR | O_PLAIN);
      // Whether it is a regular file is not asked: its first bytes say whether it is a sidecar.
      try {
        if (this.#readStart(fd)?.checksum !== checksum) return false;
        writeFully(this.#files, fd, encodeTime(seconds), TIME_AT);
        return true;
      } finally {
        this.#files.close(fd);
      }
    } catch (error) {
      if (isNotThere(error) || obstacleOf(error) !== undefined) return false;
      throw error;
    }
  }

  /**
   * Puts both files in place: a reader sees the old value or the new one.
   *
   * @param durable whether to wait until the blob and its name are on the disk; the sidecar can be made anew
   * @param beforeCommit called when both files are written, before the first rename
   * @throws the system's error; the old value is intact then, unless it was only the waiting that failed
   */
  commit(
    digest: KeyDigest,
    parts: readonly Uint8Array[],
    metadata: EntryMetadata,
    durable: boolean,
    beforeCommit: () => void,
  ): void {
    const blob = writeTemporary(this.#files, this.#layout, parts, durable);
    let sidecarPath: string | undefined;
    try {
      sidecarPath = writeTemporary(this.#files, this.#layout, [encodeSidecar(metadata)], false).path;
      beforeCommit();
      renameInto(this.#files, blob.path, this.#layout.blob(digest));
    } catch (error) {
      removeQuietly(this.#files, blob.path);
      if (sidecarPath !== undefined) removeQuietly(this.#files, sidecarPath);
      throw error;
    }
    this.#follow(
      digest,
      () => {
        placeTemporary(this.#files, sidecarPath, this.#layout.sidecar(digest));
        return this.#isCurrent(digest, blob.identity);
      },
      metadata.accessedAt,
    );
    if (durable) this.#syncNames(digest);
  }

  /** Removes both files. Returns whether the blob was there. */
  remove(digest: KeyDigest, nowSeconds: number): boolean {
    return this.takeAway(digest, nowSeconds, () => this.#unlink(this.#layout.blob(digest)));
  }

  /**
   * Takes an entry away. The sidecar goes before its blob, and once more after it, where a reader has just
   * mended it: a kill in between leaves a blob without a sidecar, which is an entry that the next reader mends,
   * and not a sidecar without a blob, which nobody would ever look at.
   *
   * @param take does away with the blob
   * @returns what `take` returns
   * @throws the system's error
   */
  takeAway<T>(digest: KeyDigest, nowSeconds: number, take: () => T): T {
    removeQuietly(this.#files, this.#layout.sidecar(digest));
    try {
      return take();
    } finally {
      this.#follow(
        digest,
        () => {
          if (this.blobIdentity(digest) !== undefined) return false;
          return !this.#unlink(this.#layout.sidecar(digest)) || this.blobIdentity(digest) === undefined;
        },
        nowSeconds,
      );
    }
  }

  /**
   * Makes the sidecar agree with the blob that is there: removes it where there is none, writes it anew where
   * it describes another.
   *
   * @param accessedAt for a sidecar written anew
   * @returns the metadata, or undefined where there is no blob, or one that can't be read
   */
  settle(digest: KeyDigest, accessedAt: number): EntryMetadata | undefined {
    for (let round = 0; round < SETTLE_ROUNDS; round++) {
      const blob = this.readBlob(digest);
      if (blob instanceof Obstacle) return undefined;
      if (blob === undefined) {
        this.#unlink(this.#layout.sidecar(digest));
        if (this.blobIdentity(digest) === undefined) return undefined;
        continue;
      }
      const metadata = describeBlob(blob, accessedAt);
      if (metadata === undefined) return undefined;
      const { path } = writeTemporary(this.#files, this.#layout, [encodeSidecar(metadata)], false);
      placeTemporary(this.#files, path, this.#layout.sidecar(digest));
      if (this.#isCurrent(digest, blob.identity)) return metadata;
    }
    return undefined;
  }

  /** Identity of the blob file, or of what stands in its place; undefined where there is nothing. */
  blobIdentity(digest: KeyDigest): FileIdentity | undefined {
    const stats = lookAt(this.#files, this.#layout.blob(digest));
    return stats && identityOf(stats);
  }

  /** Waits until a blob's name is on the disk, and those of the directories that lead to it. */
  #syncNames(digest: KeyDigest): void {
    let path = dirname(this.#layout.blob(digest));
    for (; path.length >= this.#layout.dir.length; path = dirname(path)) syncDirectory(this.#files, path);
    // Above the cache one may not be allowed to look; once is enough there, since we made nothing but the first.
    for (; !this.#isRootSynced && path !== dirname(path); path = dirname(path)) {
      try {
        syncDirectory(this.#files, path);
      } catch (error) {
        if (systemCode(error) === undefined) throw error;
      }
    }
    this.#isRootSynced = true;
  }

  #isCurrent(digest: KeyDigest, identity: FileIdentity): boolean {
    const current = this.blobIdentity(digest);
    return current !== undefined && sameContent(current, identity);
  }

  /**
   * What follows a commit: a change of the sidecar that tells whether it still fits the blob. The entry is
   * right without it, so a failure here is no failure of the put or removal; the next reader mends it.
   */
  #follow(digest: KeyDigest, change: () => boolean, accessedAt: number): void {
    try {
      if (!change() && !this.#agrees(digest)) this.settle(digest, accessedAt);
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
    }
  }

  /** Whether there are a blob and a sidecar that describes it. */
  #agrees(digest: KeyDigest): boolean {
    const sidecar = this.readSidecar(digest);
    return sidecar !== undefined && sidecar.checksum === this.readBlobSeal(digest);
  }

  #readStart(fd: number) {
    return readSidecarStart(this.#start.subarray(0, readFully(this.#files, fd, this.#start)));
  }

  /** @returns whether it was there */
  #unlink(path: string): boolean {
    // A look is cheap; an error that says that there is nothing is not, and this is mostly the second look.
    if (lookAt(this.#files, path) === undefined) return false;
    try {
      this.#files.unlink(path);
      return true;
    } catch (error) {
      if (isNotThere(error)) return false;
      throw error;
    }
  }

  #open<T>(path: string, flags: number, use: (fd: number, identity: FileIdentity) => T) {
    return withPlainFile(this.#files, path, flags, use);
  }
}

/** Metadata from the blob alone, as for a sidecar that was lost; undefined where the blob is not sound. */
export function describeBlob({ bytes, identity }: BlobFile, accessedAt: number): EntryMetadata | undefined {
  try {
    return metadataOf(decodeBlob(bytes).head, {
      createdAt: identity.mtimeMs / 1000,
      accessedAt,
      bytes: bytes.length,
      sha256: hash('sha256', bytes, 'hex'),
    });
  } catch (error) {
    if (error instanceof TessCacheError) return undefined;
    throw error;
  }
}
