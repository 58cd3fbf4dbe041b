import { homedir } from 'node:os';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { cacheWithSpoc, tessCache, tessCacheJson } from './support.js';

describe('where', () => {
  it('prints the directory alone, and the rule beside it', () => {
    const dir = realpathSync(temporaryDirectory());
    const standard = join(dir, '.bittr-tess-vetter', 'cache', 'persistent_cache');
    const { code, stdout, stderr } = tessCache(dir, ['where']);
    expect([code, stdout]).toEqual([0, `${standard}\n`]);
    expect(stderr).toContain('working directory');
    expect(tessCacheJson(dir, 'where').json).toEqual({ dir: standard, rule: 'working directory' });
  });

  it('obeys the option, then the variables', () => {
    const dir = temporaryDirectory();
    const ask = (args: string[], environment = {}): unknown =>
      JSON.parse(tessCache(dir, ['where', '--json', ...args], environment).stdout);
    const variables = { BITTR_TESS_VETTER_CACHE_DIR: '/a', BITTR_TESS_VETTER_CACHE_ROOT: '/b' };
    expect(ask(['--cache-dir', '~/c'], variables)).toEqual({ dir: join(homedir(), 'c'), rule: 'given' });
    expect(ask([], variables)).toEqual({ dir: '/a', rule: 'BITTR_TESS_VETTER_CACHE_DIR' });
    expect(ask([], { ...variables, BITTR_TESS_VETTER_CACHE_DIR: '' })).toEqual({
      dir: '/b/persistent_cache',
      rule: 'BITTR_TESS_VETTER_CACHE_ROOT',
    });
  });
});

describe('stats', () => {
  it('counts entries and bytes by kind, with limits and access times', () => {
    const dir = temporaryDirectory();
    const cache = cacheWithSpoc(dir);
    const [{ bytes, accessed_at }] = tessCacheJson(dir, '--cache-dir', 'cache', 'ls').json as [
      { bytes: number; accessed_at: number },
    ];
    expect(tessCacheJson(dir, '--cache-dir', 'cache', '--max-entries', '9', 'stats')).toEqual({
      code: 0,
      json: {
        dir: cache,
        entries: 1,
        bytes,
        max_entries: 9,
        max_bytes: 4 * 2 ** 30,
        by_kind: { lightcurve: { entries: 1, bytes }, value: { entries: 0, bytes: 0 } },
        oldest_access: accessed_at,
        newest_access: accessed_at,
      },
    });
    const { stdout } = tessCache(dir, ['--cache-dir', 'cache', 'stats']);
    expect(stdout).toMatch(/^entries +1 of any number$/m);
    expect(stdout).toMatch(/^newest access +now$/m);
  });

  it('has zeros and no times for a cache that is not there', () => {
    expect(tessCacheJson(temporaryDirectory(), '--cache-dir', 'cache', 'stats')).toMatchObject({
      code: 0,
      json: { entries: 0, bytes: 0, max_entries: null, oldest_access: null, newest_access: null },
    });
  });
});
