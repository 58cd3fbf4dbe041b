/**
 * The journal: what came into a cache and what left it, when and why. Writers append; each process reads what
 * is new since it last looked, and so learns what the others did without reading the directory.
 *
 *   journal = { line }      see journal-record.ts
 *
 * Lines that fail their check are passed over. The journal is derived: where it is lost or wrong, the directory
 * tells what is there (see catalogue.ts), and only the history of what left is gone.
 */
import { checkKey, digestOf } from '../ref/key.js';
import {
  DIRECTORY_MODE,
  FILE_MODE,
  O_APPEND,
  O_CREAT,
  O_PLAIN,
  O_RDONLY,
  O_RDWR,
  readFully,
  systemCode,
  writeFully,
  type FileSystem,
} from './file-system.js';
import {
  decodeLine,
  encodeLine,
  isEvent,
  type EntryRow,
  type EventRecord,
  type JournalRecord,
  type PutRecord,
  type Snapshot,
} from './journal-record.js';
import type { Layout } from './layout.js';
import { Lease, LeaseWatch } from './lease.js';
import { removeQuietly, writeTemporary } from './temporary.js';

/** Removals kept through a rewrite: some megabytes, weeks of a busy cache. */
const HISTORY = 5000;
/** Entries in one line of a rewritten journal: one check for many, and a damaged line loses no more. */
const ENTRIES_A_LINE = 2000;
/** Rounds of what found the journal rewritten while it appended; that happens once in thousands of puts. */
const APPEND_ROUNDS = 5;
const READ_CHUNK_BYTES = 1 << 20;
/** Bytes at the start by which journals are told apart: check, time, process and digest of the first record. */
const START_BYTES = 128;
/** Lines kept for the next append, some thousands. */
const MAX_UNWRITTEN_BYTES = 1 << 20;
/** A line of entries with the longest keys takes less; what is longer is not ours, and passed over. */
const MAX_LINE_BYTES = 1 << 24;

const REWRITE_LEASE = digestOf(checkKey('journal'));

const NOTHING: Buffer = Buffer.alloc(0);

interface Appended {
  readonly lines: Buffer;
  /** What the lines say; undefined where there are older ones among them. */
  readonly records: readonly JournalRecord[] | undefined;
}

export class Journal {
  readonly #files: FileSystem;
  readonly #layout: Layout;
  /** The file read so far, and how far. Its first bytes are kept: an inode is soon given to a later file. */
  #ino: number | undefined;
  #start = NOTHING;
  #offset = 0;
  /** Lines that could not be written. */
  #unwritten = NOTHING;
  #watch: LeaseWatch | undefined;
  /** Records read that are not from before the last rewrite: what another rewrite would save. */
  recordsSinceRewrite = 0;

  constructor(files: FileSystem, layout: Layout) {
    this.#files = files;
    this.#layout = layout;
  }

