// Measuring: contenders take turns within one loop, so that whatever else the machine does hits all of them.

/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {(indices: number[]) => Promise<number[]>} turn microseconds of one act for each index
 * @property {number} [every] takes part in each n-th round only: for what takes long
 */

/**
 * The order changes from round to round, by chance but always the same: what one leaves behind (garbage, a full
 * processor cache) is not always the same other's burden.
 *
 * @param {Contender[]} contenders
 * @param {{ rounds: number, acts: number, warmUp?: number }} options acts: how many a contender does at a turn
 * @returns {Promise<Map<string, number[]>>} microseconds by name
 */
export async function interleave(contenders, { rounds, acts, warmUp = 2 }) {
  const times = new Map(contenders.map(({ name }) => [name, []]));
  let next = 0;
  for (let round = -warmUp; round < rounds; round++) {
    const indices = Array.from({ length: acts }, () => next++);
    for (const { name, turn, every = 1 } of shuffled(contenders)) {
      if (round % every !== 0) continue;
      const taken = await turn(indices);
      if (round >= 0) times.get(name).push(...taken);
    }
  }
  return times;
}

let state = 1;

function shuffled(items) {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    state = (state * 16807) % 2147483647;
    const j = state % (i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** A turn of an act of this process, plain or async; `prepare` is not part of the time. */
export function timed(act, prepare) {
  return async (indices) => {
    const times = [];
    for (const index of indices) {
      const prepared = prepare === undefined ? undefined : await prepare(index);
      const start = performance.now();
      const result = act(index, prepared);
      if (result instanceof Promise) await result;
      times.push((performance.now() - start) * 1000);
    }
    return times;
  };
}

/** The value below which a part `q` of all times lies: the nearest of them, nothing between. */
export function quantile(times, q) {
  const sorted = Float64Array.from(times).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

export function median(times) {
  return quantile(times, 0.5);
}

export function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
