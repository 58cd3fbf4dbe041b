/** Keeps the limits: removes the least recently accessed entries that nobody has pinned. */
import { TessCacheError, describe } from '../errors.js';
import type { KeyDigest } from '../ref/key.js';
import type { Catalogue, CatalogueEntry } from './catalogue.js';
import type { EntryStore } from './entry-store.js';
import { systemCode } from './file-system.js';
import type { EvictionLimit } from './journal-record.js';
import type { ResolvedOptions } from './options.js';
import type { Pins } from './pins.js';
import { CLOCKS_DIFFER_BY_SECONDS, RecencyQueue } from './recency.js';

/** Victims that can't be removed before an eviction is given up. */
const MAX_RESISTING = 16;

/** Disks give space in whole blocks, mostly of this size. */
const BLOCK_BYTES = 4096;
/** By which a put may grow the journal and the two directories of a shard. */
const BESIDE_AN_ENTRY_BYTES = 3 * BLOCK_BYTES;

/** What an entry takes: its blob, and a sidecar. */
function onDisk(bytes: number): number {
  return (Math.ceil(bytes / BLOCK_BYTES) + 1) * BLOCK_BYTES;
}

export interface Evicted {
  readonly entry: CatalogueEntry;
  readonly limit: EvictionLimit;
}

export class Evictor {
  readonly #store: EntryStore;
  readonly #catalogue: Catalogue;
  readonly #pins: Pins;
  readonly #options: ResolvedOptions;
  readonly #recency: RecencyQueue<CatalogueEntry>;

  constructor(store: EntryStore, catalogue: Catalogue, pins: Pins, options: ResolvedOptions) {
    this.#store = store;
    this.#catalogue = catalogue;
    this.#pins = pins;
    this.#options = options;
    this.#recency = new RecencyQueue(
      () => catalogue,
      () => catalogue.count,
      (entry) => catalogue.get(entry.digest) === entry,
    );
  }

  /** Notes an entry that has come in. */
  add(entry: CatalogueEntry): void {
    this.#recency.add(entry);
  }

  /**
   * Asks, before a put, whether the entry can stand beside what is pinned.
   *
   * @throws TessCacheError PINNED
   */
  requireRoom(digest: KeyDigest, key: string, bytes: number): void {
    if (!this.#pins.exist()) return;
    this.#catalogue.sync();
    if (this.#hasRoom(digest, bytes)) return;
    // What somebody removed by hand takes no room.
    this.#catalogue.reconcile();
    if (!this.#hasRoom(digest, bytes)) throw this.#pinned(key);
  }

  #hasRoom(digest: KeyDigest, bytes: number): boolean {
    const { maxEntries, maxBytes, now } = this.#options;
    const { count, bytes: total } = this.#catalogue;
    if (count + 1 <= maxEntries && total + bytes <= maxBytes) return true;
    let pinnedCount = 1;
    let pinnedBytes = bytes;
    for (const other of this.#pins.digests(now())) {
      const entry = other === digest ? undefined : this.#catalogue.get(other);
      if (entry === undefined) continue;
      pinnedCount++;
      pinnedBytes += entry.bytes;
    }
    return pinnedCount <= maxEntries && pinnedBytes <= maxBytes;
  }

  /**
   * Removes entries until both limits hold.
   *
   * @param protect the entry just put, which stays
   * @param onEvicted called for each entry removed
   * @throws TessCacheError PINNED where pins leave no room; the system's error where entries can't be removed
   */
  keepLimits(protect: KeyDigest, key: string, onEvicted: (evicted: Evicted) => void): void {
    const { maxEntries, maxBytes } = this.#options;
    const exceeded = (): EvictionLimit | undefined => {
      if (this.#catalogue.count > maxEntries) return 'max_entries';
      return this.#catalogue.bytes > maxBytes ? 'max_bytes' : undefined;
    };
    if (exceeded() === undefined) return;
    const failure = this.#evictWhile(exceeded, protect, onEvicted);
    if (exceeded() !== undefined) this.#catalogue.reconcile();
    if (exceeded() !== undefined) throw failure ?? this.#pinned(key);
  }

  /** Removes entries until a disk has room for a blob of so many bytes, or nothing is left to remove. */
  free(bytes: number, protect: KeyDigest, onEvicted: (evicted: Evicted) => void): void {
    const needed = onDisk(bytes) + BESIDE_AN_ENTRY_BYTES;
    let freed = 0;
    this.#evictWhile(
      () => (freed < needed ? 'disk_full' : undefined),
      protect,
      (evicted) => {
        freed += onDisk(evicted.entry.bytes);
        onEvicted(evicted);
      },
    );
  }

  /** @returns the first failure to remove an entry */
  #evictWhile(
    wanted: () => EvictionLimit | undefined,
    protect: KeyDigest,
    onEvicted: (evicted: Evicted) => void,
  ): Error | undefined {
    const at = this.#options.now();
    const pinned = this.#pins.digests(at);
    const held: CatalogueEntry[] = [];
    let failure: Error | undefined;
    let resisting = 0;
    for (let limit = wanted(); limit !== undefined && resisting < MAX_RESISTING; limit = wanted()) {
      const entry = this.#recency.take(({ digest }) => this.#accessTime(digest, at));
      if (entry === undefined) break;
      if (entry.digest === protect || pinned.has(entry.digest)) {
        held.push(entry);
        continue;
      }
      try {
        const existed = this.#store.remove(entry.digest, at);
        this.#catalogue.remove(entry.digest);
        if (existed) onEvicted({ entry, limit });
      } catch (error) {
        if (systemCode(error) === undefined) throw error;
        if (systemCode(error) === 'EISDIR') {
          // No entry any more: a read or `verify` takes the directory away.
          this.#catalogue.remove(entry.digest);
          continue;
        }
        failure ??= error as Error;
        held.push(entry);
        resisting++;
      }
    }
    for (const entry of held) this.#recency.add(entry);
    return failure;
  }

  /** The true access time, where it is known. */
  #accessTime(digest: KeyDigest, now: number): number | undefined {
    try {
      const time = this.#store.readAccessTime(digest);
      return time === undefined || time > now + CLOCKS_DIFFER_BY_SECONDS ? undefined : time;
    } catch (error) {
      // What can't be read now counts as last accessed when it was last known to be.
      if (systemCode(error) === undefined) throw error;
      return undefined;
    }
  }

  #pinned(key: string): TessCacheError {
    const { maxEntries, maxBytes, now } = this.#options;
    const names = this.#pins.list(now()).map(({ name }) => describe(name));
    return new TessCacheError(
      'PINNED',
      `no room under maxEntries ${maxEntries} and maxBytes ${maxBytes} beside what is pinned by ${names.join(', ')}: unpin some, or raise the limit`,
      { key, found: names.join(', ') },
    );
  }
}
