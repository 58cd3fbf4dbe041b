/** Real processes on one directory, and the races between them, each at its worst moment. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { LightCurveData } from '../../src/light-curve/light-curve-data.js';
import {
  blobPath,
  filesUnder,
  openCache,
  sidecarOf,
  sidecarPath,
  soundKeys,
  tickingClock,
} from '../support/caches.js';
import { firstDifference } from '../support/identical.js';
import { DATA_REF, fieldsOf, fullProvenance, sampleLightCurve } from '../support/light-curves.js';
import { interceptFileSystem, type FileCall } from '../support/recording-file-system.js';
import { RemoteProcess } from '../support/remote-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

let dir: string;
beforeEach(() => {
  dir = join(temporaryDirectory(), 'cache');
});

describe('another process', () => {
  it('reads what this one has put, bit for bit, and its access shows in the sidecar alone', async () => {
    const data = sampleLightCurve(50, { provenance: fullProvenance });
    const start = Math.floor(Date.now() / 1000) - 1000;
    const cache = openCache(dir, { maxEntries: 2, now: tickingClock(start) });
    await cache.put(DATA_REF, data);
    await cache.put('younger', 1);
    const before = readFileSync(sidecarPath(dir, DATA_REF), 'latin1');

    const other = await RemoteProcess.start();
    const seen = await other.run(
      async ({ tessCache }, { dir, key }) => {
        const curve = (await new tessCache.PersistentCache({ dir }).get(key)) as LightCurveData;
        const { time, flux, fluxErr, quality, validMask, ticId, sector, cadenceSeconds, provenance } = curve;
        return { time, flux, fluxErr, quality, validMask, ticId, sector, cadenceSeconds, provenance };
      },
      { dir, key: DATA_REF },
    );
    expect(firstDifference(plain(seen), plain(fieldsOf(data)))).toBeUndefined();

    const after = readFileSync(sidecarPath(dir, DATA_REF), 'latin1');
    const place = /"accessed_at": *([0-9.]+),/;
    expect(Number(place.exec(after)![1])).toBeGreaterThan(start + 900);
    expect(after.replace(place, '')).toBe(before.replace(place, ''));

    // This one is warm, and heeds the other's access: the entry it read is not the next victim.
    await cache.put('new', 2);
    expect(await soundKeys(dir)).toEqual([DATA_REF, 'new']);
  });

  it('finds what this one has, and the other way round', async () => {
    const other = await RemoteProcess.start();
    const put = async (key: string, value: unknown) =>
      other.run(
        async ({ tessCache }, args) => {
          await new tessCache.PersistentCache({ dir: args.dir }).put(args.key, args.value);
        },
        { dir, key, value },
      );
    const cache = openCache(dir);
    await cache.put('a', 1);
    await put('b', new Map([['x', [1n, new Float64Array([NaN, -0])]]]));
    expect(await cache.keys()).toEqual(['a', 'b']);
    expect(await cache.get('b')).toEqual(new Map([['x', [1n, new Float64Array([NaN, -0])]]]));
    await put('a', 2);
    expect(await cache.get('a')).toBe(2);
    expect(await soundKeys(dir)).toEqual(['a', 'b']);
  });

  it('that is killed while it puts leaves old values, new values, and nothing else', async () => {
    let seed = 7;
    let acknowledged: Record<string, number> = {};
    for (let round = 0; round < 6; round++) {
      const other = await RemoteProcess.start();
      const running = other.run(
        async ({ tessCache, say }, args) => {
          const cache = new tessCache.PersistentCache({ dir: args.dir });
          for (let i = args.from; ; i++) {
            const key = `k${i % 5}`;
            say({ key, i, done: false });
            await cache.put(key, { i, filling: new Float64Array(1000 + (i % 7) * 5000).fill(i) });
            say({ key, i, done: true });
            // Gives the messages their turn.
            await new Promise((resolve) => setImmediate(resolve));
          }
        },
        { dir, from: round * 1000 },
      );
      seed = (seed * 16_807) % 2_147_483_647;
      const begun: Record<string, number> = {};
      for (let count = 0; count < 4 + (seed % 12); count++) {
        const { key, i, done } = (await other.said()) as { key: string; i: number; done: boolean };
        if (done) acknowledged = { ...acknowledged, [key]: i };
        else begun[key] = i;
      }
      await other.kill();
      await expect(running).rejects.toMatchObject({ code: 'KILLED' });

      const cache = openCache(dir);
      for (const key of ['k0', 'k1', 'k2', 'k3', 'k4']) {
        const value = (await cache.get(key)) as { i: number; filling: Float64Array } | undefined;
        if (acknowledged[key] === undefined && value === undefined) continue;
        expect(value!.i).toBeGreaterThanOrEqual(acknowledged[key] ?? 0);
        expect(value!.filling).toHaveLength(1000 + (value!.i % 7) * 5000);
        expect(value!.filling.every((each) => each === value!.i)).toBe(true);
        acknowledged[key] = value!.i;
      }
      await cache.verify({ repair: true });
      expect(await soundKeys(dir)).toEqual(Object.keys(acknowledged).sort());
    }
  });
});

/** Without the prototypes that a message between processes takes from objects. */
function plain(value: unknown): unknown {
  return structuredClone(value);
}

/** Runs `act` once, just before the first call of which `isMoment` says so. */
function before(isMoment: (call: FileCall) => boolean, act: () => unknown) {
  let isOver = false;
  return interceptFileSystem((call, perform) => {
    if (!isOver && isMoment(call)) {
      isOver = true;
      act();
    }
    return perform();
  });
}

