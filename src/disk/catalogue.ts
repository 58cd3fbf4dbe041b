/**
 * What is in the cache, in memory: the journal's records, held against the directory.
 *
 * Three sources, from cheap to sure. What this process does it notes itself. `sync` reads what others have
 * appended to the journal since. `reconcile` looks at the shards of data/ whose modification time has changed,
 * and so finds what no journal tells: entries of a writer that was killed, files that somebody removed. Nothing
 * is read before the first put or listing: a process that only gets never builds a catalogue.
 *
 * `accessedAt` is a lower bound, since a get notes itself only in the sidecar; whoever must know (eviction)
 * reads that.
 */
import type { EntryKind } from '../codec/blob.js';
import type { KeyDigest } from '../ref/key.js';
import type { EntryMetadata } from './entry-metadata.js';
import { describeBlob, Obstacle, type EntryStore } from './entry-store.js';
import { systemCode, type FileSystem } from './file-system.js';
import type { Journal } from './journal.js';
import type { EntryRecord, JournalRecord } from './journal-record.js';
import { SHARDS, digestOfBlobName, shardOf, type Layout } from './layout.js';

export interface CatalogueEntry {
  readonly digest: KeyDigest;
  readonly key: string;
  readonly kind: EntryKind;
  bytes: number;
  accessedAt: number;
  readonly ticId: number | undefined;
  readonly sector: number | undefined;
}

/**
 * A directory whose modification time is younger than this may change once more without its time moving: the
 * kernel's clock ticks every 4 to 10 ms, network file systems are coarser.
 */
const SETTLED_AFTER_MS = 100;
/** Records after which the journal is rewritten: a fixed number and half of what a rewrite has to write. */
const REWRITE_AFTER = 4096;
/** Entries that no journal told of, after which it is worth writing them down. */
const UNRECORDED_WORTH_A_REWRITE = 256;

export class Catalogue {
  readonly #files: FileSystem;
  readonly #layout: Layout;
  readonly #journal: Journal;
  readonly #store: EntryStore;
  readonly #shards: Map<KeyDigest, CatalogueEntry>[] = [];
  /** Modification time of each shard of data/ when it was last listed; NaN where it must be listed again. */
  readonly #listed: number[] = [];
  readonly #onAdded: (entry: CatalogueEntry) => void;
  #loaded = false;
  /** Entries found in the directory that no record had told of. */
  #unrecorded = 0;
  #count = 0;
  #bytes = 0;

  /** @param onAdded called for each entry that comes in, in no particular order */
  constructor(
    files: FileSystem,
    layout: Layout,
    journal: Journal,
    store: EntryStore,
    onAdded: (entry: CatalogueEntry) => void,
  ) {
    this.#files = files;
    this.#layout = layout;
    this.#journal = journal;
    this.#store = store;
    this.#onAdded = onAdded;
  }

  get count(): number {
    return this.#count;
  }

  /** Sum of the sizes of all blobs. */
  get bytes(): number {
    return this.#bytes;
  }

  get(digest: KeyDigest): CatalogueEntry | undefined {
    return this.#shards.at(shardIndex(digest))?.get(digest);
  }

