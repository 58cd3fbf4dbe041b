/**
 * Pins: named sets of keys that no eviction takes, until they are unpinned or expire. Shared by all processes
 * that use the directory.
 *
 *   pins/<first 32 digits of the SHA-256 of the name>.json   { "name", "keys", "created_at", "expires_at" | null }
 */
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { TessCacheError, describe } from '../errors.js';
import { checkKey, digestOf, type Key, type KeyDigest } from '../ref/key.js';
import { O_PLAIN, O_RDONLY, readFully, systemCode, type FileSystem } from './file-system.js';
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

export class Pins {
  readonly #files: FileSystem;
  readonly #layout: Layout;

  constructor(files: FileSystem, layout: Layout) {
    this.#files = files;
    this.#layout = layout;
  }

  /** Writes a set; one of the same name is replaced. */
  write(pin: Pin): void {
    const { name, keys, createdAt, expiresAt = null } = pin;
    const json = JSON.stringify({ name, keys, created_at: createdAt, expires_at: expiresAt });
    const { path } = writeTemporary(this.#files, this.#layout, [Buffer.from(`${json}\n`)], false);
    try {
      renameInto(this.#files, path, this.#path(name));
    } catch (error) {
      removeQuietly(this.#files, path);
      throw error;
    }
  }

  /** @returns whether there was one */
  remove(name: string): boolean {
    try {
      this.#files.unlink(this.#path(name));
      return true;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false;
      throw error;
    }
  }

  /** The sets that hold now, by name. */
  list(now: number): Pin[] {
    return this.#names()
      .map((file) => this.#read(join(this.#layout.pins, file)))
      .filter((pin) => pin !== undefined)
      .filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Digests of all keys that are pinned now. */
  digests(now: number): ReadonlySet<KeyDigest> {
    return new Set(this.list(now).flatMap(({ keys }) => keys.map((key) => digestOf(key as Key))));
  }

  #names(): string[] {
    try {
      return this.#files.readdir(this.#layout.pins);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw error;
    }
  }

  /** One set, or undefined where the file is gone or is no set. */
  #read(path: string): Pin | undefined {
    try {
      const fd = this.#files.open(path, O_RDONLY | O_PLAIN);
      try {
        const bytes = Buffer.alloc(this.#files.fstat(fd).size);
        return parsePin(bytes.subarray(0, readFully(this.#files, fd, bytes)).toString('utf8'));
      } finally {
        this.#files.close(fd);
      }
    } catch (error) {
      if (systemCode(error) === undefined) throw error;
      return undefined;
    }
  }

  #path(name: string): string {
    return join(this.#layout.pins, `${hash('sha256', name, 'hex').slice(0, 32)}.json`);
  }
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
  if (expiresInSeconds !== undefined && !(expiresInSeconds > 0)) {
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
