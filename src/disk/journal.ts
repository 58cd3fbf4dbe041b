/**
 * The journal: what came into a cache and what left it, when and why. Writers append; each process reads what
 * is new since it last looked, and so learns what the others did without reading the directory.
 *
 *   journal = { newline hex8 " " record newline }     hex8: CRC-32 of the record's bytes
 *   record  = JSON object with `op`, `at` (seconds since the epoch), `pid`, and
 *     op "put"                 digest key kind bytes [tic_id] [sector] [replaced: true]   before its commit
 *     op of a removal          digest key bytes [limit] [by]                              after it
 *     op "entries"             list: entries that were there when the journal was rewritten
 *   A removal with `past: true` was copied from before a rewrite: history only.
 *
 * The newline in front ends what a killed writer may have left half-written. Lines that fail their check are
 * passed over. The journal is derived: where it is lost or wrong, the directory tells what is there (see
 * catalogue.ts), and only the history of what left is gone.
 */
import { crc32 } from 'node:zlib';
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
import type { Layout } from './layout.js';
import { removeQuietly, writeTemporary } from './temporary.js';

/** Why an entry left. */
export type Removal = 'evicted' | 'deleted' | 'cleared' | 'quarantined' | 'invalidated' | 'replaced';

/** What was exceeded when an entry was evicted. */
export type EvictionLimit = 'max_entries' | 'max_bytes' | 'disk_full';

export interface EntryRecord {
  readonly digest: string;
  readonly key: string;
  readonly kind: string;
  readonly bytes: number;
  readonly accessed_at: number;
  readonly tic_id?: number;
  readonly sector?: number;
}

interface Common {
  readonly at: number;
  readonly pid: number;
}
export type PutRecord = Common & { readonly op: 'put'; readonly replaced?: true } & Omit<
    EntryRecord,
    'accessed_at'
  >;
export type RemovalRecord = Common & {
  readonly op: Removal;
  readonly digest: string;
  readonly key: string;
  readonly bytes: number;
  /** Of an eviction: which limit. */
  readonly limit?: EvictionLimit;
  /** Of an eviction: the key whose put made room. Of a quarantine: what was wrong. */
  readonly by?: string;
  readonly past?: true;
};
export type EntriesRecord = Common & { readonly op: 'entries'; readonly list: readonly EntryRecord[] };
export type JournalRecord = PutRecord | RemovalRecord | EntriesRecord;

/** Removals kept through a rewrite: some megabytes, weeks of a busy cache. */
const HISTORY = 5000;
/** Entries in one line of a rewritten journal: one check for many, and a damaged line loses no more. */
const ENTRIES_A_LINE = 500;
/** Rounds of an exchange that found the journal rewritten; it is rewritten once in thousands of puts. */
const EXCHANGE_ROUNDS = 5;
const READ_CHUNK_BYTES = 1 << 20;
/** A line of entries with the longest keys takes less; what is longer is not ours, and passed over. */
const MAX_LINE_BYTES = 1 << 24;

export class Journal {
  readonly #files: FileSystem;
  readonly #layout: Layout;
  /** The file read so far, and how far. */
  #ino: number | undefined;
  #offset = 0;
  /** Records read since the last line of entries: what a rewrite would save. */
  recordsSinceRewrite = 0;

  constructor(files: FileSystem, layout: Layout) {
    this.#files = files;
    this.#layout = layout;
  }

  /** Appends records. A failure is of no consequence to what is cached. */
  append(records: readonly JournalRecord[]): void {
    this.#appendBytes(Buffer.concat(records.map(encodeLine)));
  }

