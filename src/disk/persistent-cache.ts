import { isChecksumLoaded, loadChecksum } from '../codec/checksum.js';
import { TessCacheError, describe } from '../errors.js';
import { EventHub, type CacheEventName, type Listener } from '../events.js';
import { parseDataRef } from '../ref/data-ref.js';
import { checkKey, digestOf, type Key } from '../ref/key.js';
import type { CatalogueEntry } from './catalogue.js';
import { Describer } from './describer.js';
import { checkClearFilter, checkFilter, matches, type EntryFilter } from './entry-filter.js';
import type { EntryMetadata } from './entry-metadata.js';
import { EntryStore } from './entry-store.js';
import { explain, type Explanation } from './explain.js';
import { systemCode } from './file-system.js';
import { readHistory, readKeyHistory, type HistoryEvent, type HistoryFilter } from './history.js';
import { toIoError } from './io-error.js';
import { Layout } from './layout.js';
import { Lease, LeaseWatch } from './lease.js';
import { downstreamOf } from './lineage-graph.js';
import type { CacheLocation } from './location.js';
import { resolveOptions, type PersistentCacheOptions, type ResolvedOptions } from './options.js';
import { makePin, type Pin } from './pins.js';
import { Reader, type Found, type Miss } from './reader.js';
import { newCounters, tallyByKind, type CacheStats } from './stats.js';
import { Verifier, type VerifyOptions, type VerifyReport } from './verify.js';
import { Writer, type PutOptions } from './writer.js';

export interface Hit {
  readonly hit: true;
  readonly value: unknown;
  readonly metadata: EntryMetadata;
}
export type Lookup = Hit | Miss;
export type { EntryFilter };

export interface PinOptions {
  /** By which it is unpinned. */
  readonly name: string;
  /** It ends by itself after this long; never, by default. */
  readonly expiresInSeconds?: number;
}

const DEFAULT_SLOT = Symbol.for('tess-cache.default-persistent-cache/1');

/**
 * A cache on disk: values by key, kept across restarts, shared by any number of processes without a lock.
 *
 * A read gives exactly what was put under that key, or says why not. All methods throw TessCacheError: CLOSED
 * after `close()`, BAD_KEY for a key that can't be one, IO for a failure of the file system (the entry stays).
 */
export class PersistentCache {
  /** Absolute path of the cache directory. */
  readonly dir: string;
  readonly location: CacheLocation;
  readonly #options: ResolvedOptions;
  readonly #layout: Layout;
  readonly #store: EntryStore;
  readonly #reader: Reader;
  readonly #describer: Describer;
  readonly #writer: Writer;
  readonly #events = new EventHub();
  readonly #counters = newCounters();
  #isClosed = false;

