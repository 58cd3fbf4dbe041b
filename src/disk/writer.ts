/** Changes what is cached: puts, removals, and the evictions that keep the limits. */
import { createHash } from 'node:crypto';
import { encodeBlob } from '../codec/blob.js';
import type { Lineage } from '../codec/lineage.js';
import { TessCacheError } from '../errors.js';
import { checkBelongs } from '../light-curve/belongs.js';
import { digestOf, type Key, type KeyDigest } from '../ref/key.js';
import { Catalogue, type CatalogueEntry } from './catalogue.js';
import { metadataOf, type EntryMetadata } from './entry-metadata.js';
import type { EntryStore } from './entry-store.js';
import { systemCode, type FileIdentity, type FileSystem } from './file-system.js';
import { isNoSpace } from './io-error.js';
import { Journal, type Removal, type RemovalRecord } from './journal.js';
import { SHARDS, digestOfBlobName, type Layout } from './layout.js';
import { introduce } from './introduction.js';
import type { ResolvedOptions } from './options.js';
import { quarantineBlob } from './quarantine.js';
import { RecencyQueue } from './recency.js';
import { findLeftovers, removeQuietly } from './temporary.js';

/** Puts between two looks for the leftovers of killed processes. */
const CLEAN_UP_EVERY = 1000;
/** Victims that resist before an eviction is given up. */
const MAX_RESISTING = 16;

export interface PutOptions {
  /** Of a product: what it was computed from. A read gives it no more once an input has changed. */
  readonly lineage?: Lineage;
  /** Of a product: when its computation began, seconds since the epoch. */
  readonly computedAt?: number;
  /** Of a product: how long its computation took, seconds. */
  readonly durationSeconds?: number;
}

export class Writer {
  readonly #files: FileSystem;
  readonly #layout: Layout;
  readonly #store: EntryStore;
  readonly #options: ResolvedOptions;
  readonly #journal: Journal;
  readonly #recency: RecencyQueue<CatalogueEntry>;
  readonly catalogue: Catalogue;
  #puts = 0;

