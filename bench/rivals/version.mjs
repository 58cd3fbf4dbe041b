import { readFileSync } from 'node:fs';

/** `name version` of an installed package. */
export function withVersion(name) {
  const manifest = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return `${name} ${JSON.parse(readFileSync(manifest, 'utf8')).version}`;
}
