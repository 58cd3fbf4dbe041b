import { timed } from '../measure.mjs';
import { withVersion } from './version.mjs';

/** A memory-mapped B+ tree in C. A put is awaited, as its manual says: it is committed then. */
export async function openLmdb(dir, payload) {
  const { open } = await import('lmdb');
  const db = open({ path: dir, encoding: 'binary' });
  return {
    name: withVersion('lmdb'),
    puts: timed((key) => db.put(key, payload)),
    fill: async (keys) => {
      await Promise.all(keys.map((key) => db.put(key, payload)));
    },
    gets: timed((key) => db.get(key)),
    lists: async () => timed(() => [...db.getKeys()])([0]),
    close: () => db.close(),
  };
}
