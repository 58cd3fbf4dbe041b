// node cold.mjs DIST DIR KEY TIC: one cold use of a cache each, timed from the opening on, in microseconds.
import { loadSubject } from '../subject.mjs';

const [, , use, dist, dir, argument] = process.argv;
const { PersistentCache } = await loadSubject(dist);

const USES = {
  get: async (cache) => {
    if ((await cache.get(argument)) === undefined) throw new Error(`no entry ${argument}`);
  },
  keys: (cache) => cache.keys(),
  tic: (cache) => cache.entries({ ticId: Number(argument) }),
};

const start = performance.now();
const cache = new PersistentCache({ dir, maxBytes: Infinity });
await USES[use](cache);
const cold = (performance.now() - start) * 1000;
const warm = [];
for (let i = 0; i < 10; i++) {
  const again = performance.now();
  await USES[use](cache);
  warm.push((performance.now() - again) * 1000);
}
console.log(JSON.stringify({ cold, warm }));
