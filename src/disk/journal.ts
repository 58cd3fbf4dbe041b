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

  /** Appends records. A failure is of no consequence to what is cached: returns whether they were written. */
  append(records: readonly JournalRecord[]): boolean {
    const lines = Buffer.concat(records.map(encodeLine));
    try {
      const fd = this.#openToAppend();
      try {
        writeFully(this.#files, fd, lines, null);
      } finally {
        this.#files.close(fd);
      }
      return true;
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      return false;
    }
  }

  /**
   * What was appended since the last call; all there is at the first, and after a rewrite.
   *
   * @param visit called for each record, in order
   * @returns whether the file is another one than before: records between may have been lost
   */
  readNew(visit: (record: JournalRecord) => void): boolean {
    let fd: number;
    try {
      fd = this.#files.open(this.#layout.journal, O_RDONLY | O_PLAIN);
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      const wasThere = this.#ino !== undefined;
      this.#restart(undefined);
      return wasThere;
    }
    try {
      const { ino, size } = this.#files.fstat(fd);
      const isOther = ino !== this.#ino || size < this.#offset;
      const isFirst = this.#ino === undefined;
      if (isOther) this.#restart(ino);
      if (size > this.#offset) this.#readLines(fd, size, visit);
      return isOther && !isFirst;
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      return true;
    } finally {
      this.#files.close(fd);
    }
  }

  /** Every record in the file that passes its check, oldest first. */
  readAll(visit: (record: JournalRecord) => void): void {
    const whole = new Journal(this.#files, this.#layout);
    whole.readNew(visit);
  }

  /**
   * Replaces the journal by a shorter one: the last removals, and the entries that are there. What another
   * process appends meanwhile may be lost; it notices, as does every reader, since the file is another one.
   */
  rewrite(entries: Iterable<EntryRecord>, at: number): void {
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
    const lines = past.slice(-HISTORY).map(encodeLine);
    let list: EntryRecord[] = [];
    const endLine = () => {
      lines.push(encodeLine({ op: 'entries', at, pid: process.pid, list }));
      list = [];
    };
    for (const entry of entries) {
      list.push(entry);
      if (list.length === ENTRIES_A_LINE) endLine();
    }
    if (list.length > 0) endLine();
    try {
      const { path, identity } = writeTemporary(this.#files, this.#layout, [Buffer.concat(lines)], false);
      try {
        this.#files.rename(path, this.#layout.journal);
      } catch (error) {
        removeQuietly(this.#files, path);
        throw error;
      }
      this.#restart(identity.ino);
      this.#offset = identity.size;
    } catch (error) {
      // The longer journal goes on.
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
