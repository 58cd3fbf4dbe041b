/** The command as a process of its own, and small files to give it. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TIC, spoc } from '../fits/fixtures.js';

export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
if (!existsSync(MAIN)) throw new Error('the tests of the command need dist/: run npm run build');

/** The key of the light curve in `spoc()`. */
export const SPOC_KEY = `lc:${TIC}:1:pdcsap`;

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment without what would lead to the caller's own cache, and without color. */
export function cleanEnvironment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const environment = Object.entries(process.env).filter(
    ([name]) => !/^(BITTR|TESS_CACHE|VITEST)/.test(name),
  );
  return { ...Object.fromEntries(environment), ...more };
}

/** Runs `tess-cache` in `dir`; nothing is a terminal. */
export function tessCache(
  dir: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    cwd: dir,
    env: cleanEnvironment(environment),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  return { code: status, stdout, stderr };
}

/** The one JSON document on standard output, with the exit code. */
export function tessCacheJson(dir: string, ...args: string[]): { code: number | null; json: unknown } {
  const { code, stdout } = tessCache(dir, [...args, '--json']);
  return { code, json: JSON.parse(stdout) };
}

/** Writes the file, and the folders that it stands in. Returns its path. */
export function write(dir: string, name: string, content: string | Uint8Array): string {
  const path = join(dir, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** A directory's cache with the light curve of `spoc()` in it, ingested by the command. Returns its directory. */
export function cacheWithSpoc(dir: string): string {
  write(dir, 'spoc.fits', spoc());
  const { code, stderr } = tessCache(dir, ['--cache-dir', 'cache', 'ingest', 'spoc.fits']);
  if (code !== 0) throw new Error(stderr);
  return join(dir, 'cache');
}
