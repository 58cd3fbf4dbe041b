// What a benchmark needs before it can start.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BENCH = fileURLToPath(new URL('.', import.meta.url));

/**
 * Installs the rivals at first use, and compiles the project.
 *
 * @param {{ quick: boolean }} options whether to do without those that must be compiled, which takes minutes
 * @returns {string} where the build is
 */
export function prepare({ quick }) {
  if (!existsSync(`${BENCH}/node_modules${quick ? '' : '/@keyv/sqlite'}`)) {
    console.error(quick ? 'installing rivals' : 'installing the rivals; some may be compiled: minutes');
    npm(['ci', '--no-audit', '--no-fund', ...(quick ? ['--omit=optional'] : [])], BENCH);
  }
  npm(['run', '--silent', 'build'], ROOT);
  return `${ROOT}/dist`;
}

function npm(args, cwd) {
  const options = { cwd, stdio: ['ignore', 'ignore', 'inherit'] };
  // The script of npm that started this one, where there is one: npm itself is a .cmd on Windows.
  const script = process.env.npm_execpath;
  if (script === undefined) execFileSync('npm', args, options);
  else execFileSync(process.execPath, [script, ...args], options);
}
