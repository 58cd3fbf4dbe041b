/**
 * A sidecar: the metadata of one entry as JSON, in one line. Bytes in, bytes out.
 *
 *   sidecar  = '{"accessed_at":' time ',"check":"crc32:' hex8 '",' rest
 *   time     = seconds since the epoch with six decimals, padded with spaces on the left to 20 characters
 *   rest     = '"checksum":"xxh64:' hex16 '",' the other fields '}' newline
 *   check    = CRC-32 of rest
 *   checksum = that of the blob which the sidecar describes, see codec/blob.ts
 *
 * `time` stands at a fixed place in a fixed width, so that a get refreshes it by writing 20 bytes in place:
 * what a put may be writing about the entry at the same time can't be brought back by it. It is the one thing
 * that `check` leaves out. `checksum` stands at a fixed place too: whether a sidecar and a blob belong together
 * can be seen from the first bytes of both.
 */
import { crc32 } from 'node:zlib';
import { fromRecord, toRecord, type EntryMetadata } from './entry-metadata.js';

const TIME_WIDTH = 20;
const MAX_TIME = 9_999_999_999_999;
const START =
  /^\{"accessed_at":(?<time>(?=.{20},) *[0-9]+\.[0-9]{6}),"check":"crc32:(?<check>[0-9a-f]{8})","checksum":"(?<checksum>xxh64:[0-9a-f]{16})"/;

/** Where `time` stands. */
export const TIME_AT = '{"accessed_at":'.length;
const REST_AT = TIME_AT + TIME_WIDTH + ',"check":"crc32:00000000",'.length;
/** The bytes at the start that `readStart` needs. */
export const SIDECAR_START_BYTES = REST_AT + '"checksum":"xxh64:0000000000000000"'.length;

export interface SidecarStart {
  /** Seconds since the epoch. */
  readonly accessedAt: number;
  /** That of the blob which the sidecar describes. */
  readonly checksum: string;
}

export function encodeSidecar(metadata: EntryMetadata): Buffer {
  const { accessed_at: time, ...others } = toRecord(metadata);
  const rest = Buffer.from(`${JSON.stringify(others).slice(1)}\n`, 'utf8');
  const check = crc32(rest).toString(16).padStart(8, '0');
  const start = `{"accessed_at":${formatTime(time as number)},"check":"crc32:${check}",`;
  return Buffer.concat([Buffer.from(start, 'latin1'), rest]);
}

/** The metadata, or undefined where the bytes are no sidecar of ours or any but `accessed_at` was changed. */
export function decodeSidecar(bytes: Buffer): EntryMetadata | undefined {
  const match = START.exec(bytes.toString('latin1', 0, SIDECAR_START_BYTES));
  if (match === null) return undefined;
  const rest = bytes.subarray(REST_AT);
  if (Number.parseInt(match.groups!.check, 16) !== crc32(rest)) return undefined;
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(`{${rest.toString('utf8')}`) as Record<string, unknown>;
  } catch (error) {
    // Not written by us, though somebody gave it the right check.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return fromRecord({ ...record, accessed_at: Number(match.groups!.time) });
}

/** What the first bytes say, or undefined where they are not those of a sidecar of ours. */
export function readSidecarStart(bytes: Buffer): SidecarStart | undefined {
  const match = START.exec(bytes.toString('latin1', 0, SIDECAR_START_BYTES));
  if (match === null) return undefined;
  return { accessedAt: Number(match.groups!.time), checksum: match.groups!.checksum };
}

/** The bytes that stand at TIME_AT. Six decimals are the resolution of a double at the present epoch. */
export function encodeTime(seconds: number): Buffer {
  return Buffer.from(formatTime(seconds), 'latin1');
}

/** A time that no clock should give (of a file from before 1970) must fit in its place too. */
function formatTime(seconds: number): string {
  const time = Number.isNaN(seconds) ? 0 : Math.min(Math.max(seconds, 0), MAX_TIME);
  return time.toFixed(6).padStart(TIME_WIDTH);
}