describe('a put by another process', () => {
  const isWriteTo = (path: string) => (call: FileCall) => call.name === 'write' && call.path === path;
  const isRenameTo = (path: string) => (call: FileCall) => call.name === 'rename' && call.to === path;

  it('is not undone by a get that was about to note its access', async () => {
    const other = openCache(dir);
    await other.put('k', 'old');
    let put: Promise<unknown> | undefined;
    const fileSystem = before(isWriteTo(sidecarPath(dir, 'k')), () => (put = other.put('k', 'new')));
    expect(await openCache(dir, { fileSystem }).get('k')).toBe('old');
    const { sha256 } = (await put) as { sha256: string };
    expect(sidecarOf(dir, 'k')).toMatchObject({ sha256 });
    expect(await soundKeys(dir)).toEqual(['k']);
    expect(await openCache(dir).get('k')).toBe('new');
  });

  it('is not undone by a get that was about to mend the sidecar of the old value', async () => {
    const other = openCache(dir);
    await other.put('k', 'old');
    rmSync(sidecarPath(dir, 'k'));
    let put: Promise<unknown> | undefined;
    const fileSystem = before(isRenameTo(sidecarPath(dir, 'k')), () => (put = other.put('k', 'new')));
    expect(await openCache(dir, { fileSystem }).get('k')).toBe('old');
    const { sha256 } = (await put) as { sha256: string };
    expect(sidecarOf(dir, 'k')).toMatchObject({ sha256 });
    expect(await soundKeys(dir)).toEqual(['k']);
  });

  it.each([
    ['before the blob', (call: FileCall) => isRenameTo(blobPath(dir, 'k'))(call), 'this'],
    ['between blob and sidecar', (call: FileCall) => isRenameTo(sidecarPath(dir, 'k'))(call), 'other'],
  ])('of the same key %s of this one: both agree on one of the two', async (_when, isMoment, winner) => {
    const other = openCache(dir);
    await other.put('k', 'old');
    let put: Promise<unknown> | undefined;
    const fileSystem = before(isMoment, () => (put = other.put('k', 'other')));
    await openCache(dir, { fileSystem }).put('k', 'this');
    await put;
    // Before any get, which would mend the sidecar.
    expect(await soundKeys(dir)).toEqual(['k']);
    expect(await openCache(dir).get('k')).toBe(winner);
  });

  it.each([
    ['blob', (call: FileCall) => call.name === 'unlink' && call.path === blobPath(dir, 'k')],
    ['sidecar', (call: FileCall) => call.name === 'unlink' && call.path === sidecarPath(dir, 'k')],
  ])('just before a delete removes the %s leaves both files or none', async (_what, isMoment) => {
    const other = openCache(dir);
    await other.put('k', 'old');
    let put: Promise<unknown> | undefined;
    const fileSystem = before(isMoment, () => (put = other.put('k', 'new')));
    await openCache(dir, { fileSystem }).delete('k');
    await put;
    await soundKeys(dir);
  });

  it('just after a delete has removed the blob stays', async () => {
    const other = openCache(dir);
    await other.put('k', 'old');
    let put: Promise<unknown> | undefined;
    const fileSystem = interceptFileSystem((call, perform) => {
      const result = perform();
      if (call.name === 'unlink' && call.path === blobPath(dir, 'k')) put = other.put('k', 'new');
      return result;
    });
    await openCache(dir, { fileSystem }).delete('k');
    await put;
    expect(await soundKeys(dir)).toEqual(['k']);
    expect(await openCache(dir).get('k')).toBe('new');
  });

  it('while this one puts is seen by at least one of the two: the limit holds after both', async () => {
    const options = { maxEntries: 3, now: tickingClock() };
    const other = openCache(dir, options);
    for (const key of ['a', 'b', 'c']) await other.put(key, key);
    const moments: ((call: FileCall) => boolean)[] = [
      ({ path }) => path === join(dir, 'journal'),
      ({ name, path }) => name === 'close' && path === join(dir, 'journal'),
      (call) => isRenameTo(blobPath(dir, 'this'))(call),
      (call) => isRenameTo(sidecarPath(dir, 'this'))(call),
    ];
    for (const isMoment of moments) {
      let put: Promise<unknown> | undefined;
      const fileSystem = before(isMoment, () => (put = other.put('other', 1)));
      await openCache(dir, { ...options, fileSystem }).put('this', 2);
      await put;
      expect(put).toBeDefined();
      expect(filesUnder(join(dir, 'data')).length).toBeLessThanOrEqual(3);
      const keys = await soundKeys(dir);
      expect(keys).toContain('this');
      for (const key of ['this', 'other']) await other.delete(key);
      for (const key of ['a', 'b', 'c']) await other.put(key, key);
    }
  });
});

describe('an eviction', () => {
  it('spares what another process reads at the last moment', async () => {
    const now = tickingClock();
    const other = openCache(dir, { now });
    for (const key of ['a', 'b']) await other.put(key, key);
    let read: Promise<unknown> | undefined;
    const fileSystem = before(
      ({ name, path }) => name === 'open' && path === sidecarPath(dir, 'a'),
      () => (read = other.get('a')),
    );
    await openCache(dir, { now, maxEntries: 2, fileSystem }).put('c', 'c');
    expect(await read).toBe('a');
    expect(await soundKeys(dir)).toEqual(['a', 'c']);
  });

  it('does not bring an entry back that a reader is about to mend', async () => {
    const other = openCache(dir);
    await other.put('k', 1);
    rmSync(sidecarPath(dir, 'k'));
    let removal: Promise<unknown> | undefined;
    const fileSystem = before(
      ({ name, to }) => name === 'rename' && to === sidecarPath(dir, 'k'),
      () => (removal = other.delete('k')),
    );
    expect(await openCache(dir, { fileSystem }).get('k')).toBe(1);
    expect(await removal).toBe(true);
    expect(await soundKeys(dir)).toEqual([]);
  });
});
