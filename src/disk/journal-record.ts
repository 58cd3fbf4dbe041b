/**
 * What a journal says: one record a line, each with its own check.
 *
 *   line   = newline hex8 " " record newline               hex8: CRC-32 of the record's bytes
 *   record = JSON object with `op`, `at` (seconds since the epoch), `pid`, and
 *     op "put"                 digest key kind bytes [tic_id] [sector] [replaced: true]   before its commit
 *     op of a removal          digest key bytes [limit] [by]                              after it
 *     op "entries"             rows: entries that were there when the journal was rewritten, each a row
 *     op "listed"              count: of all these rows; changed_at: of each shard of data/ its change time
 *                              (milliseconds since the epoch) when the rows told of all that was in it, or null
 *   row    = [ digest, key, kind, bytes, accessed_at, tic_id | null, sector | null ]
 *   A removal with `past: true` was copied from before a rewrite: history only.
 *
 * The newline in front ends what a killed writer may have left half-written.
 */
import { crc32 } from 'node:zlib';
import type { EntryKind } from '../codec/blob.js';
import { parseDigest, type KeyDigest } from '../ref/key.js';

/** Why an entry left. */
export type Removal = 'evicted' | 'deleted' | 'cleared' | 'quarantined' | 'invalidated' | 'replaced';

/** What was exceeded when an entry was evicted. */
export type EvictionLimit = 'max_entries' | 'max_bytes' | 'disk_full';

/** An entry in a row: a listing of a hundred thousand reads them all, and names would be half of the bytes. */
export type EntryRow = readonly [
  digest: KeyDigest,
  key: string,
  kind: EntryKind,
  bytes: number,
  accessedAt: number,
  ticId: number | null,
  sector: number | null,
];

interface Common {
  readonly at: number;
  readonly pid: number;
}
export type PutRecord = Common & {
  readonly op: 'put';
  readonly digest: KeyDigest;
  readonly key: string;
  readonly kind: EntryKind;
  readonly bytes: number;
  readonly tic_id?: number;
  readonly sector?: number;
  readonly replaced?: true;
};
export type RemovalRecord = Common & {
  readonly op: Removal;
  readonly digest: KeyDigest;
  readonly key: string;
  readonly bytes: number;
  /** Of an eviction: which limit. */
  readonly limit?: EvictionLimit;
  /** Of an eviction: the key whose put made room. Of a quarantine: what was wrong. */
  readonly by?: string;
  readonly past?: true;
};
export type EntriesRecord = Common & { readonly op: 'entries'; readonly rows: readonly EntryRow[] };
export type ListedRecord = Common & {
  readonly op: 'listed';
  readonly count: number;
  readonly changed_at: readonly (number | null)[];
};
/** What came or left. */
export type EventRecord = PutRecord | RemovalRecord;
export type JournalRecord = EventRecord | EntriesRecord | ListedRecord;

export function isEvent(record: JournalRecord): record is EventRecord {
  return record.op !== 'entries' && record.op !== 'listed';
}

/** What was there when a journal is rewritten. */
export interface Snapshot {
  readonly entries: Iterable<EntryRow>;
  /** Of each shard, milliseconds since the epoch; null where `entries` may not be all that is in it. */
  readonly changedAt: readonly (number | null)[];
}

/** A line, with the newlines before and after. */
export function encodeLine(record: JournalRecord): Buffer {
  const json = Buffer.from(JSON.stringify(record), 'utf8');
  const check = crc32(json).toString(16).padStart(CHECK_DIGITS, '0');
  return Buffer.concat([Buffer.from(`\n${check} `, 'latin1'), json, Buffer.from('\n', 'latin1')]);
}

/** The record of a line without its newlines, or undefined where it fails its check or is no record. */
export function decodeLine(line: Buffer): JournalRecord | undefined {
  const json = line.subarray(CHECK_DIGITS + 1);
  if (Number.parseInt(line.toString('latin1', 0, CHECK_DIGITS), 16) !== crc32(json)) return undefined;
  try {
    const record: unknown = JSON.parse(json.toString('utf8'));
    return isRecord(record) ? record : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const CHECK_DIGITS = 8;
const REMOVALS: readonly unknown[] = [
  'evicted',
  'deleted',
  'cleared',
  'quarantined',
  'invalidated',
  'replaced',
] satisfies readonly Removal[];

/** A line with the right check may still come from another program, or from somebody who means harm. */
function isRecord(value: unknown): value is JournalRecord {
  if (!isObject(value) || !isNumber(value.at) || !isNumber(value.pid)) return false;
  if (value.op === 'entries') return Array.isArray(value.rows) && value.rows.every(isRow);
  if (value.op === 'listed') return isNumber(value.count) && areChangeTimes(value.changed_at);
  if (!isNamed(value)) return false;
  return value.op === 'put'
    ? isDescribed(value.kind, value.tic_id, value.sector)
    : REMOVALS.includes(value.op);
}

function isRow(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  const [digest, key, kind, bytes, accessedAt, ticId, sector] = value as unknown[];
  return (
    isNamed({ digest, key, bytes }) &&
    isNumber(accessedAt) &&
    isDescribed(kind, ticId ?? undefined, sector ?? undefined)
  );
}

function areChangeTimes(value: unknown): boolean {
  return Array.isArray(value) && value.every((time) => time === null || isNumber(time));
}

function isDescribed(kind: unknown, ticId: unknown, sector: unknown): boolean {
  return (kind === 'lightcurve' || kind === 'value') && isIdOrNone(ticId) && isIdOrNone(sector);
}

function isNamed({ digest, key, bytes }: Readonly<Record<string, unknown>>): boolean {
  const isDigest = typeof digest === 'string' && parseDigest(digest) !== undefined;
  return isDigest && typeof key === 'string' && isNumber(bytes) && bytes >= 0;
}

function isIdOrNone(value: unknown): boolean {
  return value === undefined || Number.isSafeInteger(value);
}

function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
