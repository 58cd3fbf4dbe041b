/** Chance that can be repeated: numbers from 0 (included) to 1 (excluded), the same for the same seed. */

/**
 * Mulberry32 by Tommy Ettinger: 32 bits of state, ample for choosing what to do next.
 * @param {number} seed
 */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * An integer from 0 to below `count`.
 * @param {() => number} random
 * @param {number} count
 */
export function below(random, count) {
  return Math.floor(random() * count);
}
