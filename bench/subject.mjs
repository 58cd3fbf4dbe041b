// The build of tess-cache that is measured.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** @param {string} dist directory of the compiled package */
export async function loadSubject(dist) {
  const api = await import(pathToFileURL(join(dist, 'index.js')).href);
  const command = join(dist, 'cli', 'main.js');
  return { ...api, dist, command: existsSync(command) ? command : undefined };
}
