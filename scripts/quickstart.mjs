// From a fresh clone to a light curve on the screen, with plain Node. Says each command before it runs it.
//
//   npm run quickstart                three simulated sectors of one star with a transiting planet
//   npm run quickstart -- FILE...     light curves of your own: FITS files, or folders of them
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const DATA = 'quickstart-data';
const COMMAND = ['node', 'dist/cli/main.js', '--cache-dir', `${DATA}/cache`];

process.chdir(root);
const files = process.argv.slice(2).map(fromWhereItWasTyped);
const missing = files.filter((file) => !existsSync(file));
if (missing.length > 0) fail(`there is no ${missing.join(', no ')}`);

if (!existsSync('node_modules/.package-lock.json')) {
  say('Installing what tess-cache needs, into node_modules/:');
  run(['npm', 'ci', '--no-audit', '--no-fund']);
}
say('Building the package, into dist/:');
run(['npm', 'run', '--silent', 'build']);

if (files.length === 0) {
  say(`Writing three simulated sectors of one star, as FITS files like those of SPOC, into ${DATA}/fits/:`);
  run(['node', 'examples/simulated-star.mjs', `${DATA}/fits`], { quiet: true });
  files.push(`${DATA}/fits`);
}
const started = Date.now() / 1000;
say('Reading the light curves into a cache:');
const ingested = run([...COMMAND, 'ingest', ...files], { mayFail: true });

say('What is in the cache:');
run([...COMMAND, 'ls']);

const [first] = cached().filter(({ created_at }) => created_at >= started);
if (first === undefined) fail('none of the files could be ingested; the reasons are above');
say('One of the light curves:');
run([...COMMAND, 'show', first.key]);

const [node, main] = COMMAND;
say('That was it. What to try next:');
const suggestions = [
  [`${node} ${main} --help`, 'all commands; each has a --help of its own'],
  [`${node} ${main} ingest FOLDER`, 'your own FITS files'],
  [`${node} ${main} export KEY -o curve.csv`, 'for numpy, pandas, TOPCAT, ...'],
  [`${node} ${main} where`, 'the cache it uses without --cache-dir'],
  ['npm link', 'makes that the command tess-cache'],
  ['npm run quickstart -- FILE...', 'the same as here, with your own files'],
];
for (const [command, purpose] of suggestions) console.log(`  ${command.padEnd(46)}  ${purpose}`);
console.log("\nIn a program: import { PersistentCache, readLightCurve } from 'tess-cache'; see README.md.");
process.exitCode = ingested;

/** npm runs this in the package, but people give paths from where they are. @param {string} file */
function fromWhereItWasTyped(file) {
  const path = resolve(process.env.INIT_CWD ?? '.', file);
  const shorter = relative(root, path);
  return shorter.startsWith('..') ? path : shorter;
}

/** @returns {{ key: string, created_at: number }[]} */
function cached() {
  const [, ...args] = COMMAND;
  const { stdout } = spawnSync(process.execPath, [...args, 'ls', '--json'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  return JSON.parse(stdout);
}

/** @param {string} text */
function say(text) {
  console.log(`\n${text}`);
}

/**
 * @param {string[]} command
 * @param {{ quiet?: boolean, mayFail?: boolean }} [options]
 * @returns {number} the exit code
 */
function run([program, ...args], { quiet = false, mayFail = false } = {}) {
  console.log(`  $ ${[program, ...args.map(quoted)].join(' ')}\n`);
  // npm is a script on Windows, which only a shell finds.
  const isScript = process.platform === 'win32' && program === 'npm';
  const { status, error } = spawnSync(program === 'node' ? process.execPath : program, args, {
    stdio: ['inherit', quiet ? 'ignore' : 'inherit', 'inherit'],
    shell: isScript,
  });
  if (error !== undefined) fail(error.message);
  if (status !== 0 && !mayFail) fail(`${program} ${args[0]} ended with exit code ${status}`);
  return status ?? 1;
}

/** @param {string} argument */
function quoted(argument) {
  return /^[\w./:@=~-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`;
}

/** @param {string} reason @returns {never} */
function fail(reason) {
  console.error(`\nquickstart: ${reason}`);
  process.exit(1);
}
