import { timed } from '../measure.mjs';
import { withVersion } from './version.mjs';

/**
 * All of a cache in one JSON file, in memory while it is open: a get reads memory, and a put is on disk when
 * `save` has written everything. Bytes are given as base64, the shortest that JSON can hold.
 */
export async function openFlatCache(dir, payload) {
  const { FlatCache } = await import('flat-cache');
  const cache = new FlatCache({ cacheDir: dir });
  return {
    name: `${withVersion('flat-cache')} (in memory)`,
    every: 10,
    puts: timed((key) => {
      cache.set(key, payload.toString('base64'));
      cache.save();
    }),
    gets: timed((key) => Buffer.from(cache.get(key), 'base64')),
    lists: async () => timed(() => cache.keys())([0]),
    close: async () => undefined,
  };
}
