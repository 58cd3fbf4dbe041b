// A cache with very many entries, made through the library like any other.
import { filling } from './payload.mjs';

/** Entries after which nearly all of the 256 shards are there: in a new cache, most puts make directories. */
const IN_USE = 1500;

/** Puts so many small entries into a new cache that it is like one that has been in use. */
export async function takeIntoUse(subject, dir) {
  await fill(subject, dir, IN_USE);
  return dir;
}

/** @returns {Promise<{ dir: string, entries: number }>} with the keys of `filling(0 … entries - 1)` */
export async function fill({ PersistentCache }, dir, entries, from = 0) {
  const cache = new PersistentCache({ dir, maxBytes: Infinity });
  for (let index = from; index < entries; index++) {
    const { key, value } = filling(index);
    await cache.put(key, value);
    if (index % 1000 === 999 && process.stderr.isTTY) process.stderr.write(`\rfilling: ${index + 1}`);
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  await cache.close();
  return { dir, entries };
}
