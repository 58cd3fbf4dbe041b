import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What a user's project sees after installing the packed tarball; dependencies are linked, not fetched. */
describe('the packed tarball in an empty project', () => {
  let project: string;

  const run = (command: string, args: readonly string[]) =>
    execFileSync(command, args, { cwd: project, encoding: 'utf8' });

  beforeAll(() => {
    project = mkdtempSync(join(tmpdir(), 'tess-cache-package-'));
    const installed = join(project, 'node_modules', 'tess-cache');
    mkdirSync(installed, { recursive: true });
    execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', project], {
      cwd: root,
    });
    const { dependencies, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
      version: string;
    };
    run('tar', ['xzf', `tess-cache-${version}.tgz`, '-C', installed, '--strip-components', '1']);
    for (const name of Object.keys(dependencies)) {
      const link = join(project, 'node_modules', name);
      mkdirSync(join(link, '..'), { recursive: true });
      symlinkSync(join(root, 'node_modules', name), link);
    }
    writeFileSync(join(project, 'package.json'), '{ "name": "empty", "type": "module" }');
  });

  afterAll(() => {
    rmSync(project, { recursive: true, force: true });
  });

  it('can be imported, and required', () => {
    writeFileSync(
      join(project, 'use.js'),
      `import { makeDataRef } from 'tess-cache'; console.log(makeDataRef(1, 2));`,
    );
    expect(run('node', ['use.js'])).toBe('lc:1:2:pdcsap\n');
    const require = `console.log(typeof require('tess-cache').PersistentCache)`;
    expect(run('node', ['--input-type=commonjs', '--no-warnings', '-e', require])).toBe('function\n');
  });

  it('has types that need nothing else, and refuse a change of a light curve in place', () => {
    writeFileSync(
      join(project, 'use.ts'),
      `import { openCache, type LightCurveData } from 'tess-cache';
       const cache = openCache({ sessionId: 'types' });
       export async function noise(curve: LightCurveData): Promise<number> {
         // @ts-expect-error arrays are read-only
         curve.flux[0] = 1;
         return cache.getOrCompute({ kind: 'noise', inputs: ['lc:1:2:pdcsap'], version: '1' }, ([lc]) => lc.fluxStd);
       }`,
    );
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', 'use.ts'];
    expect(run('node', [join(root, 'node_modules/typescript/bin/tsc'), ...options])).toBe('');
  });

  it('has the command', () => {
    const main = join('node_modules', 'tess-cache', 'dist', 'cli', 'main.js');
    const where = JSON.parse(run('node', [main, 'where', '--cache-dir', 'here', '--json'])) as {
      dir: string;
    };
    expect(where.dir).toBe(join(project, 'here'));
  });
});
