import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../support/errors.js';
import { faultyFileSystem } from '../support/faulty-file-system.js';
import { DATA_REF, sampleLightCurve } from '../support/light-curves.js';
import { MEAN, MEAN_REF, eventsOf, flat, leasePath, meanOf, place } from './support.js';

const WRITES = ['write', 'rename', 'mkdir', 'link', 'unlink'];
const never = () => {
  throw new Error('must not be called');
};

describe('a cache that cannot write', () => {
  it.each(['ENOSPC', 'EACCES', 'EROFS', 'EIO', 'EDQUOT', 'EMFILE'])(
    'returns the value, keeps it in memory, and reports: %s',
    async (code) => {
      const { open } = place();
      const fileSystem = faultyFileSystem(({ name }) => (WRITES.includes(name) ? code : undefined));
      const cache = open({ fileSystem });
      const told = eventsOf(cache);
      expect((await cache.getOrLoad(DATA_REF, () => flat(2))).flux[0]).toBe(2);
      expect((await cache.getOrCompute(MEAN, meanOf)).mean).toBe(2);
      const warnings = told.filter(([name]) => name === 'warning').map(([, event]) => event);
      expect(warnings.map(({ key }) => key)).toEqual([DATA_REF, MEAN_REF]);
      for (const { error } of warnings) {
        expect(error).toMatchObject({ code: code === 'ENOSPC' || code === 'EDQUOT' ? 'NO_SPACE' : 'IO' });
      }
      expect(cache.stats()).toMatchObject({ failedPuts: 2, loads: 2 });
      expect((await cache.getOrLoad(DATA_REF, never)).flux[0]).toBe(2);
      expect((await cache.getOrCompute(MEAN, never)) as unknown).toMatchObject({ mean: 2 });
      expect(cache.stats().hits).toEqual({ memory: 2, disk: 0 });
      // Who puts wants to know.
      expect(await codeOf(() => cache.put('a', 1))).toMatch(/^(NO_SPACE|IO)$/);
    },
  );

  it('takes what is in memory alone for stale when its input has changed', async () => {
    const { open, openAnew } = place();
    let broken = false;
    const fileSystem = faultyFileSystem(({ name }) =>
      broken && WRITES.includes(name) ? 'EROFS' : undefined,
    );
    const cache = open({ fileSystem });
    cache.on('warning', () => undefined);
    await cache.put(DATA_REF, flat(1));
    broken = true;
    expect((await cache.getOrCompute(MEAN, meanOf)).mean).toBe(1);
    expect((await cache.getOrCompute(MEAN, never)) as unknown).toMatchObject({ mean: 1 });
    await openAnew().put(DATA_REF, flat(2));
    expect((await cache.getOrCompute(MEAN, meanOf)).mean).toBe(2);
    // A disk that is well again takes the next value.
    broken = false;
    await openAnew().put(DATA_REF, flat(3));
    expect((await cache.getOrCompute(MEAN, meanOf)).mean).toBe(3);
    expect(await openAnew().get(MEAN_REF)).toMatchObject({ mean: 3 });
  });

  it('removes from memory what was computed from what is invalidated', async () => {
    const { open } = place();
    const cache = open({ maxBytes: 4000 });
    cache.on('warning', () => undefined);
    await cache.put(DATA_REF, flat(1));
    const large = { ...MEAN, kind: 'large' };
    await cache.getOrCompute(large, () => new Uint8Array(5000));
    const [, key] = await cache.invalidate(DATA_REF, { downstream: true });
    expect(key).toMatch(/^large:/);
    await cache.put(DATA_REF, flat(1));
    expect(await cache.getOrCompute(large, () => 'anew')).toBe('anew');
  });

  it('returns what is too large, what pins leave no room for, and what no cache can take', async () => {
    const { open } = place();
    const cache = open({ maxBytes: 20_000, maxEntries: 2 });
    const told = eventsOf(cache);
    await cache.put(DATA_REF, flat());
    await cache.put('a', 1);
    const codes = () =>
      told.filter(([name]) => name === 'warning').map(([, { error }]) => (error as { code: string }).code);
    const compute = async (kind: string, value: unknown) =>
      cache.getOrCompute({ ...MEAN, kind }, () => value);
    const large = new Uint8Array(30_000);
    expect(await compute('large', large)).toBe(large);
    await cache.pin([DATA_REF, 'a'], { name: 'run' });
    expect(await compute('pinned', { x: 1 })).toEqual({ x: 1 });
    const strange = { fit: () => 1 };
    expect(await compute('strange', strange)).toBe(strange);
    expect(codes()).toEqual(['TOO_LARGE', 'PINNED', 'UNSUPPORTED_VALUE']);
    // In memory they are, but for the last.
    expect(await compute('large', 'anew')).toHaveLength(30_000);
    expect(await compute('pinned', 'anew')).toEqual({ x: 1 });
    expect(await compute('strange', 'anew')).toBe('anew');
    expect(await cache.persistent.keys()).toEqual(['a', DATA_REF].sort());
    expect((await cache.persistent.metadata(DATA_REF))?.key).toBe(DATA_REF);
  });

  it('returns to all who wait what no cache can take', async () => {
    const { open } = place();
    const cache = open();
    cache.on('warning', () => undefined);
    await cache.put(DATA_REF, flat());
    const strange = { fit: () => 1 };
    const asked = [1, 2, 3].map(async () => cache.getOrCompute(MEAN, async () => Promise.resolve(strange)));
    for (const value of await Promise.all(asked)) expect(value).toBe(strange);
    expect(cache.stats()).toMatchObject({ loads: 1, shared: 2, failedPuts: 1 });
  });

  it('returns a light curve as product though its times are no BTJD', async () => {
    const { open } = place();
    const cache = open();
    cache.on('warning', () => undefined);
    await cache.put(DATA_REF, flat());
    const folded = sampleLightCurve(4, { time: Float64Array.of(30_000, 30_001, 30_002, 30_003) });
    expect(await cache.getOrCompute(MEAN, () => folded)).toBe(folded);
    expect(cache.stats().failedPuts).toBe(1);
  });

  it('is shown as a warning of the process where nobody listens, once for each sort', async () => {
    const { open } = place();
    const cache = open({ maxBytes: 1 });
    const warning = once(process, 'warning');
    await cache.getOrLoad(DATA_REF, () => flat());
    expect((await warning)[0]).toMatchObject({ code: 'TESS_CACHE_TOO_LARGE' });
    let shown = 0;
    const count = () => shown++;
    process.on('warning', count);
    await cache.getOrLoad('lc:25155310:2:pdcsap', () => sampleLightCurve(8, { sector: 2 }));
    await new Promise(setImmediate);
    process.off('warning', count);
    expect(shown).toBe(0);
    expect(cache.stats().failedPuts).toBe(2);
  });
});

