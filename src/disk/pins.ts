/**
 * Pins: named sets of keys that no eviction takes, until they are unpinned or expire. Shared by all processes
 * that use the directory.
 *
 *   pins/<first 32 digits of the SHA-256 of the name>.json   { "name", "keys", "created_at", "expires_at" | null }
 *
 * A file that is no pin is passed over. One that can't be read now may be one: nothing is evicted until it can.
 */
import { constants } from 'node:buffer';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { TessCacheError, describe } from '../errors.js';
import { checkKey, digestOf, type Key, type KeyDigest } from '../ref/key.js';
import {
  O_PLAIN,
  O_RDONLY,
  identityOf,
  lookAt,
  namesIn,
  readFully,
  sameContent,
  systemCode,
  type FileIdentity,
  type FileSystem,
} from './file-system.js';
import type { Layout } from './layout.js';
import { renameInto, removeQuietly, writeTemporary } from './temporary.js';

export interface Pin {
  readonly name: string;
  readonly keys: readonly string[];
  /** Seconds since the epoch. */
  readonly createdAt: number;
  /** Seconds since the epoch, or undefined where it holds until it is unpinned. */
  readonly expiresAt: number | undefined;
}

interface PinFile {
  readonly identity: FileIdentity;
  /** Undefined where it is none. */
  readonly pin: Pin | undefined;
  readonly digests: readonly KeyDigest[];
}

const FILE_NAME = /^[0-9a-f]{32}\.json$/;
/** What stands in place of a file and can be no pin: nothing, a link, a socket, a directory. */
const NO_FILE: readonly unknown[] = ['ENOENT', 'ELOOP', 'EMLINK', 'ENXIO', 'EISDIR'];
/** Seconds that an expired pin is left to lie: another machine's clock may say that it still holds. */
const REMOVED_AFTER_SECONDS = 24 * 3600;

export class Pins {
  readonly #files: FileSystem;
  readonly #layout: Layout;
  /** By name of the file: a set may have thousands of keys, and each put asks. */
  #known = new Map<string, PinFile>();

  constructor(files: FileSystem, layout: Layout) {
    this.#files = files;
    this.#layout = layout;
  }

  /** Writes a set; one of the same name is replaced. Those that expired long ago are removed. */
  write(pin: Pin, now: number): void {
    const { name, keys, createdAt, expiresAt = null } = pin;
    const json = JSON.stringify({ name, keys, created_at: createdAt, expires_at: expiresAt });
    const { path } = writeTemporary(this.#files, this.#layout, [Buffer.from(`${json}\n`)], false);
    try {
      renameInto(this.#files, path, this.#path(name));
    } catch (error) {
      removeQuietly(this.#files, path);
      throw error;
    }
    for (const { name: old, expiresAt: end = Infinity } of this.#all()) {
      if (end + REMOVED_AFTER_SECONDS < now) removeQuietly(this.#files, this.#path(old));
    }
  }

  /** @returns whether there was one that holds */
  remove(name: string, now: number): boolean {
    const held = this.list(now).some((pin) => pin.name === name);
    try {
      this.#files.unlink(this.#path(name));
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
    return held;
  }

  /** The sets that hold now, by name. */
  list(now: number): Pin[] {
    return this.#all()
      .filter((pin) => holds(pin, now))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Digests of all keys that are pinned now. */
  digests(now: number): ReadonlySet<KeyDigest> {
    this.#read();
    const holding = [...this.#known.values()].filter(({ pin }) => pin !== undefined && holds(pin, now));
    return new Set(holding.flatMap(({ digests }) => digests));
  }

  /** Whether there may be any: cheaper to know than which. */
  exist(): boolean {
    return this.#names().length > 0;
  }

  #all(): Pin[] {
    this.#read();
    return [...this.#known.values()].map(({ pin }) => pin).filter((pin) => pin !== undefined);
  }

  #read(): void {
    const known = new Map<string, PinFile>();
    for (const name of this.#names()) {
      const file = this.#readFile(join(this.#layout.pins, name), this.#known.get(name));
      if (file !== undefined) known.set(name, file);
    }
    this.#known = known;
  }

  #names(): string[] {
    // Mostly there is no such directory: an error that says so costs ten times the look.
    if (lookAt(this.#files, this.#layout.pins) === undefined) return [];
    return namesIn(this.#files, this.#layout.pins).filter((name) => FILE_NAME.test(name));
  }

  /** @throws the system's error, where there is a file that can't be read */
  #readFile(path: string, known: PinFile | undefined): PinFile | undefined {
    try {
      const fd = this.#files.open(path, O_RDONLY | O_PLAIN);
      try {
        const stats = this.#files.fstat(fd);
        const identity = identityOf(stats);
        if (known !== undefined && sameContent(known.identity, identity)) return known;
        // Longer than text can be: no pin, and not to be read.
        if (stats.size > constants.MAX_STRING_LENGTH) return undefined;
        const bytes = Buffer.alloc(stats.size);
        const pin = parsePin(bytes.subarray(0, readFully(this.#files, fd, bytes)).toString('utf8'));
        return { identity, pin, digests: (pin?.keys ?? []).map((key) => digestOf(key as Key)) };
      } finally {
        this.#files.close(fd);
      }
    } catch (error) {
      if (!NO_FILE.includes(systemCode(error))) throw error;
      return undefined;
    }
  }

  #path(name: string): string {
    return join(this.#layout.pins, `${hash('sha256', name, 'hex').slice(0, 32)}.json`);
  }
}

function holds({ expiresAt = Infinity }: Pin, now: number): boolean {
  return expiresAt > now;
}

/** @throws TessCacheError BAD_ARGUMENT, or BAD_KEY for a key that can't be one */
export function makePin(
  keys: readonly string[],
  name: string,
  now: number,
  expiresInSeconds: number | undefined,
): Pin {
  if (typeof name !== 'string' || name === '') throw bad('name', 'a non-empty string', name);
  if (!Array.isArray(keys)) throw bad('keys', 'an array of keys', keys);
  if (expiresInSeconds !== undefined && !(typeof expiresInSeconds === 'number' && expiresInSeconds > 0)) {
    throw bad('expiresInSeconds', 'a positive number of seconds', expiresInSeconds);
  }
  const isForGood = expiresInSeconds === undefined || expiresInSeconds === Infinity;
  return {
    name,
    keys: keys.map((key) => checkKey(key)),
    createdAt: now,
    expiresAt: isForGood ? undefined : now + expiresInSeconds,
  };
}

function parsePin(text: string): Pin | undefined {
  try {
    const {
      name,
      keys,
      created_at: createdAt,
      expires_at: expiresAt,
    } = JSON.parse(text) as Record<string, unknown>;
    const isPin = typeof name === 'string' && typeof createdAt === 'number' && Array.isArray(keys);
    if (!isPin || !(typeof expiresAt === 'number' || expiresAt === null)) return undefined;
    return { name, keys: keys.map((key) => checkKey(key)), createdAt, expiresAt: expiresAt ?? undefined };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError || error instanceof TessCacheError)
      return undefined;
    throw error;
  }
}

function bad(field: string, expected: string, value: unknown): TessCacheError {
  const found = describe(value);
  return new TessCacheError('BAD_ARGUMENT', `pin: ${field} must be ${expected}, got ${found}`, {
    field,
    expected,
    found,
  });
}
