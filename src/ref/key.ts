/**
 * Keys: the strings under which the persistent cache stores values, and the digests that name their files.
 */
import { hash } from 'node:crypto';
import { TessCacheError, describe } from '../errors.js';
import { isWellFormed } from './well-formed.js';

declare const keyBrand: unique symbol;
/** A string that `checkKey` let through: it has one UTF-8 form, so one digest. */
export type Key = string & { readonly [keyBrand]: true };

declare const keyDigestBrand: unique symbol;
/** SHA-256 of a key's UTF-8 bytes, 64 lower-case hex digits. Not to be confused with a file's SHA-256. */
export type KeyDigest = string & { readonly [keyDigestBrand]: true };

/**
 * Longest key in UTF-8 bytes. A key stands in its blob, its sidecar and the journal; 4 KiB is PATH_MAX on
 * Linux, so a path always fits, and a listing of 100,000 entries stays in memory.
 */
export const MAX_KEY_BYTES = 4096;

const DIGEST = /^[0-9a-f]{64}$/;

/**
 * @throws TessCacheError BAD_KEY for what is no string, is empty, is too long, or holds a lone surrogate
 *   (which UTF-8 can't express, so that two such keys would have one digest)
 */
export function checkKey(key: unknown): Key {
  if (typeof key !== 'string' || key === '') throw badKey('a non-empty string', describe(key));
  // A UTF-16 unit takes at most three bytes, so short keys need no count.
  if (key.length * 3 > MAX_KEY_BYTES) {
    const bytes = Buffer.byteLength(key, 'utf8');
    if (bytes > MAX_KEY_BYTES) throw badKey(`at most ${MAX_KEY_BYTES} bytes of UTF-8`, `${bytes} bytes`);
  }
  if (!isWellFormed(key)) throw badKey('well-formed Unicode', `a lone surrogate in ${describe(key)}`);
  return key as Key;
}

export function digestOf(key: Key): KeyDigest {
  return hash('sha256', key, 'hex') as KeyDigest;
}

/** Whether a string, wherever it comes from, is the key of this digest. */
export function isDigestOf(digest: KeyDigest, key: string): boolean {
  return key !== '' && isWellFormed(key) && digestOf(key as Key) === digest;
}

/** The digest in a file name, or undefined where the name is not one. */
export function parseDigest(name: string): KeyDigest | undefined {
  return DIGEST.test(name) ? (name as KeyDigest) : undefined;
}

function badKey(expected: string, found: string): TessCacheError {
  return new TessCacheError('BAD_KEY', `key: expected ${expected}, got ${found}`, {
    field: 'key',
    expected,
    found,
  });
}