describe('a cache that cannot be read', () => {
  it.each(['EIO', 'EACCES', 'EMFILE'])('makes the value, and says so: %s', async (code) => {
    const { open, openAnew } = place();
    await open().put(DATA_REF, flat(1));
    let broken = true;
    const fileSystem = faultyFileSystem(({ name, path }) =>
      broken && name === 'open' && path.includes('data') ? code : undefined,
    );
    const cache = openAnew({ fileSystem });
    const told = eventsOf(cache);
    expect((await cache.getOrLoad(DATA_REF, () => flat(2))).flux[0]).toBe(2);
    expect(told.find(([name]) => name === 'miss')).toEqual([
      'miss',
      { key: DATA_REF, tier: 'disk', reason: 'unreadable' },
    ]);
    expect(told.find(([name]) => name === 'warning')?.[1].error).toMatchObject({ code: 'IO', found: code });
    // Who asks what is there is told that it can't be known.
    expect(await codeOf(() => cache.get('another'))).toBe('IO');
    broken = false;
    expect(((await cache.get(DATA_REF)) as ReturnType<typeof flat>).flux[0]).toBe(2);
  });

  it('does not vouch for a product in memory whose input cannot be read', async () => {
    const { open, openAnew } = place();
    let broken = false;
    const fileSystem = faultyFileSystem(({ name, path }) =>
      broken && name === 'open' && path.includes('data') ? 'EMFILE' : undefined,
    );
    const cache = open({ fileSystem });
    cache.on('warning', () => undefined);
    await cache.put(DATA_REF, flat(1));
    await cache.getOrCompute(MEAN, meanOf);
    await openAnew().put(DATA_REF, flat(2));
    broken = true;
    expect(await codeOf(() => cache.getOrCompute(MEAN, meanOf))).toBe('IO');
    broken = false;
    expect((await cache.getOrCompute(MEAN, meanOf)).mean).toBe(2);
  });
});

describe('leases that cannot be had', () => {
  it.each<[string, (dir: string) => void]>([
    [
      'a file has the place of their directory',
      (dir) => {
        writeFileSync(join(dir, 'leases'), '');
      },
    ],
    [
      'a directory has the place of the lease',
      (dir) => {
        mkdirSync(leasePath(dir, MEAN_REF), { recursive: true });
      },
    ],
    [
      'the directory may not be written to',
      (dir) => {
        mkdirSync(join(dir, 'leases'), { mode: 0o500 });
        chmodSync(join(dir, 'leases'), 0o500);
      },
    ],
  ])('cost nothing but work done twice: %s', async (_, spoil) => {
    const { dir, open } = place();
    const cache = open();
    await cache.put(DATA_REF, flat());
    spoil(dir);
    expect((await cache.getOrCompute(MEAN, meanOf)).mean).toBe(1);
    expect(cache.stats().failedPuts).toBe(0);
  });

  it.each(['EACCES', 'EROFS', 'ENOSPC', 'ENOTSUP', 'ENOLCK'])(
    'cost nothing either where the system says %s',
    async (code) => {
      const { open } = place();
      const fileSystem = faultyFileSystem(({ path }) => (path.includes('leases') ? code : undefined));
      const cache = open({ fileSystem });
      await cache.put(DATA_REF, flat());
      expect((await cache.getOrCompute(MEAN, meanOf)).mean).toBe(1);
      expect(cache.stats()).toMatchObject({ failedPuts: 0, loads: 1 });
    },
  );
});

describe('a cache that is closed', () => {
  it('does not take along those who wait for what it was making', async () => {
    const { open, openAnew } = place();
    const [first, second] = [open(), openAnew()];
    await first.put(DATA_REF, flat());
    // Another process, as it were, is at it.
    const lease = second.persistent.lease(MEAN_REF) as { release(): void };
    const asked = [first, second].map(async (cache) => cache.getOrCompute(MEAN, meanOf));
    const failed = codeOf(() => asked[0]);
    await new Promise(setImmediate);
    await first.close();
    lease.release();
    expect(await failed).toBe('CLOSED');
    expect((await asked[1]).mean).toBe(1);
  });
});
