/** Which names come near one that isn't there, and in what they differ: most misses are a slip in the name. */
import { parseDataRef } from './data-ref.js';
import { parseProductRef } from './product-ref.js';

export interface NearName {
  readonly key: string;
  /** What agrees and what differs: `same TIC and sector; exposure time 20, not 120`. */
  readonly difference: string;
}

interface Part {
  /** As people call it. */
  readonly name: string;
  readonly value: string | number;
  /** How much two names that agree in it have in common. */
  readonly weight: number;
}

/** Characters that two keys of no known form must share at their start to be called near. */
const MIN_COMMON_START = 3;

/** The names in `keys` nearest to `wanted`, best first; `wanted` itself is none of them. */
export function nearestNames(wanted: string, keys: Iterable<string>, most = 5): NearName[] {
  const parts = partsOf(wanted);
  const near: (NearName & { score: number })[] = [];
  for (const key of keys) {
    if (key === wanted) continue;
    const compared = parts === undefined ? compareText(wanted, key) : compareParts(parts, partsOf(key));
    if (compared !== undefined) near.push({ key, ...compared });
  }
  return near
    .sort((a, b) => b.score - a.score || (a.key < b.key ? -1 : 1))
    .slice(0, most)
    .map(({ key, difference }) => ({ key, difference }));
}

function partsOf(key: string): Part[] | undefined {
  const data = parseDataRef(key);
  if (data !== undefined) {
    return [
      { name: 'TIC', value: data.ticId, weight: 16 },
      { name: 'sector', value: data.sector, weight: 4 },
      { name: 'flux type', value: data.fluxType, weight: 2 },
      { name: 'author', value: data.author, weight: 1 },
      { name: 'exposure time', value: data.exptimeSeconds, weight: 1 },
    ];
  }
  const product = parseProductRef(key);
  if (product === undefined) return undefined;
  return [
    { name: 'TIC', value: product.ticId, weight: 16 },
    { name: 'kind', value: product.kind, weight: 8 },
    { name: 'sector', value: key.split(':')[2], weight: 4 },
    { name: 'inputs, parameters or version', value: product.hash, weight: 2 },
  ];
}

/** Names of another TIC are not near, however alike: no other star's data will do. */
function compareParts(wanted: readonly Part[], found: readonly Part[] | undefined) {
  if (found === undefined) return undefined;
  const same: string[] = [];
  const other: string[] = [];
  let score = 0;
  for (const { name, value, weight } of wanted) {
    const counterpart = found.find((part) => part.name === name);
    // A light curve is not near a product, nor the other way round.
    if (counterpart === undefined) return undefined;
    if (counterpart.value === value) {
      score += weight;
      same.push(name);
    } else if (name === 'TIC') {
      return undefined;
    } else if (name === 'inputs, parameters or version') {
      other.push(`other ${name}`);
    } else {
      other.push(`${name} ${counterpart.value}, not ${value}`);
    }
  }
  return { score, difference: `same ${listed(same)}; ${other.join('; ')}` };
}

function compareText(wanted: string, found: string) {
  let common = 0;
  while (common < Math.min(wanted.length, found.length) && wanted[common] === found[common]) common++;
  if (common < MIN_COMMON_START) return undefined;
  return { score: common, difference: `same first ${common} characters` };
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`;
}
