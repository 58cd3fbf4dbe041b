/**
 * What is in the cache, in memory: the journal's records, held against the directory.
 *
 * Three sources, from cheap to sure. What this process does it notes itself. `sync` reads what others have
 * appended to the journal since, and looks whether it is so. `reconcile` looks at the shards of data/ whose
 * modification time has changed, and so finds what no journal tells: entries whose record was lost, files that
 * somebody removed. Nothing is read before the first put or listing: a process that only gets never builds a
 * catalogue.
 *
 * Every blob counts, whether or not it can be read: one that is not sound has the empty key until a read or
 * `verify` takes it away. An entry that another process is about to put counts too, and isn't listed: of two
 * puts at once at least one sees both, so that the limits hold when both are done.
 *
 * `accessedAt` is a lower bound, since a get notes itself only in the sidecar; whoever must know (eviction)
 * reads that.
 */
import type { EntryKind } from '../codec/blob.js';
import { isDigestOf, type KeyDigest } from '../ref/key.js';
import type { EntryMetadata } from './entry-metadata.js';
import { describeBlob, Obstacle, type EntryStore } from './entry-store.js';
import { systemCode } from './file-system.js';
import type { Journal } from './journal.js';
import type { EntryRow, JournalRecord, ListedRecord, PutRecord } from './journal-record.js';
import { SHARDS, shardOf } from './layout.js';
import { CLOCKS_DIFFER_BY_SECONDS } from './recency.js';
import type { ShardListing } from './shard-listing.js';
import { TargetIndex } from './target-index.js';

export interface CatalogueEntry {
  readonly digest: KeyDigest;
  /** Empty where the blob doesn't say. */
  readonly key: string;
  readonly kind: EntryKind;
  bytes: number;
  accessedAt: number;
  readonly ticId: number | undefined;
  readonly sector: number | undefined;
}

type Described = Pick<EntryMetadata, 'key' | 'kind' | 'bytes' | 'accessedAt' | 'ticId' | 'sector'>;

/**
 * Seconds for which an announced put counts though it isn't there: between the two it takes milliseconds, so a
 * writer that needs longer was killed, or failed.
 */
const ANNOUNCED_FOR_SECONDS = 10;
/** Records after which the journal is rewritten: a fixed number and an eighth of what a rewrite has to write. */
const REWRITE_AFTER = 4096;
/** Entries that no journal told of, after which it is worth writing them down. */
const UNRECORDED_WORTH_A_REWRITE = 256;
/**
 * Entries in shards that the first look had to list, after which it is worth writing down that they have been: a
 * hundred thousand are listed in a quarter of a second.
 */
const LISTED_WORTH_A_REWRITE = 4096;

export class Catalogue {
  readonly #journal: Journal;
  readonly #store: EntryStore;
  readonly #listing: ShardListing;
  readonly #now: () => number;
  readonly #onAdded: (entry: CatalogueEntry) => void;
  readonly #shards: Map<KeyDigest, CatalogueEntry>[] = [];
  readonly #targets = new TargetIndex();
  /**
   * Entries of which the journal has told something that is yet to be looked at: that they are about to be put
   * (the record), or that they were removed (undefined), after which somebody may have put them again.
   */
  readonly #doubts = new Map<KeyDigest, PutRecord | undefined>();
  /** Whether the journal and the directory have been held against each other since the journal came to be. */
  #isComplete = false;
  /** Entries found in the directory that no record had told of. */
  #unrecorded = 0;
  /** Entries in rows that the first `sync` has read, and in calm shards that it had to list all the same. */
  #rowsRead = 0;
  #listedAtFirst = 0;
  #count = 0;
  #bytes = 0;
  /** When `sync` was last called, seconds since the epoch. */
  #syncedAt = 0;

