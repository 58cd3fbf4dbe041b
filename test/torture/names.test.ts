/** Keys that differ by as little as keys can: each is its own entry, listed as it was put, or refused. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SessionCache } from '../../src/session/session-cache.js';
import { MAX_KEY_BYTES } from '../../src/ref/key.js';
import { blobPath, openCache, sidecarOf, soundKeys } from '../support/caches.js';
import { codeOf } from '../support/errors.js';
import { inTemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.js';
import { isLong } from '../support/torture.js';

const RUNS = { seed: 20180725, numRuns: isLong ? 1_000 : 25 };

/** Any UTF-16 at all, in pieces that are awkward: half of the keys hold a lone surrogate, or are too long. */
const piece = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
  fc.constantFrom(
    '../',
    '/',
    '\\',
    '\0',
    '.',
    'é',
    'e\u0301',
    'Ⓐ',
    'ß',
    'SS',
    'İ',
    'i',
    'I',
    '\ufeff',
    '\u202e',
  ),
  fc.constantFrom('__proto__', 'constructor', 'CON', 'NUL', 'lc:1:2:pdcsap', ' ', '\n', '\r\n', '"', '%00'),
);
const tail = fc.oneof(
  { weight: 8, arbitrary: fc.constant('') },
  fc.constantFrom('\ud800', '\udc00', '\udfff\ud800', 'x'.repeat(MAX_KEY_BYTES), '☉'.repeat(2_000)),
);
const anyKey = fc
  .tuple(fc.array(piece, { maxLength: 6 }), tail)
  .map(([pieces, end]) => pieces.join('') + end);

const canBe = (key: string) =>
  key !== '' && Buffer.byteLength(key) <= MAX_KEY_BYTES && Buffer.from(key, 'utf8').toString('utf8') === key;

/** A key and its neighbours: another case, another normal form, a character more. */
function neighbours(key: string): string[] {
  const forms = (['NFC', 'NFD', 'NFKC', 'NFKD'] as const).map((form) => key.normalize(form));
  return [key, key.toLowerCase(), key.toUpperCase(), ...forms, `${key}\0`, `${key} `, `./${key}`, `/${key}`];
}

describe('any keys whatever', () => {
  it('are each an entry of its own, listed as it was put, or refused with BAD_KEY', async () => {
    let [put, refused] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.array(anyKey, { minLength: 1, maxLength: 2 }), async (some) => {
        await inTemporaryDirectory(async (root) => {
          const dir = join(root, 'cache');
          const cache = openCache(dir);
          const all = [...new Set(some.flatMap(neighbours))];
          const good = all.filter(canBe);
          for (const key of all) {
            if (canBe(key)) await cache.put(key, { key });
            else expect(await codeOf(async () => cache.put(key, { key }))).toBe('BAD_KEY');
          }
          put += good.length;
          refused += all.length - good.length;
          const other = openCache(dir);
          for (const key of good) {
            expect(await other.get(key)).toEqual({ key });
            expect(await other.metadata(key)).toMatchObject({ key });
            expect(sidecarOf(dir, key)).toMatchObject({ key });
          }
          expect(await soundKeys(dir)).toEqual([...good].sort());
          // Nothing stands anywhere but in the cache.
          expect(readdirSync(root)).toEqual(good.length > 0 ? ['cache'] : []);
          if (good.length === 0) return;
          expect(await other.delete(good[0])).toBe(true);
          expect(await soundKeys(dir)).toEqual(good.slice(1).sort());
        });
      }),
      RUNS,
    );
    expect(put).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(10);
  });

  it('do not meet in a session cache either', () => {
    fc.assert(
      fc.property(fc.array(anyKey, { minLength: 1, maxLength: 5 }), (some) => {
        const cache = new SessionCache('names');
        const all = [...new Set(some.flatMap(neighbours))].filter((key) => key !== '' && canBe(key));
        for (const key of all) cache.putComputed(key, key);
        for (const key of all) expect(cache.getComputed(key)).toBe(key);
        cache.clear();
      }),
      RUNS,
    );
  });
});

describe('keys at the limit of their length', () => {
  it.each([
    ['ASCII', 'x'.repeat(MAX_KEY_BYTES)],
    ['two bytes a character', 'é'.repeat(MAX_KEY_BYTES / 2)],
    ['four bytes a character', '🌟'.repeat(MAX_KEY_BYTES / 4)],
    ['characters that JSON escapes to six', '\u0001'.repeat(MAX_KEY_BYTES)],
  ])('are kept apart from those a character longer, which are refused: %s', async (_what, key) => {
    const dir = join(temporaryDirectory(), 'cache');
    const cache = openCache(dir, { maxEntries: 1 });
    await cache.put('first', 1);
    await cache.put(key, 2);
    expect(await codeOf(async () => cache.put(`${key}x`, 3))).toBe('BAD_KEY');
    expect(await soundKeys(dir)).toEqual([key]);
    // Through the journal, and the explanation that is read from it.
    expect(await openCache(dir).explain('first')).toMatchObject({ key: 'first' });
    const [evicted] = (await openCache(dir).history()).filter(({ key: left }) => left === 'first').slice(-1);
    expect(evicted).toMatchObject({ by: key });
    expect(existsSync(blobPath(dir, key))).toBe(true);
  });

  it('of a megabyte are refused at once, in a message of one line', async () => {
    const dir = join(temporaryDirectory(), 'cache');
    for (const key of ['x'.repeat(1 << 20), '\ud800'.repeat(1 << 20), '../'.repeat(1 << 18)]) {
      const started = performance.now();
      await expect(openCache(dir).put(key, 1)).rejects.toMatchObject({ code: 'BAD_KEY', field: 'key' });
      expect(performance.now() - started).toBeLessThan(1_000);
    }
    expect(existsSync(dir)).toBe(false);
  });
});