  /**
   * Appends records, and reads what is new since the last call, with them; all there is at the first call, and
   * after another process has rewritten the journal.
   *
   * @param visit called for each record, in order
   * @returns whether the file is another one than before: records between may have been lost
   */
  exchange(records: readonly JournalRecord[], visit: (record: JournalRecord) => void): boolean {
    const lines = Buffer.concat(records.map(encodeLine));
    let wasRewritten = false;
    for (let round = 0; round < EXCHANGE_ROUNDS; round++) {
      const read = this.#exchangeOnce(lines, visit);
      wasRewritten ||= read.wasRewritten;
      if (read.isCurrent) break;
      // Another process has rewritten the journal, and what was appended may be lost with the old one.
    }
    return wasRewritten;
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
   * Replaces the journal by a shorter one: the last removals, and the entries that are there.
   *
   * What others have appended since the last call of `exchange` is carried over, up to the last moment before
   * they see that the journal is another one; from then on they append again what they may have lost.
   */
  rewrite(entries: Iterable<EntryRecord>, at: number): void {
    // Where there is none, there is one now: a rewrite is one of the things that bring it back.
    this.#appendBytes(Buffer.from('\n'));
    this.#reading((old) => {
      const read = this.#offset;
      const lines = [...this.#history(), ...entryLines(entries, at)];
      const { path, identity } = writeTemporary(this.#files, this.#layout, [Buffer.concat(lines)], false);
      try {
        this.#files.rename(path, this.#layout.journal);
      } catch (error) {
        removeQuietly(this.#files, path);
        throw error;
      }
      const rest = Buffer.alloc(Math.max(0, this.#files.fstat(old).size - read));
      this.#appendBytes(rest.subarray(0, readFully(this.#files, old, rest, read)));
      this.#restart(identity.ino);
      this.#offset = identity.size;
      return false;
    });
  }

  /** Lines of the last removals. */
  #history(): Buffer[] {
    let past: JournalRecord[] = [];
    this.readAll((record) => {
      if (record.op === 'entries' || (record.op === 'put' && record.replaced !== true)) return;
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

  #exchangeOnce(lines: Buffer, visit: (record: JournalRecord) => void) {
    try {
      const fd = this.#openToAppend();
      try {
        writeFully(this.#files, fd, lines, null);
        const wasRewritten = this.#readFrom(fd, visit);
        return { wasRewritten, isCurrent: this.#files.stat(this.#layout.journal).ino === this.#ino };
      } finally {
        this.#files.close(fd);
      }
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      return { wasRewritten: this.readNew(visit), isCurrent: true };
    }
  }

  #readFrom(fd: number, visit: (record: JournalRecord) => void): boolean {
    const { ino, size } = this.#files.fstat(fd);
    const isOther = ino !== this.#ino || size < this.#offset;
    const isFirst = this.#ino === undefined;
    if (isOther) this.#restart(ino);
    if (size > this.#offset) this.#readLines(fd, size, visit);
    return isOther && !isFirst;
  }

  /** @returns what `read` returns; where the journal can't be read, whether it could before */
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
      const wasThere = this.#ino !== undefined;
      this.#restart(undefined);
      return wasThere;
    }
  }

  #appendBytes(bytes: Buffer): void {
    if (bytes.length === 0) return;
    try {
      const fd = this.#openToAppend();
      try {
        writeFully(this.#files, fd, bytes, null);
      } finally {
        this.#files.close(fd);
      }
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
    }
  }

  #restart(ino: number | undefined): void {
    this.#ino = ino;
    this.#offset = 0;
    this.recordsSinceRewrite = 0;
  }

  #readLines(fd: number, size: number, visit: (record: JournalRecord) => void): void {
    let pending = Buffer.alloc(0);
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
        if (record.op !== 'entries') this.recordsSinceRewrite++;
        visit(record);
      }
      this.#offset += start;
      // The rest is a line whose end is in the next chunk, or still being written.
      pending = Buffer.from(bytes.subarray(start));
      if (pending.length > MAX_LINE_BYTES) {
        this.#offset += pending.length;
        pending = Buffer.alloc(0);
      }
    }
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

/** The entries as lines of a rewritten journal. */
function entryLines(entries: Iterable<EntryRecord>, at: number): Buffer[] {
  const lines: Buffer[] = [];
  let list: EntryRecord[] = [];
  const endLine = () => {
    if (list.length > 0) lines.push(encodeLine({ op: 'entries', at, pid: process.pid, list }));
    list = [];
  };
  for (const entry of entries) {
    list.push(entry);
    if (list.length === ENTRIES_A_LINE) endLine();
  }
  endLine();
  return lines;
}

const NEWLINE = 0x0a;
const CHECK_DIGITS = 8;

function encodeLine(record: JournalRecord): Buffer {
  const json = Buffer.from(JSON.stringify(record), 'utf8');
  const check = crc32(json).toString(16).padStart(CHECK_DIGITS, '0');
  return Buffer.concat([Buffer.from(`\n${check} `, 'latin1'), json, Buffer.from('\n', 'latin1')]);
}

function decodeLine(line: Buffer): JournalRecord | undefined {
  const json = line.subarray(CHECK_DIGITS + 1);
  if (Number.parseInt(line.toString('latin1', 0, CHECK_DIGITS), 16) !== crc32(json)) return undefined;
  try {
    return JSON.parse(json.toString('utf8')) as JournalRecord;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
