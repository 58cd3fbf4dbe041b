/** The options of a persistent cache: checked, with their defaults. */
import { TessCacheError, describe } from '../errors.js';
import { nodeFileSystem, type FileSystem } from './file-system.js';
import { locate, type CacheLocation } from './location.js';

export interface PersistentCacheOptions {
  /** Where; by default what `defaultCacheDir()` says. A leading `~` is the home directory. */
  readonly dir?: string;
  /** Entries kept at most; no limit by default. */
  readonly maxEntries?: number;
  /** Bytes of blobs kept at most, DEFAULT_MAX_BYTES by default. */
  readonly maxBytes?: number;
  /** Never write: puts are refused, gets refresh no access time. */
  readonly readOnly?: boolean;
  /** Wait at each put until its bytes are on the disk, so that it survives a power cut. */
  readonly durable?: boolean;
  /** The clock, in seconds since the epoch. */
  readonly now?: () => number;
  /** The file system, for tests that make it fail. */
  readonly fileSystem?: FileSystem;
}

export interface ResolvedOptions {
  readonly location: CacheLocation;
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly readOnly: boolean;
  readonly durable: boolean;
  readonly now: () => number;
  readonly files: FileSystem;
}

/**
 * 4 GiB: seven thousand 120 s light curves, or all sectors of several hundred targets, and a small part of a
 * laptop's disk.
 */
export const DEFAULT_MAX_BYTES = 4 * 1024 ** 3;

/** February 2242. A clock beyond it most likely gives milliseconds. */
const MAX_SECONDS = 2 ** 33;

/** @throws TessCacheError BAD_ARGUMENT naming the option */
export function resolveOptions(options: PersistentCacheOptions): ResolvedOptions {
  const {
    dir,
    maxEntries = Infinity,
    maxBytes = DEFAULT_MAX_BYTES,
    readOnly = false,
    durable = false,
  } = options;
  if (dir !== undefined && (typeof dir !== 'string' || dir === '' || dir.includes('\0'))) {
    throw bad('dir', 'a path', dir);
  }
  for (const [field, flag] of Object.entries({ readOnly, durable })) {
    if (typeof flag !== 'boolean') throw bad(field, 'true or false', flag);
  }
  const { now = () => Date.now() / 1000 } = options;
  if (typeof now !== 'function') throw bad('now', 'a function', now);
  requireLimit('maxEntries', maxEntries);
  requireLimit('maxBytes', maxBytes);
  return {
    location: locate(dir),
    maxEntries,
    maxBytes,
    readOnly,
    durable,
    now: strictlyIncreasing(now),
    files: options.fileSystem ?? nodeFileSystem,
  };
}

function requireLimit(field: string, limit: number): void {
  if (limit !== Infinity && !(Number.isSafeInteger(limit) && limit > 0)) {
    throw bad(field, 'a positive integer, or Infinity for no limit', limit);
  }
}

/**
 * A clock of whole microseconds that never gives one time twice, so that the order of accesses within a millisecond
 * can be told. `accessed_at` has six decimals: a finer time would come back from a sidecar as another one.
 */
function strictlyIncreasing(now: () => number): () => number {
  let lastMicroseconds = -Infinity;
  return () => {
    const time = now();
    if (!(time >= 0 && time < MAX_SECONDS)) throw bad('now', 'a clock of seconds since the epoch', time);
    lastMicroseconds = Math.max(Math.round(time * 1e6), lastMicroseconds + 1);
    return lastMicroseconds / 1e6;
  };
}

function bad(field: string, expected: string, value: unknown): TessCacheError {
  const found = describe(value);
  return new TessCacheError('BAD_ARGUMENT', `${field} must be ${expected}, got ${found}`, {
    field,
    expected,
    found,
  });
}
