/**
 * The tests that try every case there is, each in full: a fault and a kill at every system call, every interleaving
 * of two operations, every bit and length of a blob. In CI they take a part of the cases, always the same.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TESTS = ['faults', 'interleaved', 'corruption', 'names'].map((name) => `test/torture/${name}.test.ts`);
/** Of one test. */
const TIMEOUT_MS = 3_600_000;

/** @returns {Promise<Record<string, unknown> & { violations: string[] }>} */
export async function matrices() {
  const dir = mkdtempSync(join(tmpdir(), 'tess-cache-matrices-'));
  const path = join(dir, 'figures');
  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const started = performance.now();
  const { status, stdout } = spawnSync(
    process.execPath,
    [vitest, 'run', '--reporter=dot', `--testTimeout=${TIMEOUT_MS}`, ...TESTS],
    {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, TESS_CACHE_TORTURE: 'long', TESS_CACHE_FIGURES: path },
    },
  );
  /** The last report of each name counts. @type {Record<string, unknown>} */
  const figures = { seconds: Math.round((performance.now() - started) / 1000) };
  for (const line of existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : []) {
    const { name, ...counts } = JSON.parse(line);
    for (const [what, count] of Object.entries(counts)) figures[`${name}: ${what}`] = count;
  }
  rmSync(dir, { recursive: true });
  return {
    ...figures,
    violations: status === 0 ? [] : stdout.split('\n').filter((line) => line.includes('FAIL')),
  };
}
