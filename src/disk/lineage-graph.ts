/** Which entries were computed from which, as far as they are in the cache. */
import type { Lineage } from '../codec/lineage.js';

export interface Made {
  readonly key: string;
  readonly lineage?: Pick<Lineage, 'inputs' | 'upstream'> | undefined;
}

/**
 * Keys of all products computed from `key`, directly or through other products: nearest first, and last those
 * of which a product between is not there any more.
 */
export function downstreamOf(key: string, products: Iterable<Made>): string[] {
  const all = [...products];
  const madeFrom = new Map<string, string[]>();
  for (const { key: product, lineage } of all) {
    for (const input of lineage?.inputs ?? []) {
      const others = madeFrom.get(input.key);
      if (others === undefined) madeFrom.set(input.key, [product]);
      else others.push(product);
    }
  }
  const found = new Set<string>();
  const follow = (start: string) => {
    const open = [start];
    for (const next of open) {
      for (const product of madeFrom.get(next) ?? []) {
        if (product === key || found.has(product)) continue;
        found.add(product);
        open.push(product);
      }
    }
  };
  follow(key);
  for (const { key: product, lineage } of all) {
    if (found.has(product) || lineage?.upstream?.some((origin) => origin.key === key) !== true) continue;
    found.add(product);
    follow(product);
  }
  return [...found];
}
