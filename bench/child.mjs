// Processes of their own, for what only a cold one shows.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Runs children/<name>.mjs. @returns what it prints, as JSON */
export function runChild(name, args, nodeOptions = []) {
  const script = fileURLToPath(new URL(`./children/${name}.mjs`, import.meta.url));
  const output = execFileSync(process.execPath, [...nodeOptions, script, ...args.map(String)], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  return JSON.parse(output);
}

/** Microseconds that a whole process takes, its output thrown away. */
export function runCommand(args) {
  const start = performance.now();
  execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'], maxBuffer: 2 ** 28 });
  return (performance.now() - start) * 1000;
}
