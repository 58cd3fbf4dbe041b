/**
 * What a journal says: one record a line, each with its own check.
 *
 *   line   = newline hex8 " " record newline               hex8: CRC-32 of the record's bytes
 *   record = JSON object with `op`, `at` (seconds since the epoch), `pid`, and
 *     op "put"                 digest key kind bytes [tic_id] [sector] [replaced: true]   before its commit
 *     op of a removal          digest key bytes [limit] [by]                              after it
 *     op "entries"             list: entries that were there when the journal was rewritten
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

export interface EntryRecord {
  readonly digest: KeyDigest;
  readonly key: string;
  readonly kind: EntryKind;
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
  readonly digest: KeyDigest;
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
  if (value.op === 'entries') return Array.isArray(value.list) && value.list.every(isEntry);
  if (value.op === 'put') return isEntry({ ...value, accessed_at: value.at });
  return REMOVALS.includes(value.op) && isNamed(value);
}

function isEntry(value: unknown): boolean {
  if (!isObject(value) || !isNamed(value) || !isNumber(value.accessed_at)) return false;
  const { kind, tic_id: ticId, sector } = value;
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