  /** @param onAdded called for each entry that comes in, in no particular order */
  constructor(
    journal: Journal,
    store: EntryStore,
    listing: ShardListing,
    now: () => number,
    onAdded: (entry: CatalogueEntry) => void,
  ) {
    this.#journal = journal;
    this.#store = store;
    this.#listing = listing;
    this.#now = now;
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

  /**
   * Those entries for which `wanted` holds. (Iterating costs several times as much.)
   *
   * @param ticId of the target whose entries are looked at; of all, where it is undefined
   */
  select(wanted: (entry: CatalogueEntry) => boolean, ticId?: number): CatalogueEntry[] {
    if (ticId !== undefined) return this.#targets.of(ticId).filter(wanted);
    const selected: CatalogueEntry[] = [];
    for (const shard of this.#shards) {
      for (const entry of shard.values()) if (wanted(entry)) selected.push(entry);
    }
    return selected;
  }

  /** Whether an entry is not there yet, but about to be put by another process. */
  isAnnounced(digest: KeyDigest): boolean {
    return this.#doubts.get(digest) !== undefined && this.#store.blobIdentity(digest) === undefined;
  }

  /** Notes an entry that was put. One that is there already keeps its identity. */
  add(metadata: Described, digest: KeyDigest): void {
    this.#note(metadata, digest);
    this.#doubts.delete(digest);
  }

  /** Notes that a put that was announced has failed. */
  withdraw(digest: KeyDigest): void {
    this.#doubts.set(digest, undefined);
  }

  /** Notes that this process has removed an entry. It looks once more: somebody may be just about to put it again. */
  remove(digest: KeyDigest): void {
    this.#drop(digest);
    if (this.#shards.length > 0 && !this.#doubts.has(digest)) this.#doubts.set(digest, undefined);
  }

  #drop(digest: KeyDigest): void {
    const shard = this.#shards.at(shardIndex(digest));
    const known = shard?.get(digest);
    if (shard === undefined || known === undefined) return;
    shard.delete(digest);
    this.#targets.remove(known);
    this.#count--;
    this.#bytes -= known.bytes;
  }

  /**
   * Brings in what other processes have written down; everything at the first call.
   *
   * @param announcement of a put of this process, to be written down before
   * @throws the system's error
   */
  sync(announcement?: PutRecord): void {
    this.#syncedAt = this.#now();
    const isFirst = this.#shards.length === 0;
    if (isFirst) this.#shards.push(...SHARDS.map(() => new Map()));
    let tellsOfEntries = false;
    const apply = (record: JournalRecord) => {
      tellsOfEntries ||= record.op === 'entries';
      // Later, what this process knows may be more than the rows tell.
      if (isFirst && record.op === 'listed') this.#trust(record);
      this.#apply(record);
    };
    const isOther =
      announcement === undefined
        ? this.#journal.readNew(apply)
        : this.#journal.exchange([announcement], apply);
    if (isOther) this.#isComplete = false;
    // A journal that was lost, unlike one that was rewritten, doesn't tell of what others have replaced.
    if (isOther && !tellsOfEntries) {
      for (const { digest } of this) this.#doubts.set(digest, this.#doubts.get(digest));
    }
    if (!this.#isComplete) {
      for (const { index, present, isCalm } of this.#listing.changes()) {
        this.#reconcileShard(index, present);
        if (isFirst && isCalm) this.#listedAtFirst += present.size;
      }
      this.#isComplete = true;
    }
    for (const digest of this.#doubts.keys()) if (digest !== announcement?.digest) this.#look(digest);
  }

  /** `sync`, and a look at the directory itself. */
  reconcile(): void {
    this.#isComplete = false;
    this.sync();
  }

  /**
   * Rewrites the journal where it has grown well beyond what it tells.
   *
   * @param isListing whether the caller has time for what makes the next process's listing shorter
   */
  rewriteJournalIfLong(now: number, isListing = false): void {
    const isLong = this.#journal.recordsSinceRewrite > REWRITE_AFTER + this.#count / 8;
    const isUnrecorded = this.#unrecorded > UNRECORDED_WORTH_A_REWRITE;
    const isUnlisted = isListing && this.#listedAtFirst > Math.max(LISTED_WORTH_A_REWRITE, this.#count / 2);
    if (!isLong && !isUnrecorded && !isUnlisted) return;
    const announced = [...this.#doubts.values()].filter((record) => record !== undefined);
    const snapshot = { entries: this.#records(), changedAt: this.#listed() };
    this.#journal.rewrite(snapshot, announced, now);
    this.#unrecorded = 0;
    this.#listedAtFirst = 0;
    this.#isComplete = false;
  }

  /**
   * What stays to be listed: a shard with a blob that has no name, since no row tells of that, and one with an entry
   * that may come or have gone.
   */
  #listed(): (number | null)[] {
    const isNameless = ({ key }: CatalogueEntry) => key === '';
    for (const digest of this.#doubts.keys()) this.#listing.forget(shardIndex(digest));
    return this.#listing.changedAt.map((time, index) =>
      time !== null && [...this.#shards[index].values()].some(isNameless) ? null : time,
    );
  }

  /** Takes it that nothing has come or gone in shards that have not changed; if no row was lost. */
  #trust({ count, changed_at: changedAt }: ListedRecord): void {
    if (count === this.#rowsRead) this.#listing.trust(changedAt);
  }

  /** Those that have no name are left out: the directory tells of them. */
  *#records(): IterableIterator<EntryRow> {
    for (const { digest, key, kind, bytes, accessedAt, ticId, sector } of this) {
      if (key !== '') yield [digest, key, kind, bytes, accessedAt, ticId ?? null, sector ?? null];
    }
  }

  #apply(record: JournalRecord): void {
    if (record.op === 'listed') return;
    if (record.op === 'entries') {
      this.#rowsRead += record.rows.length;
      for (const [digest, key, kind, bytes, accessedAt, ticId, sector] of record.rows) {
        // Who wrote it may know less than this process, which has listed the shard without it: that is looked at.
        if (this.get(digest) === undefined) this.#listing.forget(shardIndex(digest));
        this.#note(
          { key, kind, bytes, accessedAt, ticId: ticId ?? undefined, sector: sector ?? undefined },
          digest,
        );
      }
    } else if (record.op === 'put') {
      const { key, kind, bytes, at, tic_id: ticId, sector } = record;
      this.#note({ key, kind, bytes, accessedAt: at, ticId, sector }, record.digest);
      this.#doubt(record.digest, record);
    } else if (record.past !== true && record.op !== 'replaced') {
      this.#doubt(record.digest, undefined);
    }
  }

  #doubt(digest: KeyDigest, announcement: PutRecord | undefined): void {
    this.#doubts.set(digest, announcement);
    this.#listing.forget(shardIndex(digest));
  }

