import { chmodSync, existsSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DIR_VARIABLE, defaultCacheDir } from '../../src/disk/location.js';
import { PersistentCache, type EntryFilter, type Hit } from '../../src/disk/persistent-cache.js';
import type { Miss } from '../../src/disk/reader.js';
import { LightCurveData } from '../../src/light-curve/light-curve-data.js';
import { MAX_KEY_BYTES, checkKey, digestOf } from '../../src/ref/key.js';
import { blobOf, sealedFile, valueMetadata } from '../support/blobs.js';
import {
  blobPath,
  filesUnder,
  openCache,
  sidecarOf,
  sidecarPath,
  soundKeys,
  tickingClock,
} from '../support/caches.js';
import { codeOf, errorOf } from '../support/errors.js';
import { firstDifference } from '../support/identical.js';
import {
  DATA_REF,
  SECTOR,
  TIC,
  fieldsOf,
  fullProvenance,
  sampleLightCurve,
} from '../support/light-curves.js';
import { interceptFileSystem } from '../support/recording-file-system.js';
import { inTemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.js';
import { anyValue } from '../support/values.js';

let dir: string;
beforeEach(() => {
  dir = join(temporaryDirectory(), 'cache');
});

describe('a value that was put', () => {
  it('comes back bit for bit, from another instance too', async () => {
    await inTemporaryDirectory(async (under) => {
      await fc.assert(
        fc.asyncProperty(anyValue, fc.string({ minLength: 1, maxLength: 20 }), async (value, key) => {
          await openCache(under).put(key, value);
          const back = await openCache(under).lookup(key);
          expect(back.hit).toBe(true);
          expect(firstDifference((back as Hit).value, value)).toBeUndefined();
        }),
        { numRuns: 60 },
      );
      await soundKeys(under);
    });
  });

  it('is a hit where it is undefined or null; `lookup` tells it from a miss', async () => {
    const cache = openCache(dir);
    for (const value of [undefined, null]) {
      await cache.put('k', value);
      expect(await cache.lookup('k')).toMatchObject({ hit: true, value });
    }
    expect(await cache.lookup('other')).toEqual({ hit: false, key: 'other', reason: 'absent' });
    expect(await cache.get('other')).toBeUndefined();
  });

  it('comes back as a light curve with its provenance', async () => {
    const data = sampleLightCurve(100, { provenance: fullProvenance });
    await openCache(dir).put(DATA_REF, data);
    const back = (await openCache(dir).get(DATA_REF)) as LightCurveData;
    expect(back).toBeInstanceOf(LightCurveData);
    expect(firstDifference(fieldsOf(back), fieldsOf(data))).toBeUndefined();
  });

  it("is the caller's own: changing it changes neither the cache nor the next one read", async () => {
    const cache = openCache(dir);
    await cache.put('k', { a: new Float64Array([1]) });
    ((await cache.get('k')) as { a: Float64Array }).a[0] = 9;
    expect(await cache.get('k')).toEqual({ a: new Float64Array([1]) });
  });

  it('has the metadata of the contract, in the sidecar too', async () => {
    const cache = openCache(dir, { now: () => 1_790_000_000.5 });
    const metadata = await cache.put(DATA_REF, sampleLightCurve(4, { provenance: fullProvenance }));
    const blob = readFileSync(blobPath(dir, DATA_REF));
    expect(metadata).toMatchObject({
      key: DATA_REF,
      kind: 'lightcurve',
      bytes: blob.length,
      sha256: createHash('sha256').update(blob).digest('hex'),
      ticId: TIC,
      sector: SECTOR,
    });
    expect(metadata.createdAt).toBeCloseTo(1_790_000_000.5, 3);
    expect(sidecarOf(dir, DATA_REF)).toMatchObject({
      key: DATA_REF,
      kind: 'lightcurve',
      created_at: metadata.createdAt,
      accessed_at: Number(metadata.accessedAt.toFixed(6)),
      bytes: blob.length,
      sha256: metadata.sha256,
      tic_id: TIC,
      sector: SECTOR,
      cadence_seconds: 120.00050536807976,
      flux_type: 'pdcsap',
      author: 'spoc',
      exptime_seconds: 120,
      time_format: 'btjd',
      time_scale: 'tdb',
    });
    expect(await cache.metadata(DATA_REF)).toEqual({
      ...metadata,
      accessedAt: expect.any(Number) as number,
    });
    expect(await cache.metadata('other')).toBeUndefined();
  });

  it('stands in the files of the contract, for nobody else to read', async () => {
    await openCache(dir).put('k', 1);
    const digest = createHash('sha256').update('k').digest('hex');
    const shard = digest.slice(0, 2);
    expect(filesUnder(dir)).toEqual(
      expect.arrayContaining([`data/${shard}/${digest}.safetensors`, `meta/${shard}/${digest}.json`]),
    );
    for (const path of ['', 'data', `data/${shard}`, 'meta', `meta/${shard}`, 'tmp']) {
      expect([path, statSync(join(dir, path)).mode & 0o777]).toEqual([path, 0o700]);
    }
    for (const path of filesUnder(dir)) {
      expect([path, statSync(join(dir, path)).mode & 0o777]).toEqual([path, 0o600]);
    }
  });

  it('has the same bytes wherever and whenever it is put', async () => {
    const other = temporaryDirectory();
    await openCache(dir, { now: () => 1 }).put('k', { a: [1, 2n] });
    await openCache(other, { now: () => 2 }).put('k', { a: [1, 2n] });
    expect(readFileSync(blobPath(dir, 'k')).equals(readFileSync(blobPath(other, 'k')))).toBe(true);
  });

  it('is replaced by the next one, or stays where that one is refused', async () => {
    const cache = openCache(dir);
    await cache.put('k', 1);
    await cache.put('k', 2);
    expect(await codeOf(async () => cache.put('k', () => 3))).toBe('UNSUPPORTED_VALUE');
    expect(await cache.get('k')).toBe(2);
    expect(await soundKeys(dir)).toEqual(['k']);
  });

  it('can be put as `set` too', async () => {
    const cache = openCache(dir);
    await cache.set('k', 1);
    expect(await cache.get('k')).toBe(1);
  });
});

describe('a get', () => {
  it('moves the access time in the sidecar on, and changes no other byte of it', async () => {
    await openCache(dir).put(DATA_REF, sampleLightCurve(4, { provenance: fullProvenance }));
    const before = readFileSync(sidecarPath(dir, DATA_REF), 'latin1');
    const cache = openCache(dir, { now: tickingClock(4_000_000_000) });
    await cache.get(DATA_REF);
    const after = readFileSync(sidecarPath(dir, DATA_REF), 'latin1');
    const place = /"accessed_at": *([0-9.]+),/;
    expect(Number(place.exec(after)![1])).toBe(4_000_000_000);
    expect(after.replace(place, '')).toBe(before.replace(place, ''));
    expect(after).toHaveLength(before.length);
    expect(await cache.metadata(DATA_REF)).toMatchObject({ accessedAt: 4_000_000_000 });
  });

  it('changes nothing where it is a `peek`, a `has`, a `metadata` or a listing', async () => {
    const cache = openCache(dir);
    await cache.put('k', 1);
    const before = readFileSync(sidecarPath(dir, 'k'));
    expect(await cache.peek('k')).toMatchObject({ hit: true, value: 1 });
    await cache.has('k');
    await cache.metadata('k');
    await cache.keys();
    await cache.entries();
    await cache.stats();
    await cache.verify();
    expect(readFileSync(sidecarPath(dir, 'k')).equals(before)).toBe(true);
  });
});

describe('a miss', () => {
  /** Puts `file` where the blob of `key` belongs, aged so that it looks settled. */
  function plant(key: string, file: Buffer): void {
    writeFileSync(blobPath(dir, key), file);
    utimesSync(blobPath(dir, key), 1_700_000_000, 1_700_000_000);
  }

  async function missOf(key: string): Promise<Miss> {
    const read = await openCache(dir).lookup(key);
    expect(read.hit).toBe(false);
    return read as Miss;
  }

  beforeEach(async () => {
    await openCache(dir).put('k', { secret: 1 });
  });

  it('is `absent` where nothing is', async () => {
    expect(await missOf('x')).toEqual({ hit: false, key: 'x', reason: 'absent' });
    await openCache(dir).delete('k');
    expect((await missOf('k')).reason).toBe('absent');
  });

  it('is `corrupt` where a bit is wrong, and `absent` the next time', async () => {
    const file = blobOf('k', { secret: 1 });
    file[file.length >> 1] ^= 4;
    plant('k', file);
    expect(await missOf('k')).toMatchObject({ reason: 'corrupt', detail: expect.any(String) as string });
    expect((await missOf('k')).reason).toBe('absent');
    expect(await soundKeys(dir)).toEqual([]);
  });

  it("is `mismatch` where the blob belongs to another key: never that one's value", async () => {
    plant('k', blobOf('other', { secret: 2 }));
    expect(await missOf('k')).toMatchObject({
      reason: 'mismatch',
      detail: expect.stringContaining('other') as string,
    });
    expect((await missOf('k')).reason).toBe('absent');
    expect(await soundKeys(dir)).toEqual([]);
  });

  it("is `mismatch` where a data ref has another star's light curve under its name", async () => {
    const cache = openCache(dir);
    await cache.put(DATA_REF, sampleLightCurve(4));
    plant(DATA_REF, blobOf(DATA_REF, sampleLightCurve(4, { ticId: TIC + 1 })));
    expect(await missOf(DATA_REF)).toMatchObject({ reason: 'mismatch' });
    await cache.put(DATA_REF, sampleLightCurve(4));
    plant(DATA_REF, blobOf(DATA_REF, { ticId: TIC, sector: SECTOR }));
    expect(await missOf(DATA_REF)).toMatchObject({ reason: 'mismatch' });
  });

  it('is `newer-format` where a later version wrote it, which stays', async () => {
    const file = sealedFile({ ...valueMetadata('k', '1'), format: 'tess-cache/2' });
    plant('k', file);
    expect((await missOf('k')).reason).toBe('newer-format');
    expect((await missOf('k')).reason).toBe('newer-format');
    expect(readFileSync(blobPath(dir, 'k')).equals(file)).toBe(true);
  });

  it('is found out by a process that had verified the file before', async () => {
    const cache = openCache(dir);
    utimesSync(blobPath(dir, 'k'), 1_700_000_000, 1_700_000_000);
    const cached = readFileSync(blobPath(dir, 'k'));
    for (let i = 0; i < 3; i++) expect(await cache.get('k')).toEqual({ secret: 1 });
    cached[cached.length - 3] ^= 1;
    plant('k', cached);
    expect(await cache.lookup('k')).toMatchObject({ hit: false, reason: 'corrupt' });
  });

  it('is found out where the clock of the file system is too coarse to tell', async () => {
    const now = Date.now();
    const fileSystem = interceptFileSystem(({ name }, perform) => {
      const result = perform();
      return name === 'fstat' ? Object.assign(result as object, { mtimeMs: now, ctimeMs: now }) : result;
    });
    const cache = openCache(dir, { fileSystem });
    expect(await cache.get('k')).toEqual({ secret: 1 });
    const file = readFileSync(blobPath(dir, 'k'));
    file[file.length - 3] ^= 1;
    writeFileSync(blobPath(dir, 'k'), file);
    expect(await cache.lookup('k')).toMatchObject({ hit: false, reason: 'corrupt' });
  });

  it('is counted by its reason', async () => {
    const cache = openCache(dir);
    await cache.get('k');
    await cache.get('x');
    plant('k', Buffer.from('rubbish'));
    await cache.get('k');
    await cache.put('k', 1);
    expect((await cache.stats()).session).toMatchObject({
      hits: 1,
      misses: { absent: 1, corrupt: 1, mismatch: 0, 'newer-format': 0 },
      puts: 1,
    });
  });
});

describe('the guard of data refs', () => {
  const provenance = { author: 'spoc', fluxType: 'pdcsap', exptimeSeconds: 120 };
  it.each([
    ['another star', DATA_REF, { ticId: TIC + 1 }, 'ticId'],
    ['another sector', DATA_REF, { sector: 2 }, 'sector'],
    ['another flux type', DATA_REF, { provenance: { ...provenance, fluxType: 'sap' } }, 'fluxType'],
    ['another author', DATA_REF, { provenance: { ...provenance, author: 'qlp' } }, 'author'],
    ['an author that is no text', DATA_REF, { provenance: { author: 5 as unknown as string } }, 'author'],
    [
      'another exposure time',
      DATA_REF,
      { provenance: { ...provenance, exptimeSeconds: 20 } },
      'exptimeSeconds',
    ],
    ['a cadence that contradicts it', DATA_REF, { cadenceSeconds: 20 }, 'cadenceSeconds'],
    ['a cadence that contradicts it', `lc:${TIC}:1:pdcsap:spoc:20`, {}, 'cadenceSeconds'],
  ])('refuses %s under %s', async (_what, key, changes, field) => {
    const error = await errorOf(async () => openCache(dir).put(key, sampleLightCurve(4, changes)));
    expect(error).toMatchObject({ code: 'WRONG_LIGHT_CURVE', key, field });
    expect(error.expected).toBeDefined();
    expect(error.found).toBeDefined();
    expect(existsSync(dir)).toBe(false);
  });

  it('refuses what is no light curve at all', async () => {
    expect(await codeOf(async () => openCache(dir).put(DATA_REF, { ticId: TIC, sector: 1 }))).toBe(
      'WRONG_LIGHT_CURVE',
    );
  });

  it.each([
    ['JD', 2_458_325.293],
    ['MJD', 58_324.793],
    ['the limit itself', 20_000],
  ])('refuses times in %s, under any key', async (_what, time) => {
    const data = sampleLightCurve(4, { time: new Float64Array([NaN, 1325, time, 1326]) });
    for (const key of [DATA_REF, 'my own']) {
      const error = await errorOf(async () => openCache(dir).put(key, data));
      expect(error).toMatchObject({ code: 'NOT_BTJD', field: 'time', key });
      expect(error.found).toContain('row 2');
    }
  });

  it('lets through what it names, whatever the case, and what says nothing of itself', async () => {
    const cache = openCache(dir);
    await cache.put(DATA_REF, sampleLightCurve(4));
    await cache.put(DATA_REF, sampleLightCurve(4, { provenance: { author: 'SPOC', fluxType: 'PDCSAP' } }));
    await cache.put(DATA_REF, sampleLightCurve(4, { cadenceSeconds: NaN }));
    await cache.put(`lc:${TIC}:1:kspsap:qlp:1800`, sampleLightCurve(4, { cadenceSeconds: 1799.98 }));
    await cache.put('my own', sampleLightCurve(4, { ticId: 7, cadenceSeconds: 3 }));
    expect(await soundKeys(dir)).toHaveLength(3);
  });
});

describe('keys', () => {
  it.each([
    'plain',
    '../../../../etc/passwd',
    'a/b\\c',
    '.',
    'nul\0inside',
    'new\nline',
    '\u202eright to left',
    '🌟 é e\u0301 ☉',
    ' ',
    '__proto__',
    'constructor',
    '{"json":1}',
    'x'.repeat(MAX_KEY_BYTES),
    '☉'.repeat(Math.floor(MAX_KEY_BYTES / 3)),
  ])('may be %j, and are listed as they were put', async (key) => {
    await openCache(dir).put(key, { key });
    const cache = openCache(dir);
    expect(await cache.keys()).toEqual([key]);
    expect(await cache.get(key)).toEqual({ key });
    expect(await cache.has(key)).toBe(true);
    expect(await cache.metadata(key)).toMatchObject({ key });
    expect(await soundKeys(dir)).toEqual([key]);
    expect(await cache.delete(key)).toBe(true);
    expect(await soundKeys(dir)).toEqual([]);
  });

  it('are distinct where they differ in case, in normal form, or in an invisible character', async () => {
    const keys = ['a', 'A', 'é', 'e\u0301', 'É', 'a ', ' a', 'a\u200b', 'a\0', '\u00c5', '\u212b'].sort();
    const cache = openCache(dir);
    for (const key of keys) await cache.put(key, key);
    for (const key of keys) expect(await cache.get(key)).toBe(key);
    expect(await soundKeys(dir)).toEqual(keys);
  });

  it.each([
    ['nothing', ''],
    ['a number', 5],
    ['undefined', undefined],
    ['an object', {}],
    ['a lone surrogate', 'a\ud800'],
    ['a lone trailing surrogate', '\udc00b'],
    ['4097 bytes', 'x'.repeat(MAX_KEY_BYTES + 1)],
    ['4 KiB of characters that take more bytes', '☉'.repeat(MAX_KEY_BYTES)],
    ['a megabyte', 'x'.repeat(1 << 20)],
  ])('are refused in every method: %s', async (_what, bad) => {
    const key = bad as string;
    const cache = openCache(dir);
    const calls: (() => Promise<unknown>)[] = [
      async () => cache.get(key),
      async () => cache.lookup(key),
      async () => cache.peek(key),
      async () => cache.put(key, 1),
      async () => cache.has(key),
      async () => cache.delete(key),
      async () => cache.metadata(key),
    ];
    for (const call of calls) {
      const error = await errorOf(call);
      expect(error).toMatchObject({ code: 'BAD_KEY', field: 'key' });
      expect(error.message.length).toBeLessThan(300);
    }
    expect(existsSync(dir)).toBe(false);
  });
});

describe('a filter', () => {
  beforeEach(async () => {
    const cache = openCache(dir);
    await cache.put(DATA_REF, sampleLightCurve(4));
    await cache.put(`lc:${TIC}:2:pdcsap`, sampleLightCurve(4, { sector: 2 }));
    await cache.put('lc:7:2:pdcsap', sampleLightCurve(4, { ticId: 7, sector: 2 }));
    await cache.put('fit', { ticId: 7, sector: 2 });
    await cache.put('fit of nothing', 1);
  });

  const cases: readonly (readonly [EntryFilter, readonly string[]])[] = [
    [{}, ['fit', 'fit of nothing', `lc:${TIC}:1:pdcsap`, `lc:${TIC}:2:pdcsap`, 'lc:7:2:pdcsap']],
    [{ ticId: 7 }, ['fit', 'lc:7:2:pdcsap']],
    [{ sector: 2 }, ['fit', `lc:${TIC}:2:pdcsap`, 'lc:7:2:pdcsap']],
    [{ kind: 'value' }, ['fit', 'fit of nothing']],
    [{ kind: 'lightcurve', ticId: 7 }, ['lc:7:2:pdcsap']],
    [{ prefix: 'fit' }, ['fit', 'fit of nothing']],
    [{ prefix: 'fit', sector: 2, kind: undefined }, ['fit']],
    [{ ticId: 8 }, []],
  ];

  it.each(cases)('of entries: %o', async (filter, expected) => {
    const entries = await openCache(dir).entries(filter);
    expect(entries.map(({ key }) => key)).toEqual([...expected].sort());
  });

  it.each(cases)('of what is cleared: %o', async (filter, expected) => {
    const all = await openCache(dir).keys();
    expect(await openCache(dir).clear(filter)).toBe(expected.length);
    expect(await soundKeys(dir)).toEqual(all.filter((key) => !expected.includes(key)));
  });

  it.each([
    { tic: 7 },
    { tic_id: 7 },
    { ticId: '7' },
    { sector: NaN },
    { kind: 'values' },
    { prefix: 5 },
    null,
    'x',
    ['a key'],
    [],
    new Map([['ticId', 7]]),
    Object.create({ ticId: 7 }),
  ])('that says something else is refused, and clears nothing: %o', async (filter) => {
    const cache = openCache(dir);
    expect(await codeOf(async () => cache.clear(filter as unknown as EntryFilter))).toBe('BAD_ARGUMENT');
    expect(await codeOf(async () => cache.entries(filter as unknown as EntryFilter))).toBe('BAD_ARGUMENT');
    expect(await soundKeys(dir)).toHaveLength(5);
  });
});

describe('clear', () => {
  it('removes every blob and every sidecar, known or not', async () => {
    const cache = openCache(dir);
    for (const key of ['a', 'b', 'c']) await cache.put(key, key);
    writeFileSync(blobPath(dir, 'a'), 'rubbish');
    await cache.delete('b');
    writeFileSync(sidecarPath(dir, 'b'), '{}');
    expect(await cache.clear()).toBe(2);
    expect(filesUnder(dir).filter((path) => /^(data|meta|tmp)/.test(path))).toEqual([]);
    expect(await soundKeys(dir)).toEqual([]);
    await cache.put('a', 1);
    expect(await soundKeys(dir)).toEqual(['a']);
  });

  it('refuses a filter that has lost its values: it would remove everything', async () => {
    const cache = openCache(dir);
    await cache.put('a', 1);
    const filters = [{ ticId: undefined }, { ticId: undefined, sector: undefined }];
    for (const filter of filters) expect(await codeOf(async () => cache.clear(filter))).toBe('BAD_ARGUMENT');
    expect(await soundKeys(dir)).toEqual(['a']);
    expect(await cache.clear({})).toBe(1);
  });

  it('of nothing removes nothing', async () => {
    expect(await openCache(dir).clear()).toBe(0);
    expect(await openCache(dir).clear({ ticId: 1 })).toBe(0);
  });
});

describe('stats', () => {
  it('say how much there is, of what, and when it was accessed', async () => {
    const cache = openCache(dir, { now: tickingClock(1_790_000_000), maxEntries: 10, maxBytes: 1e6 });
    expect(await cache.stats()).toMatchObject({ entries: 0, bytes: 0, oldestAccess: undefined });
    await cache.put(DATA_REF, sampleLightCurve(4));
    await cache.put('k', 1);
    await cache.get(DATA_REF);
    const { bytes, byKind, oldestAccess, newestAccess, ...rest } = await openCache(dir).stats();
    expect(rest).toMatchObject({ dir, entries: 2 });
    const sizes = [DATA_REF, 'k'].map((key) => statSync(blobPath(dir, key)).size);
    expect(bytes).toBe(sizes[0] + sizes[1]);
    expect(byKind).toEqual({
      lightcurve: { entries: 1, bytes: sizes[0] },
      value: { entries: 1, bytes: sizes[1] },
    });
    expect(oldestAccess).toBe((await cache.metadata('k'))?.accessedAt);
    expect(newestAccess).toBe((await cache.metadata(DATA_REF))?.accessedAt);
    expect(oldestAccess).toBeLessThan(newestAccess!);
  });
});

describe('a cache', () => {
  it('touches no file until the first put', async () => {
    const cache = openCache(dir);
    expect(await cache.get('k')).toBeUndefined();
    expect(await cache.has('k')).toBe(false);
    expect(await cache.delete('k')).toBe(false);
    expect(await cache.keys()).toEqual([]);
    expect(await cache.entries()).toEqual([]);
    expect((await cache.verify()).problems).toEqual([]);
    expect(existsSync(dir)).toBe(false);
    expect(cache.dir).toBe(dir);
  });

  it('works again after its directory was removed under it', async () => {
    const cache = openCache(dir);
    await cache.put('a', 1);
    await cache.clear();
    rmSync(dir, { recursive: true });
    expect(await cache.get('a')).toBeUndefined();
    await cache.put('b', 2);
    expect(await cache.keys()).toEqual(['b']);
    expect(await soundKeys(dir)).toEqual(['b']);
  });

  it('tells people and backup programs what it is', async () => {
    await openCache(dir).put('k', 1);
    expect(readFileSync(join(dir, 'CACHEDIR.TAG'), 'utf8')).toMatch(
      /^Signature: 8a477f597d28d172789f06886806bc55\n/,
    );
    expect(readFileSync(join(dir, 'README.txt'), 'utf8')).toContain('tess-cache');
  });

  it('leaves the mode of a directory that is there already', async () => {
    const given = temporaryDirectory();
    chmodSync(given, 0o755);
    await openCache(given).put('k', 1);
    expect(statSync(given).mode & 0o777).toBe(0o755);
  });

  it('refuses everything after close, and can be opened again', async () => {
    const cache = openCache(dir);
    await cache.put('k', 1);
    await cache.close();
    await cache.close();
    const calls: (() => Promise<unknown>)[] = [
      async () => cache.get('k'),
      async () => cache.lookup('k'),
      async () => cache.put('k', 2),
      async () => cache.set('k', 2),
      async () => cache.has('k'),
      async () => cache.delete('k'),
      async () => cache.keys(),
      async () => cache.entries(),
      async () => cache.metadata('k'),
      async () => cache.clear(),
      async () => cache.stats(),
      async () => cache.verify(),
      async () => cache.verify({ repair: true }),
    ];
    for (const call of calls) expect(await codeOf(call)).toBe('CLOSED');
    expect(cache.isClosed).toBe(true);
    expect(await openCache(dir).get('k')).toBe(1);
  });

  it('does not confuse values of keys whose first digits of the digest agree', async () => {
    const byShard = new Map<string, string>();
    let pair: [string, string] | undefined;
    for (let i = 0; pair === undefined; i++) {
      const shard = digestOf(checkKey(`k${i}`)).slice(0, 2);
      const other = byShard.get(shard);
      if (other !== undefined) pair = [other, `k${i}`];
      byShard.set(shard, `k${i}`);
    }
    const cache = openCache(dir);
    for (const key of pair) await cache.put(key, key);
    for (const key of pair) expect(await cache.get(key)).toBe(key);
    expect(await soundKeys(dir)).toEqual([...pair].sort());
  });
});

describe('the default cache', () => {
  const before = process.env[DIR_VARIABLE];
  afterEach(async () => {
    await PersistentCache.getDefault().close();
    if (before === undefined) Reflect.deleteProperty(process.env, DIR_VARIABLE);
    else process.env[DIR_VARIABLE] = before;
  });

  it('is one in a process, where the environment says, and a new one after it was closed', async () => {
    process.env[DIR_VARIABLE] = dir;
    const cache = PersistentCache.getDefault();
    expect(cache.location).toEqual(defaultCacheDir());
    expect(cache.dir).toBe(dir);
    expect(PersistentCache.getDefault()).toBe(cache);
    await cache.close();
    expect(PersistentCache.getDefault()).not.toBe(cache);
  });
});
