/** The sources as JavaScript, for processes of their own: Node doesn't run TypeScript, and dist/ may be old. */
import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Long enough for a run of the tests that began with another state of the sources. */
const KEPT_MS = 3_600_000;
const FOLDERS = ['src', 'test/support'];

let compiled: string | undefined;

/**
 * A directory with src/ and test/support/ compiled, in the places that they have in the project, so that imports
 * find each other and packages. Compiled once for one state of the sources, whoever asks first.
 */
export function compiledSources(): string {
  return (compiled ??= compile());
}

function compile(): string {
  const sources = FOLDERS.flatMap((folder) => listSources(join(ROOT, folder))).map((path) => ({
    path: relative(ROOT, path),
    text: readFileSync(path, 'utf8'),
  }));
  const sum = createHash('sha256');
  for (const { path, text } of sources) sum.update(`${path}\0${text}\0`);
  const parent = join(ROOT, '.vitest', 'compiled');
  const target = join(parent, sum.digest('hex').slice(0, 16));
  if (existsSync(target)) return target;

  const temporary = join(parent, `tmp-${randomUUID()}`);
  for (const { path, text } of sources) {
    const { outputText } = ts.transpileModule(text, {
      fileName: path,
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
      },
    });
    const output = join(temporary, path.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(output), { recursive: true });
    writeFileSync(output, outputText);
  }
  for (const name of readdirSync(parent)) {
    const path = join(parent, name);
    if (Date.now() - statSync(path).mtimeMs > KEPT_MS) rmSync(path, { recursive: true, force: true });
  }
  try {
    renameSync(temporary, target);
  } catch (error) {
    // Another test file was quicker.
    if (!existsSync(target)) throw error;
    rmSync(temporary, { recursive: true });
  }
  return target;
}

function listSources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
    .sort();
}
