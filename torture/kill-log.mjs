/** What the killed have written down. */
import { readFileSync } from 'node:fs';

/**
 * @typedef {object} Deeds of one process
 * @property {Map<number, string>} begun keys by the numbers of the puts
 * @property {Map<string, number>} acknowledged by key, the number of the last put that was complete
 * @property {string[]} unfinished the deed at which it was killed: its words without `begin`; empty where it was at none
 * @property {[key: string, by: string, n: number][]} got distinct values it read
 * @property {Record<'puts' | 'gets' | 'removals', number>} counts
 * @property {string[]} violations
 */

/**
 * @param {string} path
 * @returns {Deeds}
 */
export function readLog(path) {
  /** @type {Deeds} */
  const deeds = {
    begun: new Map(),
    acknowledged: new Map(),
    unfinished: [],
    got: [],
    counts: { puts: 0, gets: 0, removals: 0 },
    violations: [],
  };
  /** @type {Map<string, [string, string, number]>} */
  const got = new Map();
  for (const line of readFileSync(path, 'utf8').split('\n').slice(0, -1)) {
    const [word, ...rest] = line.split(' ');
    if (word === 'begin') {
      deeds.unfinished = rest;
      if (rest[0] === 'put') deeds.begun.set(Number(rest[2]), rest[1]);
    } else if (word === 'ack') {
      deeds.unfinished = [];
      if (rest[0] === 'put') deeds.acknowledged.set(rest[1], Number(rest[2]));
      deeds.counts[rest[0] === 'put' ? 'puts' : 'removals']++;
    } else if (word === 'got') {
      deeds.counts.gets++;
      got.set(line, [rest[0], rest[1], Number(rest[2])]);
    } else {
      deeds.violations.push(rest.join(' '));
      deeds.unfinished = [];
    }
  }
  deeds.got = [...got.values()];
  return deeds;
}
