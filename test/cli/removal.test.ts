import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PersistentCache } from '../../src/disk/persistent-cache.js';
import { sampleLightCurve } from '../support/light-curves.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { tessCache, tessCacheJson } from './support.js';

async function filled() {
  const dir = temporaryDirectory();
  const cache = new PersistentCache({ dir: join(dir, 'cache') });
  for (const key of ['a', 'b', 'c']) await cache.put(key, key);
  await cache.put('lc:7:2:pdcsap', sampleLightCurve(8, { ticId: 7, sector: 2 }));
  return { dir, cache };
}

describe('rm', () => {
  it('removes the entries given, those beside a missing one too', async () => {
    const { dir, cache } = await filled();
    expect(tessCacheJson(dir, '--cache-dir', 'cache', 'rm', 'a', 'lc:7:2:pdcsap')).toEqual({
      code: 0,
      json: { removed: 2 },
    });
    const { code, stdout, stderr } = tessCache(dir, ['--cache-dir', 'cache', 'rm', 'nothing', 'b', 'b']);
    expect([code, stdout]).toEqual([1, 'removed 1 entry\n']);
    expect(stderr).toContain('there is no entry "nothing"');
    expect(await cache.keys()).toEqual(['c']);
    expect(tessCacheJson(dir, '--cache-dir', 'cache', 'rm', 'nothing')).toEqual({
      code: 1,
      json: { removed: 0, missing: ['nothing'] },
    });
  });

  it('removes nothing where one of the keys can be none', async () => {
    const { dir, cache } = await filled();
    expect(tessCache(dir, ['--cache-dir', 'cache', 'rm', 'a', '']).code).toBe(2);
    expect(await cache.keys()).toHaveLength(4);
  });
});

describe('clear', () => {
  it('refuses where it is not sure and there is nobody to ask', async () => {
    const { dir, cache } = await filled();
    const { code, stderr } = tessCache(dir, ['--cache-dir', 'cache', 'clear']);
    expect(code).toBe(2);
    expect(stderr).toContain('would remove all 4 entries');
    expect(stderr).toContain('--yes');
    expect(tessCacheJson(dir, '--cache-dir', 'cache', 'clear', '--tic', '7')).toMatchObject({
      code: 2,
      json: { error: { code: 'USAGE' } },
    });
    expect(await cache.keys()).toHaveLength(4);
  });

  it('removes what matches', async () => {
    const { dir, cache } = await filled();
    const clear = ['--cache-dir', 'cache', 'clear', '--yes'];
    expect(tessCacheJson(dir, ...clear, '--tic', '8')).toEqual({ code: 0, json: { removed: 0 } });
    expect(tessCacheJson(dir, ...clear, '--kind', 'lightcurve')).toEqual({ code: 0, json: { removed: 1 } });
    expect(tessCacheJson(dir, ...clear, '--prefix', 'b')).toEqual({ code: 0, json: { removed: 1 } });
    expect(await cache.keys()).toEqual(['a', 'c']);
    expect(tessCache(dir, clear).stdout).toBe('removed 2 entries\n');
    expect(await cache.keys()).toEqual([]);
    expect(tessCacheJson(dir, '--cache-dir', 'cache', 'clear')).toEqual({ code: 0, json: { removed: 0 } });
  });
});