  /**
   * Appends records, of which this process knows already. A failure is of no consequence to what is cached; it is
   * tried again with the next ones.
   */
  append(records: readonly JournalRecord[]): void {
    const lines = this.#linesOf(records);
    this.#unwritten = lines;
    for (let round = 0; round < APPEND_ROUNDS; round++) {
      const before = this.#offset;
      const outcome = this.#appendBytes(lines);
      if (outcome !== 'failed') this.#unwritten = NOTHING;
      if (this.#offset > before) this.recordsSinceRewrite += records.length;
      if (outcome !== 'outdated') return;
    }
  }

  /**
   * Appends records, and reads what is new since the last call, with them; all there is at the first call, and
   * after another process has rewritten the journal.
   *
   * @param visit called for each record, in order
   * @returns whether the file is another one than at the last call, or there was or is none: records that
   *   nobody has read may have been lost with it
   */
  exchange(records: readonly JournalRecord[], visit: (record: JournalRecord) => void): boolean {
    const areAll = this.#unwritten.length === 0;
    const appended = { lines: this.#linesOf(records), records: areAll ? records : undefined };
    let isOther = false;
    for (let round = 0; round < APPEND_ROUNDS; round++) {
      const read = this.#exchangeOnce(appended, visit);
      isOther ||= read.isOther;
      if (read.isCurrent) break;
      // Another process has rewritten the journal, and what was appended may be lost with the old one.
    }
    return isOther;
  }

  /** What others have appended since the last call, as `exchange` with nothing to append. */
  readNew(visit: (record: JournalRecord) => void): boolean {
    return this.#reading((fd) => this.#readFrom(fd, visit));
  }

  /** Every record in the file that passes its check, oldest first. */
  readAll(visit: (record: JournalRecord) => void): void {
    new Journal(this.#files, this.#layout).readNew(visit);
  }

  /**
   * Replaces the journal by a shorter one: the last removals, the entries that are there, when each shard of them
   * had last changed, and the entries that are about to be; unless another process has done so since the last call of `exchange`.
   *
   * What others have appended since the last call of `exchange` is carried over, up to the last moment before
   * they see that the journal is another one; from then on they append again what they may have lost.
   */
  rewrite(snapshot: Snapshot, announced: readonly PutRecord[], at: number): void {
    const lease = this.#leaseToRewrite();
    if (lease === 'held') return;
    try {
      this.#rewrite(snapshot, announced, at);
    } finally {
      lease?.release();
    }
  }

  /**
   * Two that rewrite it at once would lose what was appended to the first one's. Undefined where leases can't be
   * had: then that may be.
   */
  #leaseToRewrite(): Lease | 'held' | undefined {
    try {
      const lease = Lease.acquire(this.#files, this.#layout, REWRITE_LEASE);
      if (lease !== undefined) return lease;
      this.#watch ??= new LeaseWatch(this.#files, this.#layout, REWRITE_LEASE, () => performance.now());
      if (this.#watch.look() === 'stuck') return undefined;
      // Where the one who had it is dead, it is free for the next.
      return 'held';
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      return undefined;
    }
  }

  #rewrite(snapshot: Snapshot, announced: readonly PutRecord[], at: number): void {
    // Where there is none, there is one now: a rewrite is one of the things that bring it back.
    this.#appendBytes(Buffer.from('\n'));
    this.#reading((old) => {
      const stats = this.#files.fstat(old);
      // Not read before, by whatever mishap: all of it would be carried over.
      const isRead = this.#ino === undefined ? stats.size <= 1 : this.#isSame(old, stats);
      if (!isRead) return false;
      const read = this.#offset;
      const lines = Buffer.concat([
        ...this.#history(),
        ...snapshotLines(snapshot, at),
        ...announced.map(encodeLine),
      ]);
      const { path, identity } = writeTemporary(this.#files, this.#layout, [lines], false);
      try {
        this.#files.rename(path, this.#layout.journal);
      } catch (error) {
        removeQuietly(this.#files, path);
        throw error;
      }
      const rest = Buffer.alloc(Math.max(0, this.#files.fstat(old).size - read));
      this.#appendBytes(rest.subarray(0, readFully(this.#files, old, rest, read)));
      this.#restart(identity.ino);
      this.#start = lines.subarray(0, START_BYTES);
      this.#offset = identity.size;
      return false;
    });
  }

  /** Lines of the last removals. */
  #history(): Buffer[] {
    let past: EventRecord[] = [];
    this.readAll((record) => {
      if (!isEvent(record) || (record.op === 'put' && record.replaced !== true)) return;
      const { digest, key, bytes, ...rest } = record;
      past.push({
        ...rest,
        op: record.op === 'put' ? 'replaced' : record.op,
        digest,
        key,
        bytes,
        past: true,
      });
      if (past.length > 2 * HISTORY) past = past.slice(-HISTORY);
    });
    return past.slice(-HISTORY).map(encodeLine);
  }

  #exchangeOnce(appended: Appended, visit: (record: JournalRecord) => void) {
    try {
      const fd = this.#openToAppend();
      try {
        this.#unwritten = appended.lines;
        writeFully(this.#files, fd, appended.lines, null);
        this.#unwritten = NOTHING;
        const isOther = this.#readFrom(fd, visit, appended);
        return { isOther, isCurrent: this.#files.stat(this.#layout.journal).ino === this.#ino };
      } finally {
        this.#files.close(fd);
      }
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      return { isOther: this.readNew(visit), isCurrent: true };
    }
  }

  /** @param appended just now: where that is all that has come, it need not be read */
  #readFrom(fd: number, visit: (record: JournalRecord) => void, appended?: Appended): boolean {
    const stats = this.#files.fstat(fd);
    const isOther = !this.#isSame(fd, stats);
    if (isOther) this.#restart(stats.ino);
    if (this.#start.length < START_BYTES) this.#start = this.#readStart(fd);
    const isAll = !isOther && appended?.lines.length === stats.size - this.#offset;
    if (isAll && appended.records !== undefined) {
      for (const record of appended.records) this.#tell(record, visit);
      this.#offset = stats.size;
    } else if (stats.size > this.#offset) {
      this.#readLines(fd, stats.size, visit);
    }
    return isOther;
  }

  /** Whether it is the file that was read before, and has only grown. */
  #isSame(fd: number, { ino, size }: { ino: number; size: number }): boolean {
    if (ino !== this.#ino || size < this.#offset) return false;
    return this.#readStart(fd).subarray(0, this.#start.length).equals(this.#start);
  }

  #readStart(fd: number): Buffer {
    const start = Buffer.alloc(START_BYTES);
    return start.subarray(0, readFully(this.#files, fd, start));
  }

  /** @returns what `read` returns; true where the journal can't be read, since others may have had one */
  #reading(read: (fd: number) => boolean): boolean {
    try {
      const fd = this.#files.open(this.#layout.journal, O_RDONLY | O_PLAIN);
      try {
        return read(fd);
      } finally {
        this.#files.close(fd);
      }
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      this.#restart(undefined);
      return true;
    }
  }

  /** The records as lines, behind those that could not be written before. */
  #linesOf(records: readonly JournalRecord[]): Buffer {
    const kept = this.#unwritten.length <= MAX_UNWRITTEN_BYTES ? this.#unwritten : NOTHING;
    return Buffer.concat([kept, ...records.map(encodeLine)]);
  }

  /**
   * Passes over what it has written where nothing else has come since the last read.
   *
   * @returns `outdated` where they may have gone into a journal that had just been rewritten
   */
  #appendBytes(bytes: Buffer): 'done' | 'outdated' | 'failed' {
    if (bytes.length === 0) return 'done';
    try {
      const fd = this.#openToAppend();
      try {
        writeFully(this.#files, fd, bytes, null);
        const { ino, size } = this.#files.fstat(fd);
        if (ino === this.#ino && size === this.#offset + bytes.length) this.#offset = size;
        return this.#files.stat(this.#layout.journal).ino === ino ? 'done' : 'outdated';
      } finally {
        this.#files.close(fd);
      }
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      return 'failed';
    }
  }

  #restart(ino: number | undefined): void {
    this.#ino = ino;
    this.#start = NOTHING;
    this.#offset = 0;
    this.recordsSinceRewrite = 0;
  }

  #readLines(fd: number, size: number, visit: (record: JournalRecord) => void): void {
    let pending = NOTHING;
    const chunk = Buffer.allocUnsafe(Math.min(size - this.#offset, READ_CHUNK_BYTES));
    while (this.#offset + pending.length < size) {
      const count = readFully(this.#files, fd, chunk, this.#offset + pending.length);
      if (count === 0) break;
      const bytes =
        pending.length === 0 ? chunk.subarray(0, count) : Buffer.concat([pending, chunk.subarray(0, count)]);
      let start = 0;
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
        const record = end > start ? decodeLine(bytes.subarray(start, end)) : undefined;
        start = end + 1;
        if (record === undefined) continue;
        this.#tell(record, visit);
      }
      this.#offset += start;
      // The rest is a line whose end is in the next chunk, or still being written.
      pending = Buffer.from(bytes.subarray(start));
      if (pending.length > MAX_LINE_BYTES) {
        this.#offset += pending.length;
        pending = NOTHING;
      }
    }
  }

  #tell(record: JournalRecord, visit: (record: JournalRecord) => void): void {
    if (isEvent(record) && !('past' in record)) this.recordsSinceRewrite++;
    visit(record);
  }

  #openToAppend(): number {
    const flags = O_RDWR | O_APPEND | O_CREAT | O_PLAIN;
    try {
      return this.#files.open(this.#layout.journal, flags, FILE_MODE);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      this.#files.mkdir(this.#layout.dir, { recursive: true, mode: DIRECTORY_MODE });
      return this.#files.open(this.#layout.journal, flags, FILE_MODE);
    }
  }
}

function snapshotLines({ entries, changedAt }: Snapshot, at: number): Buffer[] {
  const { pid } = process;
  const lines: Buffer[] = [];
  let rows: EntryRow[] = [];
  let count = 0;
  const endLine = () => {
    if (rows.length > 0) lines.push(encodeLine({ op: 'entries', at, pid, rows }));
    count += rows.length;
    rows = [];
  };
  for (const entry of entries) {
    rows.push(entry);
    if (rows.length === ENTRIES_A_LINE) endLine();
  }
  endLine();
  lines.push(encodeLine({ op: 'listed', at, pid, count, changed_at: changedAt }));
  return lines;
}

const NEWLINE = 0x0a;
