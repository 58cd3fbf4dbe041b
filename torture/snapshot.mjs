/** The built package as it is now: a build that is made during a run doesn't change what is tortured. */
import { cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('../dist', import.meta.url));
/** Where imports of packages still find them. */
const COPIES = fileURLToPath(new URL('../node_modules/.cache/tess-cache-torture', import.meta.url));

/** @returns the path of the copy's index.js; the copy goes when the process ends */
export function snapshotOfBuilt() {
  const copy = `${COPIES}/${process.pid}`;
  cpSync(DIST, copy, { recursive: true });
  process.on('exit', () => {
    rmSync(copy, { recursive: true, force: true });
  });
  return `${copy}/index.js`;
}
