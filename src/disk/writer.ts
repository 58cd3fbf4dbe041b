/** Changes what is cached: puts, removals, quarantine. What left is written in the journal. */
import { createHash } from 'node:crypto';
import { encodeBlob } from '../codec/blob.js';
import type { Lineage } from '../codec/lineage.js';
import { TessCacheError, describe } from '../errors.js';
import type { EventHub } from '../events.js';
import { checkBelongs } from '../light-curve/belongs.js';
import { parseDataRef } from '../ref/data-ref.js';
import { digestOf, type Key, type KeyDigest } from '../ref/key.js';
import { Catalogue, type CatalogueEntry } from './catalogue.js';
import { metadataOf, type EntryMetadata } from './entry-metadata.js';
import type { EntryStore } from './entry-store.js';
import { Evictor, type Evicted } from './evictor.js';
import { namesIn, sameContent, systemCode, type FileIdentity, type FileSystem } from './file-system.js';
import { introduce } from './introduction.js';
import { isNoSpace, toIoError } from './io-error.js';
import { Journal } from './journal.js';
import type { PutRecord, Removal, RemovalRecord } from './journal-record.js';
import { SHARDS, digestOfBlobName, digestOfSidecarName, type Layout } from './layout.js';
import type { ResolvedOptions } from './options.js';
import { Pins } from './pins.js';
import { quarantineBlob } from './quarantine.js';
import { ShardListing } from './shard-listing.js';
import { findLeftovers, removeQuietly } from './temporary.js';

const DIRECTORY_IN_PLACE = 'a directory stands in place of the blob';
/** Puts between two looks for the leftovers of killed processes. */
const CLEAN_UP_EVERY = 1000;

export interface PutOptions {
  /** Of a product: what it was computed from. A read gives it no more once an input has changed. */
  readonly lineage?: Lineage;
  /** Of a product: when its computation began, seconds since the epoch. */
  readonly computedAt?: number;
  /** Of a product: how long its computation took, seconds. */
  readonly durationSeconds?: number;
}

/** What is said in the journal of an entry that leaves. */
type Leaving = Pick<CatalogueEntry, 'digest' | 'key' | 'bytes'>;

export class Writer {
  readonly catalogue: Catalogue;
  readonly pins: Pins;
  readonly journal: Journal;
  readonly #files: FileSystem;
  readonly #layout: Layout;
  readonly #store: EntryStore;
  readonly #options: ResolvedOptions;
  readonly #events: EventHub;
  readonly #evictor: Evictor;
  #puts = 0;

  constructor(layout: Layout, store: EntryStore, options: ResolvedOptions, events: EventHub) {
    this.#files = options.files;
    this.#layout = layout;
    this.#store = store;
    this.#options = options;
    this.#events = events;
    this.journal = new Journal(options.files, layout);
    this.pins = new Pins(options.files, layout);
    const listing = new ShardListing(options.files, layout);
    this.catalogue = new Catalogue(this.journal, store, listing, options.now, (entry) => {
      this.#evictor.add(entry);
    });
    this.#evictor = new Evictor(store, this.catalogue, this.pins, options);
  }

