/** What lies in a cache directory, as the system lists it. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Files anywhere under a directory; none where there is no such directory.
 * @param {string} dir
 */
export function filesUnder(dir) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isFile());
}

/**
 * How many blobs there are, and their bytes.
 * @param {string} dir of a cache
 */
export function blobsOf(dir) {
  const blobs = filesUnder(join(dir, 'data'));
  return { count: blobs.length, bytes: blobs.reduce((sum, path) => sum + statSync(path).size, 0) };
}
