// What a user would pick instead, behind one interface.
import { openCacache } from './cacache.mjs';
import { openFlatCache } from './flat-cache.mjs';
import { openKeyv } from './keyv-sqlite.mjs';
import { openLmdb } from './lmdb.mjs';
import { pythonStore } from './python.mjs';

/**
 * @typedef {object} Rival
 * @property {string} name with its version
 * @property {(keys: string[]) => Promise<number[]>} gets microseconds of a get of each key
 * @property {(keys: string[]) => Promise<number[]>} puts microseconds of a put of the payload under each key
 * @property {(keys: string[]) => Promise<void>} [fill] puts without waiting for each
 * @property {(keys: string[]) => Promise<number[]>} [evictingPuts] puts into a cache that is full as it stands
 * @property {() => Promise<number[]>} [lists] microseconds of one listing of all keys
 * @property {number} [every] takes part in each n-th round only
 * @property {() => Promise<void>} close
 */

/** How each is opened: (dir, payload: Buffer) => Promise<Rival>. */
const RIVALS = {
  cacache: openCacache,
  'keyv-sqlite': openKeyv,
  lmdb: openLmdb,
  'flat-cache': openFlatCache,
  diskcache: pythonStore('diskcache'),
  'diskcache-lru': pythonStore('diskcache-lru'),
  joblib: pythonStore('joblib'),
};
export const RIVAL_NAMES = Object.keys(RIVALS);

/**
 * Opens all that are installed.
 *
 * @param {{ make(name: string): string }} workspace
 * @param {Buffer} payload the bytes that every put stores
 * @param {Map<string, string>} skipped takes the reason of each that can't be opened
 * @returns {Promise<Rival[]>}
 */
export async function openRivals(workspace, payload, skipped, names = RIVAL_NAMES) {
  const rivals = [];
  for (const name of names) {
    try {
      rivals.push(await RIVALS[name](workspace.make(name), payload));
    } catch (error) {
      const isMissing = error.code === 'ERR_MODULE_NOT_FOUND';
      skipped.set(name, isMissing ? 'Not installed (see `prepare` in build.mjs).' : firstLine(error));
    }
  }
  return rivals;
}

function firstLine({ message }) {
  return String(message).split('\n')[0];
}

export async function closeRivals(rivals) {
  for (const rival of rivals) await rival.close();
}
