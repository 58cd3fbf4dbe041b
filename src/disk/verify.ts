/** Reads every file of a cache and says what is wrong with it. With a writer at hand, mends what it can. */
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { decodeBlob, type DecodedBlob } from '../codec/blob.js';
import { TessCacheError, describe } from '../errors.js';
import { checkBelongs } from '../light-curve/belongs.js';
import { checkKey, digestOf, isDigestOf, type KeyDigest } from '../ref/key.js';
import { metadataOf, type EntryMetadata } from './entry-metadata.js';
import { Obstacle, type BlobFile, type EntryStore } from './entry-store.js';
import {
  isNotThere,
  lookAt,
  systemCode,
  unlessRefused,
  type FileIdentity,
  type FileSystem,
} from './file-system.js';
import { adviceOn } from './io-error.js';
import { SHARDS, digestOfBlobName, digestOfSidecarName, type Layout } from './layout.js';
import { Repairer } from './repair.js';
import { findLeftovers, isTemporaryName } from './temporary.js';
import type { Writer } from './writer.js';

/**
 *  corrupt          the blob is not sound, or is no file      repair: to quarantine
 *  mismatch         it is not what its name says              repair: to quarantine
 *  unreadable       the system failed to read or list it      left as it is: the failure may pass
 *  missing-sidecar  a blob has none                           repair: made from the blob
 *  wrong-sidecar    it is damaged, or says what isn't so      repair: made anew from the blob
 *  orphan-sidecar   it has no blob                            repair: removed
 *  leftover         a process that is dead was writing it     repair: removed
 *  stray            no part of a cache                        repair: to quarantine
 *
 * A blob of a later format is no problem: it is as sound as this version can tell.
 */
export type Problem =
  | 'corrupt'
  | 'mismatch'
  | 'unreadable'
  | 'missing-sidecar'
  | 'wrong-sidecar'
  | 'orphan-sidecar'
  | 'leftover'
  | 'stray';

export interface VerifyProblem {
  /** Where the blob, or its sidecar, could tell. */
  readonly key?: string;
  readonly path: string;
  readonly problem: Problem;
  /** What was expected and what was found. */
  readonly detail: string;
  readonly repaired: boolean;
}

export interface VerifyReport {
  /** Entries read. */
  readonly checked: number;
  /** Entries without a problem. */
  readonly ok: number;
  readonly problems: readonly VerifyProblem[];
}

export interface VerifyOptions {
  /** Mend what can be mended; false by default. */
  readonly repair?: boolean;
  /** Called now and then with how much of the cache has been read, as a fraction. */
  readonly onProgress?: (fraction: number) => void;
}

/** Rounds in which an entry is looked at again because another process was changing it. */
const ROUNDS = 5;
/** What a sidecar may say otherwise than its blob: when. */
const TIMES: readonly (keyof EntryMetadata)[] = ['createdAt', 'accessedAt', 'computedAt', 'durationSeconds'];

interface Finding {
  readonly problem: Problem;
  readonly detail: string;
  readonly key?: string;
}

export class Verifier {
  readonly #files: FileSystem;
  readonly #layout: Layout;
  readonly #store: EntryStore;
  readonly #now: () => number;
  /** Who repairs, where that is wanted. */
  readonly #repairer: Repairer | undefined;
  readonly #problems: VerifyProblem[] = [];
  #checked = 0;
  #ok = 0;

  constructor(
    files: FileSystem,
    layout: Layout,
    store: EntryStore,
    now: () => number,
    writer: Writer | undefined,
  ) {
    this.#files = files;
    this.#layout = layout;
    this.#store = store;
    this.#now = now;
    this.#repairer = writer && new Repairer(files, layout, store, writer, now);
  }

