// node --expose-gc memory.mjs DIST DIR KEY: bytes that a cache takes once it has gotten KEY, and once it has listed.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadSubject } from '../subject.mjs';

const [, , dist, dir, key] = process.argv;
const { PersistentCache } = await loadSubject(dist);
const { nodeFileSystem } = await import(pathToFileURL(join(dist, 'disk', 'file-system.js')).href);

function bytesInUse() {
  for (let i = 0; i < 4; i++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The names of the calls that are made, beside the calls themselves. */
const calls = {};
const fileSystem = Object.fromEntries(
  Object.entries(nodeFileSystem).map(([name, call]) => [
    name,
    (...args) => {
      calls[name] = (calls[name] ?? 0) + 1;
      return call(...args);
    },
  ]),
);

/** In a function of its own, so that the list is garbage afterwards. */
async function countKeys() {
  return (await cache.keys()).length;
}

const cache = new PersistentCache({ dir, maxBytes: Infinity, fileSystem });
await cache.get(key);
const before = bytesInUse();
for (const name of Object.keys(calls)) delete calls[name];
await cache.get(key);
const callsOfAGet = { ...calls };
const count = await countKeys();
const after = bytesInUse();
await cache.close();
console.log(JSON.stringify({ count, bytes: after - before, callsOfAGet }));