  *[Symbol.iterator](): IterableIterator<CatalogueEntry> {
    for (const shard of this.#shards) yield* shard.values();
  }

  /** Notes an entry that was put, or read of. An entry that is there already keeps its identity. */
  add(
    metadata: Pick<EntryMetadata, 'key' | 'kind' | 'bytes' | 'accessedAt' | 'ticId' | 'sector'>,
    digest: KeyDigest,
  ) {
    const { key, kind, bytes, accessedAt, ticId, sector } = metadata;
    const shard = this.#shards[shardIndex(digest)];
    const known = shard.get(digest);
    if (known?.kind === kind && known.ticId === ticId && known.sector === sector) {
      this.#bytes += bytes - known.bytes;
      known.bytes = bytes;
      known.accessedAt = Math.max(known.accessedAt, accessedAt);
      return;
    }
    if (known !== undefined) this.remove(digest);
    const entry = { digest, key, kind, bytes, accessedAt, ticId, sector };
    shard.set(digest, entry);
    this.#count++;
    this.#bytes += bytes;
    this.#onAdded(entry);
  }

  /** Notes that an entry has left. */
  remove(digest: KeyDigest): void {
    const shard = this.#shards.at(shardIndex(digest));
    const known = shard?.get(digest);
    if (shard === undefined || known === undefined) return;
    shard.delete(digest);
    this.#count--;
    this.#bytes -= known.bytes;
  }

  /**
   * Brings in what other processes have written down; everything at the first call.
   *
   * @param records to write down before
   */
  sync(records: readonly JournalRecord[] = []): void {
    if (!this.#loaded) {
      for (let index = 0; index < SHARDS.length; index++) {
        this.#shards.push(new Map());
        this.#listed.push(NaN);
      }
    }
    const apply = (record: JournalRecord) => {
      this.#apply(record);
    };
    const wasRewritten =
      records.length > 0 ? this.#journal.exchange(records, apply) : this.#journal.readNew(apply);
    if (!this.#loaded || wasRewritten) {
      this.#loaded = true;
      this.reconcile();
    }
  }

  /** `sync`, and a look at the directory itself. */
  reconcile(): void {
    if (!this.#loaded) {
      this.sync();
      return;
    }
    SHARDS.forEach((name, index) => {
      this.#reconcileShard(name, index);
    });
  }

  /** Rewrites the journal where it has grown well beyond what it tells. */
  rewriteJournalIfLong(now: number): void {
    const isLong = this.#journal.recordsSinceRewrite > REWRITE_AFTER + this.#count / 2;
    if (!isLong && this.#unrecorded <= UNRECORDED_WORTH_A_REWRITE) return;
    this.#journal.rewrite(this.#records(), now);
    this.#unrecorded = 0;
  }

  *#records(): IterableIterator<EntryRecord> {
    for (const { digest, key, kind, bytes, accessedAt, ticId, sector } of this) {
      yield { digest, key, kind, bytes, accessed_at: accessedAt, tic_id: ticId, sector };
    }
  }

  #apply(record: JournalRecord): void {
    if (record.op === 'entries') {
      for (const entry of record.list) this.#applyEntry(entry);
    } else if (record.op === 'put') {
      this.#applyEntry({ ...record, accessed_at: record.at });
      // It was written before the commit: whether that happened is for the directory to say.
      this.#listed[shardIndex(record.digest)] = NaN;
    } else if (record.past !== true && record.op !== 'replaced') {
      this.remove(record.digest as KeyDigest);
      this.#listed[shardIndex(record.digest)] = NaN;
    }
  }

  #applyEntry({
    digest,
    key,
    kind,
    bytes,
    accessed_at: accessedAt,
    tic_id: ticId,
    sector,
  }: EntryRecord): void {
    this.add({ key, kind: kind as EntryKind, bytes, accessedAt, ticId, sector }, digest as KeyDigest);
  }

  #reconcileShard(name: string, index: number): void {
    const path = this.#layout.dataShard(name);
    const shard = this.#shards[index];
    let mtime: number;
    let names: string[];
    try {
      mtime = this.#files.stat(path).mtimeMs;
      if (mtime === this.#listed[index]) return;
      names = this.#files.readdir(path);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      mtime = NaN;
      names = [];
    }
    const present = new Set<KeyDigest>();
    for (const file of names) {
      const digest = digestOfBlobName(file, name);
      if (digest !== undefined) present.add(digest);
    }
    for (const digest of shard.keys()) if (!present.has(digest)) this.remove(digest);
    for (const digest of present) {
      if (shard.has(digest)) continue;
      const metadata = this.#describe(digest);
      if (metadata === undefined) continue;
      this.add(metadata, digest);
      this.#unrecorded++;
    }
    this.#listed[index] = Date.now() - mtime > SETTLED_AFTER_MS ? mtime : NaN;
  }

  #describe(digest: KeyDigest): EntryMetadata | undefined {
    try {
      const sidecar = this.#store.readSidecar(digest);
      if (sidecar !== undefined) return sidecar;
      const blob = this.#store.readBlob(digest);
      return blob === undefined || blob instanceof Obstacle
        ? undefined
        : describeBlob(blob, blob.identity.mtimeMs / 1000);
    } catch (error) {
      // Not to be read now: a get or a verify will say why.
      if (systemCode(error) === undefined) throw error;
      return undefined;
    }
  }
}

function shardIndex(digest: string): number {
  return Number.parseInt(shardOf(digest as KeyDigest), 16);
}