  /**
   * Opening touches no file: the directory is made at the first put.
   *
   * @throws TessCacheError BAD_ARGUMENT naming the option
   */
  constructor(options: PersistentCacheOptions = {}) {
    this.#options = resolveOptions(options);
    this.location = this.#options.location;
    this.dir = this.location.dir;
    this.#layout = new Layout(this.dir);
    this.#store = new EntryStore(this.#options.files, this.#layout);
    this.#describer = new Describer(this.#store, !this.#options.readOnly);
    this.#writer = new Writer(this.#layout, this.#store, this.#options, this.#events);
    this.#reader = new Reader(this.#store, (digest, key, miss, seen) => {
      if (!this.#options.readOnly) this.#writer.quarantine(digest, key, miss.detail ?? miss.reason, seen);
    });
    this.#events.on('evict', () => this.#counters.evictions++);
  }

  /** The one cache of this process at `defaultCacheDir()`, opened at the first call and anew after a close. */
  static getDefault(): PersistentCache {
    const slots = globalThis as { [DEFAULT_SLOT]?: PersistentCache };
    const current = slots[DEFAULT_SLOT];
    if (current !== undefined && !current.isClosed) return current;
    return (slots[DEFAULT_SLOT] = new PersistentCache());
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The value, or undefined where there is none to be had; `lookup` says why. Refreshes `accessed_at`. */
  async get(key: string): Promise<unknown> {
    const read = await this.#perform('reading', key, () => this.#read(checkKey(key)));
    return read.hit ? read.value : undefined;
  }

  /** The value with its metadata, or the reason of the miss. Refreshes `accessed_at`. */
  async lookup(key: string): Promise<Lookup> {
    return this.#perform('reading', key, () => this.#withMetadata(this.#read(checkKey(key))));
  }

  /** As `lookup`, but it counts as no access: for who looks at a cache rather than using it. */
  async peek(key: string): Promise<Lookup> {
    return this.#perform('reading', key, () => this.#withMetadata(this.#reader.read(checkKey(key))));
  }

  /**
   * Stores a value: all of it or nothing, whatever happens. A light curve under a data ref must be the one
   * that it names. The value must not change before the promise is settled.
   *
   * @throws TessCacheError WRONG_LIGHT_CURVE, NOT_BTJD, UNSUPPORTED_VALUE, BAD_ARGUMENT, TOO_LARGE, PINNED,
   *   READ_ONLY, NO_SPACE, IO. The old value is intact then, with three exceptions. Where what has to be evicted
   *   can't be removed, the new value is in place, as the message says, and a limit is exceeded until a later put
   *   can evict. Where a `durable` cache fails to wait for the disk, the new value may be in place, and may not
   *   survive a power cut. Where another process pins entries during the put (PINNED), the key has no value.
   */
  async put(key: string, value: unknown, options: PutOptions = {}): Promise<EntryMetadata> {
    this.#requireWritable('put', key);
    const metadata = await this.#perform('writing', key, () =>
      this.#writer.put(checkKey(key), value, options),
    );
    this.#counters.puts++;
    return metadata;
  }

  /** Another name of `put`. */
  async set(key: string, value: unknown, options?: PutOptions): Promise<EntryMetadata> {
    return this.put(key, value, options);
  }

  /** Whether there is an entry. It is not read: a damaged one counts until a read or `verify` finds out. */
  async has(key: string): Promise<boolean> {
    return this.#perform(
      'looking for',
      key,
      () => this.#store.blobIdentity(digestOf(checkKey(key))) !== undefined,
    );
  }

  /** Removes one entry. Returns whether there was one. */
  async delete(key: string): Promise<boolean> {
    this.#requireWritable('delete', key);
    return this.#perform('removing', key, () => this.#writer.delete(checkKey(key)));
  }

  /** All keys, sorted. */
  async keys(): Promise<string[]> {
    return this.#perform('listing', undefined, () =>
      this.#matching({})
        .map(({ key }) => key)
        .sort(),
    );
  }

  /** The metadata of all entries that match, sorted by key. */
  async entries(filter: EntryFilter = {}): Promise<EntryMetadata[]> {
    return this.#perform('listing', undefined, () =>
      this.#describeAll(this.#matching(checkFilter(filter))).sort((a, b) => (a.key < b.key ? -1 : 1)),
    );
  }

  /** The metadata of one entry without its value, or undefined where there is no sound entry. */
  async metadata(key: string): Promise<EntryMetadata | undefined> {
    return this.#perform('reading the metadata of', key, () => this.#describer.describe(checkKey(key)));
  }

  /**
   * Removes the entries that match; all of them where there is no filter. Returns how many.
   *
   * @throws TessCacheError BAD_ARGUMENT, for a filter whose conditions are all `undefined` too
   */
  async clear(filter: EntryFilter = {}): Promise<number> {
    this.#requireWritable('clear');
    return this.#perform('clearing', undefined, () => {
      const isAll = Object.keys(checkClearFilter(filter)).length === 0;
      return isAll ? this.#writer.clearAll() : this.#writer.clear(this.#matching(filter));
    });
  }

  /** How much there is, of what, and how this instance has fared. */
  async stats(): Promise<CacheStats> {
    return this.#perform('listing', undefined, () => {
      const entries = this.#matching({});
      const byKind = tallyByKind(entries);
      const times = entries.map(({ digest, accessedAt }) => this.#store.readAccessTime(digest) ?? accessedAt);
      const { maxEntries, maxBytes } = this.#options;
      return {
        dir: this.dir,
        entries: entries.length,
        bytes: byKind.lightcurve.bytes + byKind.value.bytes,
        maxEntries,
        maxBytes,
        byKind,
        oldestAccess: times.length === 0 ? undefined : times.reduce((a, b) => Math.min(a, b)),
        newestAccess: times.length === 0 ? undefined : times.reduce((a, b) => Math.max(a, b)),
        session: { ...this.#counters, misses: { ...this.#counters.misses } },
      };
    });
  }

  /**
   * Keeps the entries of these keys from eviction, in all processes, until `unpin` or the expiry. Keys that are
   * not there yet are kept from when they are put. A pin of the same name is replaced.
   *
   * @throws TessCacheError BAD_ARGUMENT, BAD_KEY, READ_ONLY
   */
  async pin(keys: readonly string[], { name, expiresInSeconds }: PinOptions): Promise<void> {
    this.#requireWritable('pin');
    return this.#perform('pinning', undefined, () => {
      const now = this.#options.now();
      this.#writer.pins.write(makePin(keys, name, now, expiresInSeconds), now);
    });
  }

  /** Ends a pin. Returns whether there was one. */
  async unpin(name: string): Promise<boolean> {
    this.#requireWritable('unpin');
    return this.#perform('unpinning', undefined, () => this.#writer.pins.remove(name, this.#options.now()));
  }

  /** The pins that hold now, by name. */
  async pins(): Promise<Pin[]> {
    return this.#perform('listing pins', undefined, () => this.#writer.pins.list(this.#options.now()));
  }

  /**
   * Removes an entry because it is no longer right, and with `downstream` all that was computed from it, to any
   * depth, whether or not it is there itself.
   *
   * @returns the keys that were removed, each before what was computed from it
   */
  async invalidate(key: string, { downstream = false }: { downstream?: boolean } = {}): Promise<string[]> {
    this.#requireWritable('invalidate', key);
    return this.#perform('invalidating', key, () => {
      const keys = [checkKey(key), ...(downstream ? downstreamOf(key, this.#products()) : [])];
      // The farthest first: where this is cut short, what was removed doesn't hide what is left to remove.
      const removed = keys.reverse().filter((each) => {
        return this.#writer.delete(checkKey(each), 'invalidated', each === key ? undefined : key);
      });
      return removed.reverse();
    });
  }

  /** What came and what left, oldest first, as far back as the journal goes. */
  async history(filter: HistoryFilter = {}): Promise<HistoryEvent[]> {
    return this.#perform('reading the journal', undefined, () => readHistory(this.#writer.journal, filter));
  }

  /** Why a key is there, or why not. The access doesn't count as one. */
  async explain(key: string): Promise<Explanation> {
    return this.#perform('explaining', key, () => {
      const read = this.#reader.read(checkKey(key));
      const now = this.#options.now();
      return explain({
        key,
        miss: read.hit ? undefined : read,
        metadata: read.hit ? this.#reader.metadataOf(read, now) : this.#describer.describe(checkKey(key)),
        pins: this.#writer.pins.list(now),
        madeFromIt: downstreamOf(key, this.#products()),
        history: readKeyHistory(this.#writer.journal, key),
        keys: this.#matching({}).map((entry) => entry.key),
        now,
      });
    });
  }

  /**
   * The lease on making the value of a key, or a watch on it where another worker has it; undefined where there
   * can be none (a directory that can't be written to), and everybody makes the value.
   *
   * @internal for the tiers above
   */
  lease(key: string): Lease | LeaseWatch | undefined {
    this.#requireOpen();
    if (this.#options.readOnly) return undefined;
    const digest = digestOf(checkKey(key));
    const { files } = this.#options;
    try {
      const lease = Lease.acquire(files, this.#layout, digest);
      return lease ?? new LeaseWatch(files, this.#layout, digest, () => performance.now());
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      return undefined;
    }
  }

  /** Calls `listener` at each event of this instance, until the function that is returned is called. */
  on<N extends CacheEventName>(name: N, listener: Listener<N>): () => void {
    return this.#events.on(name, listener);
  }

  /** Reads every entry and checks it, and looks for whatever else doesn't belong. */
  async verify({ repair = false, onProgress = () => undefined }: VerifyOptions = {}): Promise<VerifyReport> {
    if (repair) this.#requireWritable('verify with repair');
    const { files, now } = this.#options;
    return this.#perform('verifying', undefined, () =>
      new Verifier(files, this.#layout, this.#store, now, repair ? this.#writer : undefined).run(onProgress),
    );
  }

  /** Ends the use of this instance. There is nothing to flush: every put was complete when it returned. */
  async close(): Promise<void> {
    this.#isClosed = true;
  }

  /** Does one thing on behalf of a caller; what the system says against it comes out as a TessCacheError. */
  async #perform<T>(doing: string, key: string | undefined, act: () => T | Promise<T>): Promise<T> {
    this.#requireOpen();
    if (!isChecksumLoaded()) await loadChecksum();
    try {
      // Not awaited where it is done already: a microtask is a good part of what a small get costs.
      const result = act();
      return result instanceof Promise ? await result : result;
    } catch (error) {
      const { path = this.dir } = error as NodeJS.ErrnoException;
      throw toIoError(error, key === undefined ? doing : `${doing} ${describe(key)}`, path, key);
    }
  }

  #read(key: Key) {
    const read = this.#reader.read(key);
    if (!read.hit) {
      this.#counters.misses[read.reason]++;
      this.#events.emit('miss', { key, tier: 'disk', reason: read.reason });
      return read;
    }
    this.#counters.hits++;
    this.#events.emit('hit', { key, tier: 'disk' });
    if (!this.#options.readOnly) this.#reader.noteAccess(read, this.#options.now());
    return read;
  }

  #withMetadata(read: Found | Miss): Lookup {
    if (!read.hit) return read;
    return { hit: true, value: read.value, metadata: this.#reader.metadataOf(read, this.#options.now()) };
  }

  /** All that may have been computed from something: a data ref names what was not. */
  #products(): EntryMetadata[] {
    return this.#describeAll(this.#matching({}).filter(({ key }) => parseDataRef(key) === undefined));
  }

  #describeAll(entries: readonly CatalogueEntry[]): EntryMetadata[] {
    return this.#describer.describeAll(entries.map(({ key }) => key));
  }

  #matching(filter: EntryFilter): CatalogueEntry[] {
    const { catalogue } = this.#writer;
    catalogue.reconcile();
    if (!this.#options.readOnly) catalogue.rewriteJournalIfLong(this.#options.now(), true);
    return catalogue.select(
      (entry) => matches(entry, filter) && entry.key !== '' && !catalogue.isAnnounced(entry.digest),
      filter.ticId,
    );
  }

  #requireOpen(): void {
    if (!this.#isClosed) return;
    throw new TessCacheError('CLOSED', `the cache at ${this.dir} is closed`, { path: this.dir });
  }

  #requireWritable(verb: string, key?: string): void {
    this.#requireOpen();
    if (!this.#options.readOnly) return;
    const message = `${verb}${key === undefined ? '' : ` of ${describe(key)}`}: the cache at ${this.dir} is open readOnly`;
    throw new TessCacheError('READ_ONLY', message, { path: this.dir, key });
  }
}