  constructor(layout: Layout, store: EntryStore, options: ResolvedOptions) {
    this.#files = options.files;
    this.#layout = layout;
    this.#store = store;
    this.#options = options;
    this.#journal = new Journal(options.files, layout);
    const catalogue = new Catalogue(options.files, layout, this.#journal, store, (entry) => {
      this.#recency.add(entry);
    });
    this.catalogue = catalogue;
    this.#recency = new RecencyQueue(
      () => catalogue,
      () => catalogue.count,
      (entry) => catalogue.get(entry.digest) === entry,
    );
  }

  /**
   * @throws TessCacheError as checkBelongs and encodeBlob do, TOO_LARGE, or the system's error; the old value
   *   is intact then
   */
  put(key: Key, value: unknown, { lineage, computedAt, durationSeconds }: PutOptions): EntryMetadata {
    checkBelongs(key, value);
    const { head, parts, bytes } = encodeBlob(key, value, lineage);
    const { maxBytes } = this.#options;
    if (bytes > maxBytes) {
      throw new TessCacheError(
        'TOO_LARGE',
        `an entry of ${bytes} bytes does not fit under maxBytes ${maxBytes}`,
        {
          key,
          expected: `at most ${maxBytes} bytes`,
          found: `${bytes} bytes`,
        },
      );
    }
    if (this.#puts++ % CLEAN_UP_EVERY === 0) this.#cleanUp();
    const digest = digestOf(key);
    const now = this.#options.now();
    const times = { createdAt: now, accessedAt: now, computedAt, durationSeconds };
    const metadata = metadataOf(head, { ...times, bytes, sha256: sha256(parts) });
    this.#commitWithRoom(digest, parts, metadata);
    this.catalogue.add(metadata, digest);
    this.#keepLimits(digest, key);
    this.catalogue.rewriteJournalIfLong(now);
    return metadata;
  }

  /** @returns whether there was an entry */
  delete(key: Key): boolean {
    const digest = digestOf(key);
    const bytes = this.#store.blobIdentity(digest)?.size ?? 0;
    return this.#remove([{ digest, key, bytes }], 'deleted') === 1;
  }

  /** Removes the entries given. @returns how many there were */
  clear(entries: Iterable<CatalogueEntry>): number {
    return this.#remove([...entries], 'cleared');
  }

  /** Removes every blob there is, known or not, and the leftovers of killed processes. */
  clearAll(): number {
    this.catalogue.reconcile();
    let count = this.clear(this.catalogue);
    for (const shard of SHARDS) {
      const unknown = this.#list(this.#layout.dataShard(shard)).flatMap((name) => {
        const digest = digestOfBlobName(name, shard);
        return digest === undefined ? [] : [{ digest, key: '', bytes: 0 }];
      });
      count += this.#remove(unknown, 'cleared');
    }
    this.#cleanUp();
    return count;
  }

  /** Moves a blob that is not sound out of the way. That it can't be moved is no reason to fail a read. */
  quarantine(
    digest: KeyDigest,
    key: string,
    problem: string,
    seen: FileIdentity | undefined,
  ): string | undefined {
    const at = this.#options.now();
    try {
      const moved = quarantineBlob(this.#files, this.#layout, digest, problem, at, seen);
      if (moved === undefined) return undefined;
      this.#store.remove(digest, at);
      this.catalogue.remove(digest);
      this.#journal.append([
        this.#removal('quarantined', { digest, key, bytes: seen?.size ?? 0 }, { by: problem }),
      ]);
      return moved;
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      return undefined;
    }
  }

  /** Removes the temporary files of dead processes. */
  #cleanUp(): void {
    introduce(this.#files, this.#layout);
    for (const path of findLeftovers(this.#files, this.#layout, this.#options.now()))
      removeQuietly(this.#files, path);
  }

  /** Commits; where something else stands in the blob's place, or the disk is full, makes room once. */
  #commitWithRoom(digest: KeyDigest, parts: readonly Uint8Array[], metadata: EntryMetadata): void {
    try {
      this.#commit(digest, parts, metadata);
    } catch (error) {
      const code = systemCode(error);
      if (code === 'EISDIR' || code === 'ENOTEMPTY') {
        this.quarantine(digest, metadata.key, 'a directory stood in place of the blob', undefined);
      } else if (isNoSpace(error)) {
        this.#cleanUp();
        this.#evict(digest, metadata.key, 'disk_full', metadata.bytes);
      } else {
        throw error;
      }
      this.#commit(digest, parts, metadata);
    }
  }

  #commit(digest: KeyDigest, parts: readonly Uint8Array[], metadata: EntryMetadata): void {
    const { key, kind, bytes, createdAt: at, ticId, sector } = metadata;
    const replaced = this.#store.blobIdentity(digest) === undefined ? undefined : true;
    this.#store.commit(digest, parts, metadata, this.#options.durable, () => {
      // Written down before the rename, so that no other process can miss an entry, even if this one is
      // killed between the two; read after it, so that of two puts at once the later sees both.
      const put = {
        op: 'put',
        at,
        pid: process.pid,
        digest,
        key,
        kind,
        bytes,
        tic_id: ticId,
        sector,
        replaced,
      } as const;
      this.#journal.append([put]);
      this.catalogue.sync();
    });
  }

  #keepLimits(protect: KeyDigest, by: string): void {
    const { maxEntries, maxBytes } = this.#options;
    const { catalogue } = this;
    if (catalogue.count > maxEntries) this.#evict(protect, by, 'max_entries', 0);
    if (catalogue.bytes > maxBytes) this.#evict(protect, by, 'max_bytes', 0);
  }

  /**
   * Evicts until the limits hold and `room` bytes have been freed.
   *
   * @throws the system's error where entries can't be removed
   */
  #evict(protect: KeyDigest, by: string, limit: NonNullable<RemovalRecord['limit']>, room: number): void {
    const { maxEntries, maxBytes, now } = this.#options;
    const { catalogue } = this;
    const at = now();
    const held: CatalogueEntry[] = [];
    const evicted: RemovalRecord[] = [];
    let freed = 0;
    let failure: Error | undefined;
    while (catalogue.count > maxEntries || catalogue.bytes > maxBytes || freed < room) {
      const entry = this.#recency.take(({ digest }) => this.#accessTime(digest, at));
      if (entry === undefined) break;
      if (entry.digest === protect) {
        held.push(entry);
        continue;
      }
      try {
        const existed = this.#store.remove(entry.digest, at);
        catalogue.remove(entry.digest);
        if (!existed) continue;
        freed += entry.bytes;
        evicted.push(this.#removal('evicted', entry, { limit, by }));
      } catch (error) {
        if (systemCode(error) === undefined) throw error;
        held.push(entry);
        failure ??= error as Error;
        if (held.length > MAX_RESISTING) break;
      }
    }
    for (const entry of held) this.#recency.add(entry);
    if (evicted.length > 0) this.#journal.append(evicted);
    const holds = catalogue.count <= maxEntries && catalogue.bytes <= maxBytes;
    if (failure !== undefined && !holds) throw failure;
  }

  /** The true access time; one in the future (a clock was wrong) counts as now, or it would never be least. */
  #accessTime(digest: KeyDigest, now: number): number | undefined {
    const time = this.#store.readAccessTime(digest);
    return time === undefined ? undefined : Math.min(time, now);
  }

  #remove(entries: readonly Pick<CatalogueEntry, 'digest' | 'key' | 'bytes'>[], why: Removal): number {
    const removed: RemovalRecord[] = [];
    try {
      for (const entry of entries) {
        const existed = this.#store.remove(entry.digest, this.#options.now());
        this.catalogue.remove(entry.digest);
        if (existed) removed.push(this.#removal(why, entry, {}));
      }
    } finally {
      if (removed.length > 0) this.#journal.append(removed);
    }
    return removed.length;
  }

  #removal(
    op: Removal,
    { digest, key, bytes }: Pick<CatalogueEntry, 'digest' | 'key' | 'bytes'>,
    why: Pick<RemovalRecord, 'limit' | 'by'>,
  ): RemovalRecord {
    return { op, at: this.#options.now(), pid: process.pid, digest, key, bytes, ...why };
  }

  #list(path: string): string[] {
    try {
      return this.#files.readdir(path);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    }
  }
}

function sha256(parts: readonly Uint8Array[]): string {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(part);
  return sum.digest('hex');
}
