/** Values that say whose they are and can tell whether they are whole. */
import { createHash } from 'node:crypto';
import { below } from './random.mjs';

const SMALL = 200;
const LARGE = 40_000;

/**
 * @typedef {object} SelfChecking
 * @property {string} key under which it was put
 * @property {string} by who put it
 * @property {number} n the how-many-th put of that writer
 * @property {Float64Array} payload
 * @property {string} sha256 over all of the above
 */

/**
 * Mostly a page or less; one in ten up to 320 KB, which is written in many pages.
 * @param {string} key
 * @param {string} by
 * @param {number} n
 * @param {() => number} random
 * @returns {SelfChecking}
 */
export function makeValue(key, by, n, random) {
  const payload = new Float64Array(below(random, random() < 0.1 ? LARGE : SMALL));
  const start = random();
  for (let i = 0; i < payload.length; i++) payload[i] = start * i + n;
  return { key, by, n, payload, sha256: sumOf(key, by, n, payload) };
}

/**
 * What is wrong with a value that was read under a key; undefined where nothing is.
 * @param {string} key
 * @param {unknown} value
 * @returns {string | undefined}
 */
export function faultOf(key, value) {
  const { key: owner, by, n, payload, sha256 } = /** @type {SelfChecking} */ (value ?? {});
  if (!(payload instanceof Float64Array)) return `wrong: no value of this test under ${key}`;
  if (owner !== key) return `wrong: the value of ${owner} under ${key}`;
  if (sumOf(owner, by, n, payload) !== sha256) return `torn: ${key} of ${by}, put ${n}`;
  return undefined;
}

/**
 * @param {string} key
 * @param {string} by
 * @param {number} n
 * @param {Float64Array} payload
 */
function sumOf(key, by, n, payload) {
  const sum = createHash('sha256').update(JSON.stringify([key, by, n, payload.length]));
  return sum.update(new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength)).digest('hex');
}
