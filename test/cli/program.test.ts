import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, linkSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { PersistentCache } from '../../src/disk/persistent-cache.js';
import { spoc } from '../fits/fixtures.js';
import { DATA_REF, sampleLightCurve } from '../support/light-curves.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import {
  MAIN,
  SPOC_KEY,
  cacheWithSpoc,
  cleanEnvironment,
  tessCache,
  tessCacheJson,
  write,
} from './support.js';

const COMMANDS = ['ingest', 'ls', 'show', 'export', 'rm', 'clear', 'verify', 'stats', 'where'];

describe('help and version', () => {
  it.each(COMMANDS)('%s --help has examples', (command) => {
    const { code, stdout, stderr } = tessCache('.', [command, '--help']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`Usage: tess-cache ${command}`);
    expect(stdout.split(`$ tess-cache `).length).toBeGreaterThan(2);
    expect(stdout).toContain('--cache-dir');
    expect(tessCache('.', ['help', command]).stdout).toBe(stdout);
  });

  it('lists all commands', () => {
    const { code, stdout } = tessCache('.', ['--help']);
    expect(code).toBe(0);
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${command} +\\S`, 'm'));
  });

  it('prints the version of the package', () => {
    expect(tessCache('.', ['--version']).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('is one JSON document with --json, as everything is', () => {
    const { stdout } = tessCache('.', ['--version']);
    expect(tessCacheJson('.', '--version')).toEqual({ code: 0, json: { version: stdout.trim() } });
    expect(tessCacheJson('.', 'ls', '--help')).toEqual({
      code: 0,
      json: { help: expect.stringContaining('Usage: tess-cache ls') as string },
    });
  });
});

describe('wrong usage', () => {
  const cases: readonly (readonly string[])[] = [
    [],
    ['frobnicate'],
    ['ls', '--frobnicate'],
    ['ls', 'surplus'],
    ['ls', '--tic', 'x'],
    ['ls', '--tic', '-5'],
    ['ls', '--sector', '0'],
    ['ls', '--kind', 'fits'],
    ['ls', '--max-entries', '0'],
    ['ls', '--max-bytes', '2G'],
    ['ls', '--cache-dir', ''],
    ['ingest'],
    ['ingest', 'x.fits', '--quality-mask', '0xfg'],
    ['show'],
    ['show', ''],
    ['show', 'a', 'b'],
    ['show', 'x'.repeat(5000)],
    ['export', 'lc:1:1:sap'],
    ['export', 'lc:1:1:sap', '-o', 'file.dat'],
    ['export', 'lc:1:1:sap', '-o', 'file.csv', '--format', 'fits'],
    ['export', 'lc:1:1:sap', '-o', '-', '--json'],
    ['rm'],
    ['rm', ''],
    ['help', 'frobnicate'],
  ];

  it.each(cases.map((args) => [args.join(' ').slice(0, 40), args]))(
    '%s: exit code 2, and why',
    (_name, args) => {
      const dir = temporaryDirectory();
      const { code, stdout, stderr } = tessCache(dir, [...args, '--json']);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^tess-cache: \S/m);
      expect(stderr).not.toMatch(/^ +at /m);
      const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
      expect(stderr).toContain(error.message);
      expect(['USAGE', 'BAD_KEY', 'BAD_ARGUMENT']).toContain(error.code);
      expect(readdirSync(dir)).toEqual([]);
    },
  );

  it.each([[[]], [['ls', '--tic', 'x']], [['show', '']]])('leaves standard output empty: %j', (args) => {
    const { code, stdout, stderr } = tessCache('.', args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^tess-cache: \S/m);
  });

  it('names the nearest command', () => {
    expect(tessCache('.', ['verfy']).stderr).toContain('Did you mean verify?');
  });
});

describe('global options', () => {
  it('stand before or after the command', () => {
    const dir = temporaryDirectory();
    cacheWithSpoc(dir);
    const before = tessCache(dir, ['--json', '--cache-dir', 'cache', '--max-bytes', '1GB', 'stats']);
    const behind = tessCache(dir, ['stats', '--max-bytes=1GB', '--cache-dir', 'cache', '--json']);
    expect(before.stdout).toBe(behind.stdout);
    expect(JSON.parse(before.stdout)).toMatchObject({ entries: 1, max_bytes: 1e9, max_entries: null });
  });

  it('leave a key alone that looks like one of them', () => {
    const dir = temporaryDirectory();
    const { code, stderr, stdout } = tessCache(dir, ['--cache-dir', 'cache', 'rm', '--', '--json']);
    expect([code, stdout]).toEqual([1, 'removed 0 entries\n']);
    expect(stderr).toContain('there is no entry "--json"');
  });

  it('limit what is kept', () => {
    const dir = temporaryDirectory();
    write(dir, 'a.fits', spoc());
    const { code, json } = tessCacheJson(
      dir,
      ...['--cache-dir', 'cache', '--max-bytes', '1kB', 'ingest', 'a.fits'],
    );
    expect(code).toBe(1);
    expect(json).toMatchObject({ ingested: [], failed: [{ path: 'a.fits', code: 'TOO_LARGE' }] });
  });
});

describe('failures', () => {
  it('are one line with what to do, and a stack only where it is asked for', () => {
    const dir = temporaryDirectory();
    write(dir, 'file', '');
    const args = ['--cache-dir', 'file/cache', 'pin', 'key', '--name', 'run'];
    const { code, stderr, stdout } = tessCache(dir, args);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^tess-cache: .*ENOTDIR.*\n$/);
    expect(tessCache(dir, args, { TESS_CACHE_DEBUG: '1' }).stderr).toMatch(/\n +at /);
    expect(tessCacheJson(dir, ...args)).toMatchObject({
      code: 1,
      json: { error: { code: 'IO', found: 'ENOTDIR' } },
    });
  });
});

describe('as a part of a shell', () => {
  it('is silent where nobody reads to the end', async () => {
    const dir = temporaryDirectory();
    await new PersistentCache({ dir: join(dir, 'cache') }).put(DATA_REF, sampleLightCurve(20_000));
    const { status, stdout, stderr } = spawnSync(
      'bash',
      ['-c', 'set -o pipefail; "$@" | head -n 1', 'bash', process.execPath, MAIN].concat([
        '--cache-dir',
        'cache',
        'export',
        DATA_REF,
        '-o',
        '-',
      ]),
      { cwd: dir, encoding: 'utf8', env: cleanEnvironment() },
    );
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: 'time,flux,flux_err,quality,valid_mask\n',
      stderr: '',
    });
  });

  it('ends with 130 where it is interrupted, and leaves a sound cache', async () => {
    const dir = temporaryDirectory();
    const first = write(dir, 'fits/0.fits', spoc());
    for (let i = 1; i < 4000; i++) linkSync(first, join(dir, 'fits', `${i}.fits`));
    const child = spawn(process.execPath, [MAIN, '--cache-dir', 'cache', 'ingest', 'fits'], {
      cwd: dir,
      env: cleanEnvironment(),
      stdio: 'ignore',
    });
    const exit = once(child, 'exit');
    while (!existsSync(join(dir, 'cache', 'data'))) await after(2);
    child.kill('SIGINT');
    expect(await exit).toEqual([130, null]);
    expect(tessCacheJson(dir, '--cache-dir', 'cache', 'verify')).toMatchObject({ code: 0, json: { ok: 1 } });
  });

  it('reads what another process wrote', () => {
    const dir = temporaryDirectory();
    cacheWithSpoc(dir);
    const { code, json } = tessCacheJson(dir, 'ls', '--cache-dir', 'cache');
    expect(code).toBe(0);
    expect(json).toMatchObject([{ key: SPOC_KEY }]);
  });
});

describe('commands that only read', () => {
  const args = [
    ['ls'],
    ['ls', '--tic', '1', '--sector', '1', '--kind', 'value', '--prefix', 'x'],
    ['show', SPOC_KEY],
    ['show', 'missing'],
    ['export', SPOC_KEY, '-o', '-'],
    ['stats'],
    ['where'],
    ['verify'],
  ];

  it.each(args.map((each) => [each.join(' '), each]))('create no cache: %s', (_name, each) => {
    const dir = temporaryDirectory();
    tessCache(dir, each);
    tessCache(dir, ['--cache-dir', 'given', ...each]);
    expect(readdirSync(dir)).toEqual([]);
  });

  it.each(['rm key', 'clear --yes'])('nor does %s', (command) => {
    const dir = temporaryDirectory();
    tessCache(dir, ['--cache-dir', 'cache', ...command.split(' ')]);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('find nothing in a cache that is not there, and say so', () => {
    const dir = temporaryDirectory();
    const { code, stdout, stderr } = tessCache(dir, ['--cache-dir', 'cache', 'ls', '--json']);
    expect([code, JSON.parse(stdout)]).toEqual([0, []]);
    expect(stderr).toContain('There is no cache at');
  });

  it('are wrong usage where the cache directory is a file', () => {
    const dir = temporaryDirectory();
    writeFileSync(join(dir, 'cache'), 'x');
    for (const command of ['ls', 'verify', 'stats']) {
      const { code, stderr } = tessCache(dir, ['--cache-dir', 'cache', command]);
      expect([command, code]).toEqual([command, 2]);
      expect(stderr).toContain('is a file');
    }
  });

  it('change nothing in a cache, and need no permission to write there', () => {
    const dir = temporaryDirectory();
    const cache = cacheWithSpoc(dir);
    mkdirSync(join(dir, 'empty'));
    const before = snapshot(cache);
    const locked = process.getuid?.() !== 0;
    if (locked) spawnSync('chmod', ['-R', 'a-w', cache]);
    for (const each of args) {
      const { code, stderr } = tessCache(dir, ['--cache-dir', 'cache', ...each]);
      expect([each, code, stderr]).toEqual([each, each[1] === 'missing' ? 1 : 0, stderr]);
      expect(tessCache(dir, ['--cache-dir', 'empty', ...each]).code).not.toBe(2);
    }
    if (locked) spawnSync('chmod', ['-R', 'u+w', cache]);
    expect(snapshot(cache)).toEqual(before);
    expect(readdirSync(join(dir, 'empty'))).toEqual([]);
  });
});

/** Every file and directory with its size and the time of its last change. */
function snapshot(dir: string): string {
  return spawnSync('find', ['.', '-printf', '%p %s %T@ %C@\n'], { cwd: dir, encoding: 'utf8' }).stdout;
}
