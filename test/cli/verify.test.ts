import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { SPOC_KEY, cacheWithSpoc, tessCache, tessCacheJson, write } from './support.js';

/** The one file of that ending in the cache. */
function only(cache: string, folder: string, ending: string): string {
  const dir = join(cache, folder);
  const [name] = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((each) =>
    each.endsWith(ending),
  );
  return join(dir, name);
}

function verify(dir: string, ...args: string[]) {
  return tessCacheJson(dir, '--cache-dir', 'cache', 'verify', ...args);
}

describe('verify', () => {
  it('finds nothing in a sound cache', () => {
    const dir = temporaryDirectory();
    cacheWithSpoc(dir);
    expect(verify(dir)).toEqual({ code: 0, json: { checked: 1, ok: 1, problems: [] } });
    expect(tessCache(dir, ['--cache-dir', 'cache', 'verify']).stdout).toBe(
      'checked 1 entry: 1 sound, 0 problems\n',
    );
  });

  it('finds a flipped bit, and moves the blob away where it may repair', () => {
    const dir = temporaryDirectory();
    const blob = only(cacheWithSpoc(dir), 'data', '.safetensors');
    const bytes = readFileSync(blob);
    bytes[bytes.length >> 1] ^= 4;
    writeFileSync(blob, bytes);
    const found = verify(dir);
    expect(found).toMatchObject({
      code: 1,
      json: { checked: 1, ok: 0, problems: [{ path: blob, problem: 'corrupt', repaired: false }] },
    });
    expect(tessCache(dir, ['--cache-dir', 'cache', 'verify']).stdout).toMatch(
      /^corrupt: .*\n  key   lc:.*\n  path  .*\nchecked 1 entry/,
    );
    expect(verify(dir, '--repair')).toMatchObject({
      code: 0,
      json: { problems: [{ problem: 'corrupt', repaired: true }] },
    });
    // What can't be repaired is left, and the user is told what to look at.
    mkdirSync(blob);
    rmSync(join(dir, 'cache', 'quarantine'), { recursive: true });
    writeFileSync(join(dir, 'cache', 'quarantine'), 'a file');
    const left = tessCache(dir, ['--cache-dir', 'cache', 'verify', '--repair']);
    expect(left).toMatchObject({ code: 1 });
    expect(left.stderr).toContain('check the owner and mode of these paths');
    rmSync(join(dir, 'cache', 'quarantine'));
    expect(verify(dir, '--repair').code).toBe(0);
    expect(verify(dir)).toEqual({ code: 0, json: { checked: 0, ok: 0, problems: [] } });
  });

  it('makes a sidecar anew', () => {
    const dir = temporaryDirectory();
    const cache = cacheWithSpoc(dir);
    rmSync(only(cache, 'meta', '.json'));
    write(cache, 'data/00/rubbish.txt', '');
    const { code, json } = verify(dir);
    expect(code).toBe(1);
    expect((json as { problems: { problem: string; key?: string }[] }).problems).toEqual([
      expect.objectContaining({ problem: 'stray' }),
      expect.objectContaining({ problem: 'missing-sidecar', key: SPOC_KEY }),
    ]);
    const { code: repaired, stdout } = tessCache(dir, ['--cache-dir', 'cache', 'verify', '--repair']);
    expect(repaired).toBe(0);
    expect(stdout).toContain('missing-sidecar (repaired)');
    expect(verify(dir)).toMatchObject({ code: 0, json: { ok: 1, problems: [] } });
  });
});