  /**
   * @throws TessCacheError as checkBelongs and encodeBlob do, BAD_ARGUMENT for the lineage of a light curve,
   *   TOO_LARGE, PINNED, or the system's error: see PersistentCache.put for what is there then
   */
  put(key: Key, value: unknown, { lineage, computedAt, durationSeconds }: PutOptions): EntryMetadata {
    checkBelongs(key, value);
    if (lineage !== undefined) requireProduct(key);
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
    if (this.#puts++ % CLEAN_UP_EVERY === 0) this.cleanUp();
    const digest = digestOf(key);
    this.#evictor.requireRoom(digest, key, bytes);
    const now = this.#options.now();
    const times = { createdAt: now, accessedAt: now, computedAt, durationSeconds };
    const metadata = metadataOf(head, { ...times, bytes, sha256: sha256(parts) });
    this.#commitWithRoom(digest, parts, metadata);
    this.catalogue.add(metadata, digest);
    this.#keepLimits(digest, key);
    this.catalogue.rewriteJournalIfLong(now);
    this.#events.emit('put', { key, bytes });
    return metadata;
  }

  /** @returns whether there was an entry */
  delete(key: Key, why: Removal = 'deleted', by?: string): boolean {
    const digest = digestOf(key);
    const bytes = this.#store.blobIdentity(digest)?.size ?? 0;
    return this.#remove([{ digest, key, bytes }], why, by) === 1;
  }

  /** Removes the entries given. @returns how many there were */
  clear(entries: Iterable<CatalogueEntry>): number {
    return this.#remove([...entries], 'cleared');
  }

  /** Removes every blob and every sidecar there is, known or not, and the leftovers of killed processes. */
  clearAll(): number {
    this.catalogue.reconcile();
    let count = this.clear(this.catalogue);
    const shards = [...namesIn(this.#files, this.#layout.data), ...namesIn(this.#files, this.#layout.meta)];
    for (const shard of SHARDS.filter((each) => shards.includes(each))) {
      const digests = [
        ...namesIn(this.#files, this.#layout.dataShard(shard)).map((name) => digestOfBlobName(name, shard)),
        ...namesIn(this.#files, this.#layout.metaShard(shard)).map((name) =>
          digestOfSidecarName(name, shard),
        ),
      ].filter((digest) => digest !== undefined);
      const unknown = digests.map((digest) => ({ digest, key: '', bytes: 0 }));
      count += this.#remove(unknown, 'cleared');
    }
    this.cleanUp();
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
    let moved: string | undefined;
    try {
      const current = this.#store.blobIdentity(digest);
      // A put came in meanwhile: nothing of it may be touched.
      const isStill = seen === undefined || (current !== undefined && sameContent(current, seen));
      if (isStill) {
        moved = this.#store.takeAway(digest, at, () =>
          quarantineBlob(this.#files, this.#layout, digest, problem, at, seen),
        );
      }
      if (moved !== undefined) {
        this.catalogue.remove(digest);
        this.#note('quarantined', [{ digest, key, bytes: seen?.size ?? 0 }], { by: problem });
      }
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
    }
    this.#events.emit('corrupt', { key, detail: problem, quarantined: moved });
    return moved;
  }

  /** Removes the temporary files of dead processes. That it can't be done is no reason to fail a put. */
  cleanUp(): void {
    introduce(this.#files, this.#layout);
    try {
      const leftovers = findLeftovers(this.#files, this.#layout, this.#options.now());
      for (const path of leftovers) removeQuietly(this.#files, path);
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
    }
  }

  /**
   * Commits; once more where something that stood in the way could be removed: a directory in the blob's place, a
   * full disk. Or where the directories were removed meanwhile: they are made anew.
   */
  #commitWithRoom(digest: KeyDigest, parts: readonly Uint8Array[], metadata: EntryMetadata): void {
    const { key, bytes } = metadata;
    try {
      this.#commit(digest, parts, metadata);
    } catch (error) {
      const code = systemCode(error);
      if (code === 'EISDIR') {
        this.quarantine(digest, key, DIRECTORY_IN_PLACE, undefined);
      } else if (isNoSpace(error)) {
        this.cleanUp();
        this.catalogue.sync();
        this.#noteEvictions(key, (onEvicted) => {
          this.#evictor.free(bytes, digest, onEvicted);
        });
      } else if (code !== 'ENOENT') {
        throw error;
      }
      this.#commit(digest, parts, metadata);
    }
  }

  #commit(digest: KeyDigest, parts: readonly Uint8Array[], metadata: EntryMetadata): void {
    const { key, kind, bytes, createdAt: at, ticId, sector } = metadata;
    const replaced = this.#store.blobIdentity(digest) === undefined ? undefined : true;
    const entry = { digest, key, kind, bytes, tic_id: ticId, sector };
    const announcement: PutRecord = { op: 'put', at, pid: process.pid, ...entry, replaced };
    try {
      this.#store.commit(digest, parts, metadata, this.#options.durable, () => {
        // Written down before the rename, so that no other process can miss an entry, even if this one is
        // killed between the two; read after it, so that of two puts at once the later sees both.
        this.catalogue.sync(announcement);
      });
    } catch (error) {
      this.catalogue.withdraw(digest);
      throw error;
    }
  }

  #keepLimits(digest: KeyDigest, key: Key): void {
    try {
      this.#noteEvictions(key, (onEvicted) => {
        this.#evictor.keepLimits(digest, key, onEvicted);
      });
    } catch (error) {
      // Pins of another process came in after this put had asked for room: it has to give way.
      if (error instanceof TessCacheError && error.code === 'PINNED') this.delete(key);
      const { path = this.#layout.dir } = error as NodeJS.ErrnoException;
      const doing = `making room after ${describe(key)} was put (its new value is in place, and the next put tries again)`;
      throw toIoError(error, doing, path, key);
    }
  }

  #noteEvictions(by: string, evict: (onEvicted: (evicted: Evicted) => void) => void): void {
    const evicted: Evicted[] = [];
    try {
      evict((one) => evicted.push(one));
    } finally {
      for (const limit of ['max_entries', 'max_bytes', 'disk_full'] as const) {
        const entries = evicted.filter((one) => one.limit === limit).map((one) => one.entry);
        this.#note('evicted', entries, { limit, by });
        for (const { key, bytes } of entries) this.#events.emit('evict', { key, bytes, limit, by });
      }
    }
  }

  #remove(entries: readonly Leaving[], why: Removal, by?: string): number {
    const removed: Leaving[] = [];
    try {
      for (const entry of entries) if (this.#removeOne(entry)) removed.push(entry);
    } finally {
      this.#note(why, removed, { by });
    }
    return removed.length;
  }

  /** @returns whether it was there, and its removal is yet to be noted */
  #removeOne({ digest, key }: Leaving): boolean {
    try {
      const existed = this.#store.remove(digest, this.#options.now());
      this.catalogue.remove(digest);
      return existed;
    } catch (error) {
      if (systemCode(error) !== 'EISDIR') throw error;
      if (this.quarantine(digest, key, DIRECTORY_IN_PLACE, undefined) === undefined) throw error;
      return false;
    }
  }

  #note(op: Removal, entries: readonly Leaving[], why: Pick<RemovalRecord, 'limit' | 'by'>): void {
    if (entries.length === 0) return;
    const at = this.#options.now();
    const records = entries.map(({ digest, key, bytes }) => ({
      op,
      at,
      pid: process.pid,
      digest,
      key,
      bytes,
      ...why,
    }));
    this.journal.append(records);
  }
}

/** What was computed from something is looked for among all that is no light curve by its name. */
function requireProduct(key: Key): void {
  if (parseDataRef(key) === undefined) return;
  const message = `${describe(key)} names a light curve: what has a lineage needs the name of a product`;
  throw new TessCacheError('BAD_ARGUMENT', message, { field: 'lineage', key });
}

function sha256(parts: readonly Uint8Array[]): string {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(part);
  return sum.digest('hex');
}