  #note({ key, kind, bytes, accessedAt: told, ticId, sector }: Described, digest: KeyDigest): void {
    // From a clock that was wrong: as if it had been accessed now.
    const accessedAt = told > this.#syncedAt + CLOCKS_DIFFER_BY_SECONDS ? this.#syncedAt : told;
    const shard = this.#shards[shardIndex(digest)];
    const known = shard.get(digest);
    if (known?.key === key && known.kind === kind && known.ticId === ticId && known.sector === sector) {
      this.#bytes += bytes - known.bytes;
      known.bytes = bytes;
      known.accessedAt = Math.max(known.accessedAt, accessedAt);
      return;
    }
    if (known !== undefined) this.#drop(digest);
    const entry = { digest, key, kind, bytes, accessedAt, ticId, sector };
    shard.set(digest, entry);
    this.#targets.add(entry);
    this.#count++;
    this.#bytes += bytes;
    this.#onAdded(entry);
  }

  /** Looks whether an entry is there, and takes away the doubt, unless a put of it may still be under way. */
  #look(digest: KeyDigest): void {
    const announcement = this.#doubts.get(digest);
    const file = this.#store.blobIdentity(digest);
    if (file?.size !== announcement?.bytes && this.#isUnderWay(announcement)) return;
    this.#doubts.delete(digest);
    const known = this.get(digest);
    if (file === undefined) this.#drop(digest);
    else if (known === undefined) this.#find(digest);
    else this.#note({ ...known, bytes: file.size }, digest);
  }

  #isUnderWay(announcement: PutRecord | undefined): boolean {
    return announcement !== undefined && Math.abs(this.#now() - announcement.at) < ANNOUNCED_FOR_SECONDS;
  }

  #reconcileShard(index: number, present: ReadonlySet<KeyDigest>): void {
    const shard = this.#shards[index];
    for (const digest of shard.keys()) {
      if (!present.has(digest) && !this.#isUnderWay(this.#doubts.get(digest))) this.#drop(digest);
    }
    for (const digest of present) {
      // What was there before may still be, and have another size: that is looked at.
      const announcement = this.#doubts.get(digest);
      if (announcement !== undefined && announcement.replaced !== true) this.#doubts.delete(digest);
      if (!shard.get(digest)?.key) this.#find(digest);
    }
  }

  /** Notes an entry that is there, though no record has told of it. */
  #find(digest: KeyDigest): void {
    try {
      const described = this.#describe(digest);
      if (described === undefined) return;
      this.#note(described, digest);
      if (described.key !== '') this.#unrecorded++;
    } catch (error) {
      // Not to be read now: a get or a verify will say why.
      if (systemCode(error) === undefined) throw error;
      this.#listing.forget(shardIndex(digest));
    }
  }

  #describe(digest: KeyDigest): Described | undefined {
    const file = this.#store.blobIdentity(digest);
    if (file === undefined) return undefined;
    const sidecar = this.#store.readSidecar(digest);
    if (sidecar !== undefined && isDigestOf(digest, sidecar.key)) return { ...sidecar, bytes: file.size };
    const blob = this.#store.readBlob(digest);
    if (blob === undefined || blob instanceof Obstacle) return undefined;
    const accessedAt = blob.identity.mtimeMs / 1000;
    const described = describeBlob(blob, accessedAt);
    if (described !== undefined && isDigestOf(digest, described.key)) return described;
    return { key: '', kind: 'value', bytes: file.size, accessedAt };
  }
}

function shardIndex(digest: KeyDigest): number {
  return Number.parseInt(shardOf(digest), 16);
}
