/** Caches on a directory, and a look at what they leave on the disk. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect } from 'vitest';
import { Layout } from '../../src/disk/layout.js';
import type { PersistentCacheOptions } from '../../src/disk/options.js';
import { PersistentCache } from '../../src/disk/persistent-cache.js';
import { checkKey, digestOf } from '../../src/ref/key.js';

export function openCache(dir: string, options: Omit<PersistentCacheOptions, 'dir'> = {}): PersistentCache {
  return new PersistentCache({ dir, ...options });
}

/** Seconds since the epoch that pass by a second each time somebody looks. */
export function tickingClock(start = Math.floor(Date.now() / 1000)): () => number {
  let now = start;
  return () => now++;
}

export function blobPath(dir: string, key: string): string {
  return new Layout(dir).blob(digestOf(checkKey(key)));
}

export function sidecarPath(dir: string, key: string): string {
  return new Layout(dir).sidecar(digestOf(checkKey(key)));
}

/** What stands in the sidecar of a key, read as any JSON. */
export function sidecarOf(dir: string, key: string): Record<string, unknown> {
  return JSON.parse(readFileSync(sidecarPath(dir, key), 'utf8')) as Record<string, unknown>;
}

/** Paths of all files under a directory, from there, sorted. */
export function filesUnder(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    .sort();
}

/** Sizes of all blobs together. */
export function blobBytes(dir: string): number {
  return filesUnder(join(dir, 'data')).reduce((sum, path) => sum + statSync(join(dir, 'data', path)).size, 0);
}

/**
 * The keys in a directory, as a newly opened cache lists them, after it has been found sound: no problem, as
 * many entries as keys, as many files as entries, and nothing under tmp/.
 */
export async function soundKeys(dir: string): Promise<string[]> {
  const cache = openCache(dir);
  const { problems, checked, ok } = await cache.verify();
  expect(problems).toEqual([]);
  const keys = await cache.keys();
  expect([checked, ok]).toEqual([keys.length, keys.length]);
  const files = filesUnder(dir);
  expect(files.filter((path) => path.startsWith('data'))).toHaveLength(keys.length);
  expect(files.filter((path) => path.startsWith('meta'))).toHaveLength(keys.length);
  expect(files.filter((path) => path.startsWith('tmp'))).toEqual([]);
  for (const { key, bytes, sha256 } of await cache.entries()) {
    const blob = readFileSync(blobPath(dir, key));
    expect([bytes, sha256]).toEqual([blob.length, sha256Of(blob)]);
  }
  return keys;
}

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
