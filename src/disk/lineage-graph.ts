/** Which entries were computed from which, as far as they are in the cache. */
import type { EntryMetadata } from './entry-metadata.js';

/** Keys of all products computed from `key`, directly or through other products; nearest first. */
export function downstreamOf(key: string, products: Iterable<EntryMetadata>): string[] {
  const made = new Map<string, string[]>();
  for (const { key: product, lineage } of products) {
    for (const input of lineage?.inputs ?? []) made.set(input.key, [...(made.get(input.key) ?? []), product]);
  }
  const found = new Set<string>();
  const open = [key];
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    for (const product of made.get(next) ?? []) {
      if (product === key || found.has(product)) continue;
      found.add(product);
      open.push(product);
    }
  }
  return [...found];
}