  /** Gives way to other work between shards. */
  async run(onProgress: (fraction: number) => void): Promise<VerifyReport> {
    const data = this.#listParent(this.#layout.data);
    const meta = this.#listParent(this.#layout.meta);
    for (const [index, shard] of SHARDS.entries()) {
      if (data.has(shard) || meta.has(shard)) this.#checkShard(shard);
      onProgress((index + 1) / SHARDS.length);
      await nextTurn();
    }
    this.#orUnreadable(this.#layout.tmp, () => {
      this.#checkLeftovers();
    });
    return { checked: this.#checked, ok: this.#ok, problems: this.#problems };
  }

  /** The shards of data/ or meta/; what else stands there is a stray. */
  #listParent(path: string): ReadonlySet<string> {
    const names = this.#list(path);
    for (const name of names) if (!SHARDS.includes(name)) this.#stray(join(path, name));
    return new Set(names.filter((name) => SHARDS.includes(name)));
  }

  #checkShard(shard: string): void {
    const digests = new Set<KeyDigest>();
    const data = this.#layout.dataShard(shard);
    for (const name of this.#list(data)) {
      const digest = digestOfBlobName(name, shard);
      if (digest === undefined) this.#stray(join(data, name));
      else digests.add(digest);
    }
    const meta = this.#layout.metaShard(shard);
    const sidecars = this.#list(meta);
    for (const digest of digests) this.#checkEntry(digest);
    for (const name of sidecars) {
      const digest = digestOfSidecarName(name, shard);
      if (digest === undefined) this.#stray(join(meta, name));
      else if (!digests.has(digest)) {
        this.#orUnreadable(join(meta, name), () => {
          this.#checkOrphan(digest);
        });
      }
    }
  }

  #checkLeftovers(): void {
    const told = this.#problems.length;
    for (const path of [this.#layout.tmp, this.#layout.leases]) {
      for (const name of this.#list(path)) if (!isTemporaryName(name)) this.#stray(join(path, name));
    }
    if (this.#problems.slice(told).some(({ repaired }) => !repaired)) return;
    for (const path of findLeftovers(this.#files, this.#layout, this.#now())) {
      this.#report(path, { problem: 'leftover', detail: 'its writer is dead' }, (repairer) =>
        repairer.removeLeftover(path, this.#flatName(path)),
      );
    }
  }

  #checkEntry(digest: KeyDigest): void {
    const path = this.#layout.blob(digest);
    for (let round = 1; ; round++) {
      try {
        const blob = this.#store.readBlob(digest);
        if (blob === undefined) return;
        const seen = blob.identity;
        const found = blob instanceof Obstacle ? notAFile(blob) : this.#checkBlob(digest, blob);
        const name = found && this.#nameOf(digest);
        const finding = found && { ...found, key: name ?? found.key };
        // Another process has replaced the blob, or is about to replace the sidecar: look again.
        if (finding !== undefined && round < ROUNDS && this.#isChanging(digest, seen)) continue;
        this.#checked++;
        if (finding === undefined) this.#ok++;
        else
          this.#report(this.#pathOf(finding, digest), finding, (repairer) =>
            finding.problem.endsWith('sidecar')
              ? repairer.mendSidecar(digest, (seen?.mtimeMs ?? 0) / 1000)
              : repairer.removeBlob(digest, name ?? '', finding.detail, seen),
          );
      } catch (error) {
        if (systemCode(error) === undefined) throw error;
        this.#checked++;
        this.#reportUnreadable(path, error);
      }
      return;
    }
  }

  #checkBlob(digest: KeyDigest, { bytes, identity }: BlobFile): Finding | undefined {
    let decoded: DecodedBlob;
    try {
      decoded = decodeBlob(bytes);
    } catch (error) {
      if (!(error instanceof TessCacheError)) throw error;
      return error.code === 'NEWER_FORMAT' ? undefined : { problem: 'corrupt', detail: error.message };
    }
    const { head, value } = decoded;
    const { key } = head;
    try {
      if (digestOf(checkKey(key)) !== digest) {
        return {
          problem: 'mismatch',
          key,
          detail: `the blob belongs to ${describe(key)}, by whose name it isn't`,
        };
      }
      checkBelongs(key, value);
    } catch (error) {
      if (!(error instanceof TessCacheError)) throw error;
      return { problem: 'mismatch', key, detail: error.message };
    }
    const times = { createdAt: identity.mtimeMs / 1000, accessedAt: identity.mtimeMs / 1000 };
    const facts = { ...times, bytes: bytes.length, sha256: hash('sha256', bytes, 'hex') };
    return this.#checkSidecar(digest, metadataOf(head, facts));
  }

  #checkSidecar(digest: KeyDigest, actual: EntryMetadata): Finding | undefined {
    const { key } = actual;
    const sidecar = this.#store.readSidecar(digest);
    if (sidecar === undefined) {
      const isThere = lookAt(this.#files, this.#layout.sidecar(digest)) !== undefined;
      return isThere
        ? { problem: 'wrong-sidecar', key, detail: 'it is damaged' }
        : { problem: 'missing-sidecar', key, detail: 'the blob has no sidecar' };
    }
    const fields = new Set([...Object.keys(actual), ...Object.keys(sidecar)]) as Set<keyof EntryMetadata>;
    for (const field of fields) {
      if (TIMES.includes(field) || isDeepStrictEqual(sidecar[field], actual[field])) continue;
      const detail = `${field} should be ${describe(actual[field])}, is ${describe(sidecar[field])}`;
      return { problem: 'wrong-sidecar', key, detail };
    }
    return undefined;
  }

  #checkOrphan(digest: KeyDigest): void {
    // A put that came in since the listing has made it an entry.
    if (this.#store.blobIdentity(digest) !== undefined) return;
    const path = this.#layout.sidecar(digest);
    if (lookAt(this.#files, path) === undefined) return;
    const key = this.#nameOf(digest);
    this.#report(path, { problem: 'orphan-sidecar', key, detail: 'its blob is gone' }, (repairer) =>
      repairer.mendSidecar(digest, this.#now()),
    );
  }

  /** The key by which an entry was put, as far as its sidecar can be trusted to know. */
  #nameOf(digest: KeyDigest): string | undefined {
    const { key = '' } = unlessRefused(() => this.#store.readSidecar(digest)) ?? {};
    return isDigestOf(digest, key) ? key : undefined;
  }

  #isChanging(digest: KeyDigest, seen: FileIdentity | undefined): boolean {
    const current = this.#store.blobIdentity(digest);
    const age = Date.now() - (current?.mtimeMs ?? 0);
    return current?.ino !== seen?.ino || (age >= 0 && age < BEING_PUT_MS);
  }

  #pathOf({ problem }: Finding, digest: KeyDigest): string {
    return problem.endsWith('sidecar') ? this.#layout.sidecar(digest) : this.#layout.blob(digest);
  }

  #stray(path: string): void {
    const detail = 'no part of a cache';
    this.#report(path, { problem: 'stray', detail }, (repairer) =>
      repairer.clearAway(path, this.#flatName(path), detail),
    );
  }

  /** A path in the cache as one name. */
  #flatName(path: string): string {
    return encodeURIComponent(path.slice(this.#layout.dir.length + 1)).replaceAll('%2F', '_');
  }

  #report(path: string, finding: Finding, repair?: (repairer: Repairer) => boolean): void {
    let repaired = false;
    let { detail } = finding;
    if (repair !== undefined && this.#repairer !== undefined) {
      try {
        repaired = repair(this.#repairer);
      } catch (error) {
        if (systemCode(error) === undefined) throw error;
        detail += `; not repaired: ${adviceOn(error)}`;
      }
    }
    this.#problems.push({ ...finding, path, detail, repaired });
  }

  /** What the system refuses to tell is a problem like others, and no reason to leave the rest unread. */
  #orUnreadable(path: string, look: () => void): void {
    try {
      look();
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      this.#reportUnreadable(path, error);
    }
  }

  /** @param path of what was being read, where the error doesn't name it */
  #reportUnreadable(path: string, error: unknown): void {
    const at = (error as NodeJS.ErrnoException).path ?? path;
    this.#report(at, { problem: 'unreadable', detail: adviceOn(error) });
  }

  /**
   * What is in a directory; a file in the place of one is a stray.
   *
   * @throws the system's error, where the cache directory itself is none
   */
  #list(path: string): string[] {
    try {
      return this.#files.readdir(path);
    } catch (error) {
      const code = systemCode(error);
      if (code === undefined || (code === 'ENOTDIR' && !this.#files.stat(this.#layout.dir).isDirectory()))
        throw error;
      // Where the directory above it is the file, that has been told already.
      if (code === 'ENOTDIR' && lookAt(this.#files, path) !== undefined) this.#stray(path);
      else if (!isNotThere(error)) this.#reportUnreadable(path, error);
      return [];
    }
  }
}

/** A blob this young may be waiting for its sidecar. */
const BEING_PUT_MS = 50;

function notAFile(obstacle: Obstacle): Finding {
  return { problem: 'corrupt', detail: `${obstacle.found} stands in place of the blob` };
}
