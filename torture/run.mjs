/**
 * The long form of the torture, whose figures stand in docs/reliability.md; ends with 1 where a promise was broken.
 *
 *   npm run torture                                  all of it
 *   npm run torture -- --only kills --seconds 180
 *
 *   --only NAME     kills, company, fuzz or matrices
 *   --seconds N     of kills, and of company; 60 by default
 *   --inputs N      of fuzz; 1,000,000 by default
 *   --seed N        1 by default; what the system does in between can't be repeated
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { snapshotOfBuilt } from './snapshot.mjs';

const FUZZ = new URL('fuzz.mjs', import.meta.url);
const WIDTH = 40;
/** Of a kind of torture, violations that are printed. */
const SHOWN = 20;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
  },
});
const [seconds, inputs, seed] = [options.seconds, options.inputs, options.seed].map(Number);
if (![seconds, inputs, seed].every((number) => number >= 0)) {
  throw new Error('--seconds, --inputs and --seed are numbers');
}

/** @type {Record<string, () => Promise<Record<string, unknown>>>} */
const tortures = {
  kills: async () => (await import('./kills.mjs')).kills({ seconds, seed, module: snapshotOfBuilt() }),
  company: async () => (await import('./company.mjs')).company({ seconds, seed, module: snapshotOfBuilt() }),
};
if (existsSync(FUZZ)) tortures.fuzz = async () => (await import(FUZZ.href)).fuzz({ inputs, seed });

tortures.matrices = async () => (await import('./matrices.mjs')).matrices();

const names = Object.keys(tortures).filter((name) => options.only === undefined || name === options.only);
if (names.length === 0) throw new Error(`--only is one of ${Object.keys(tortures).join(', ')}`);
if (!existsSync(new URL('../dist/index.js', import.meta.url))) throw new Error('first: npm run build');

console.log(
  `Node ${process.version}; ${cpus().length} x ${cpus()[0].model}, ${gibibytes()} GiB, ${type()} ${release()}`,
);
console.log(`commit ${commit()}; seed ${seed}`);
for (const name of names) {
  console.log(`\n${name}`);
  const { violations, ...figures } = await tortures[name]();
  for (const [what, figure] of Object.entries(figures)) {
    const text = typeof figure === 'number' ? figure.toLocaleString('en') : String(figure);
    console.log(`  ${what.padEnd(WIDTH)} ${text.padStart(12)}`);
  }
  const broken = Array.isArray(violations) ? violations : [];
  console.log(`  ${'violations'.padEnd(WIDTH)} ${String(broken.length).padStart(12)}`);
  for (const violation of broken.slice(0, SHOWN)) console.log(`    ${violation}`);
  if (broken.length > 0) process.exitCode = 1;
}

function gibibytes() {
  return Math.round(totalmem() / 2 ** 30);
}

function commit() {
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { cwd, encoding: 'utf8' }).trim();
  } catch (error) {
    // A packed copy is no repository.
    if (error instanceof Error) return 'unknown';
    throw error;
  }
}
