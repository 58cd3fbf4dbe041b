/** Where the cache stands when nobody says. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export const DIR_VARIABLE = 'BITTR_TESS_VETTER_CACHE_DIR';
export const ROOT_VARIABLE = 'BITTR_TESS_VETTER_CACHE_ROOT';
const UNDER_ROOT = 'persistent_cache';
const UNDER_WORKING_DIRECTORY = ['.bittr-tess-vetter', 'cache', UNDER_ROOT];

export interface CacheLocation {
  /** Absolute path. */
  readonly dir: string;
  /** Which rule chose it: the name of an environment variable, `working directory`, or `given`. */
  readonly rule: typeof DIR_VARIABLE | typeof ROOT_VARIABLE | 'working directory' | 'given';
}

/** The default directory: by environment variable, or else under the working directory. Nothing is created. */
export function defaultCacheDir(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): CacheLocation {
  const dir = environment[DIR_VARIABLE];
  if (dir) return { dir: resolve(expandHome(dir)), rule: DIR_VARIABLE };
  const root = environment[ROOT_VARIABLE];
  if (root) return { dir: resolve(expandHome(root), UNDER_ROOT), rule: ROOT_VARIABLE };
  return { dir: resolve(...UNDER_WORKING_DIRECTORY), rule: 'working directory' };
}

/** The directory a caller gave, or the default one. */
export function locate(dir: string | undefined): CacheLocation {
  return dir === undefined ? defaultCacheDir() : { dir: resolve(expandHome(dir)), rule: 'given' };
}

/** `~` and `~/…` under the home directory; a tilde anywhere else is an ordinary character. */
function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}
