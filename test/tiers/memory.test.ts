import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { LightCurveData } from '../../src/light-curve/light-curve-data.js';
import { SessionCache } from '../../src/session/session-cache.js';
import type { TessCache } from '../../src/tiers/tess-cache.js';
import { DATA_REF, sampleLightCurve } from '../support/light-curves.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { MEAN, MEAN_REF, flat, meanOf, place, type Mean } from './support.js';

const fluxOf = async (cache: TessCache) =>
  ((await cache.get(DATA_REF)) as LightCurveData | undefined)?.flux[0];

describe('memory beside the disk', () => {
  it('gives way when another has put another value', async () => {
    const { open, openAnew } = place();
    const cache = open();
    const other = openAnew();
    for (let flux = 1; flux <= 5; flux++) {
      await other.put(DATA_REF, flat(flux));
      expect(await fluxOf(cache)).toBe(flux);
      expect((await cache.getOrCompute(MEAN, meanOf)).mean).toBe(flux);
    }
    expect(cache.stats().hits.disk).toBe(5);
    await other.put(DATA_REF, flat(5));
    await other.get(DATA_REF);
    await cache.get(DATA_REF);
    expect(cache.stats().hits.disk).toBe(5);
  });

  it('gives way when another has deleted, cleared or invalidated it, but outlives an eviction', async () => {
    const { open, openAnew } = place();
    const cache = open();
    const other = openAnew().persistent;
    const removals: (() => Promise<unknown>)[] = [
      async () => other.delete(DATA_REF),
      async () => other.clear(),
      async () => other.invalidate(DATA_REF),
    ];
    for (const remove of removals) {
      await cache.put(DATA_REF, flat());
      expect(await fluxOf(cache)).toBe(1);
      await remove();
      expect(await fluxOf(cache)).toBeUndefined();
      // Nor is it found again.
      expect(await fluxOf(cache)).toBeUndefined();
    }
    await cache.put(DATA_REF, flat());
    await openAnew({ maxEntries: 1 }).put('other', 1);
    expect(await cache.persistent.has(DATA_REF)).toBe(false);
    expect(await fluxOf(cache)).toBe(1);
    expect((await cache.getOrCompute(MEAN, meanOf)).mean).toBe(1);
    // Somebody puts another value after that.
    await openAnew().put(DATA_REF, flat(2));
    expect(await fluxOf(cache)).toBe(2);
  });

  it('gives way when the directory is gone', async () => {
    const { dir, open } = place();
    const cache = open();
    await cache.put(DATA_REF, flat());
    rmSync(dir, { recursive: true });
    expect(await fluxOf(cache)).toBeUndefined();
  });

  it('is one for all caches of a session and a directory', async () => {
    const { open } = place();
    const [first, second] = [open(), open()];
    await first.put(DATA_REF, flat());
    await first.getOrCompute(MEAN, meanOf);
    for (const cache of [second, first, second]) {
      await cache.get(DATA_REF);
      await cache.getOrCompute(MEAN, meanOf);
    }
    expect([first.stats().hits, second.stats().hits]).toEqual([
      { memory: 2, disk: 0 },
      { memory: 4, disk: 0 },
    ]);
  });

  it('does not mix two directories of one session', async () => {
    const { sessionId, open } = place();
    const elsewhere = place(temporaryDirectory());
    const here = open();
    const there = elsewhere.open({ sessionId });
    await here.put(DATA_REF, flat(1));
    await here.getOrCompute(MEAN, meanOf);
    await here.put('number', 1);
    expect(await there.get(DATA_REF)).toBeUndefined();
    expect(await there.get(MEAN_REF)).toBeUndefined();
    expect(await there.get('number')).toBeUndefined();
    expect((await there.getOrLoad(DATA_REF, () => flat(2))).flux[0]).toBe(2);
    expect((await there.getOrCompute(MEAN, meanOf)).mean).toBe(2);
    for (let round = 0; round < 3; round++) {
      expect([await fluxOf(here), await fluxOf(there)]).toEqual([1, 2]);
      expect(((await here.get(MEAN_REF)) as Mean).mean).toBe(1);
      expect(((await there.get(MEAN_REF)) as Mean).mean).toBe(2);
    }
    // One object under the same key in both.
    const both = flat(3);
    await here.put(DATA_REF, both);
    await there.put(DATA_REF, both);
    expect((await here.getOrCompute(MEAN, meanOf)).mean).toBe(3);
    await here.persistent.delete(DATA_REF);
    expect([await fluxOf(here), await fluxOf(there)]).toEqual([undefined, 3]);
  });

  it('does not mix them where nothing can be stored either', async () => {
    const { sessionId, open } = place();
    const elsewhere = place(temporaryDirectory());
    const here = open({ readOnly: true });
    const there = elsewhere.open({ sessionId, readOnly: true });
    expect((await here.getOrLoad(DATA_REF, () => flat(1))).flux[0]).toBe(1);
    expect((await here.getOrCompute(MEAN, meanOf)).mean).toBe(1);
    expect(await here.getOrCompute({ ...MEAN, kind: 'number' }, () => 1)).toBe(1);
    expect((await there.getOrLoad(DATA_REF, () => flat(2))).flux[0]).toBe(2);
    expect((await there.getOrCompute(MEAN, meanOf)).mean).toBe(2);
    expect(await there.getOrCompute({ ...MEAN, kind: 'number' }, () => 2)).toBe(2);
    expect(await here.getOrCompute({ ...MEAN, kind: 'number' }, () => 3)).toBe(1);
  });

  it('keeps what is known of an object under each of its keys', async () => {
    const { open, openAnew } = place();
    const cache = open();
    const shared = flat(1);
    await cache.put(DATA_REF, shared);
    // Two products that are one light curve, which is their input too.
    const [first, second] = [MEAN, { ...MEAN, version: '2' }];
    await cache.getOrCompute(first, ([input]) => input);
    await cache.getOrCompute(second, ([input]) => input);
    for (const spec of [first, second]) expect(await cache.getOrCompute(spec, () => 'anew')).toBe(shared);
    expect(cache.stats().hits).toEqual({ memory: 2, disk: 0 });
    await openAnew().put(DATA_REF, flat(2));
    for (const spec of [first, second]) expect(await cache.getOrCompute(spec, () => 'anew')).toBe('anew');
  });

  it('is cleared with its session', async () => {
    const { open } = place();
    const cache = open();
    await cache.put(DATA_REF, flat());
    cache.session.clear();
    await cache.get(DATA_REF);
    expect(cache.stats().hits).toEqual({ memory: 0, disk: 1 });
  });

  it('has room for so many, and the disk for the rest', async () => {
    const { open } = place();
    const cache = open({ memory: { maxEntries: 1, maxComputed: 1, maxBytes: 1000 } });
    const keys = ['a', 'b', 'c'];
    for (const key of keys) await cache.put(key, { key });
    await cache.put('large', new Uint8Array(2000));
    for (const key of keys) expect(await cache.get(key)).toEqual({ key });
    expect(await cache.get('large')).toHaveLength(2000);
    expect(cache.stats().hits).toEqual({ memory: 0, disk: 4 });
    for (let i = 0; i < 300; i++) await cache.put(`number ${i}`, i);
    for (let i = 0; i < 300; i++) expect(await cache.get(`number ${i}`)).toBe(i);
    expect(cache.stats().hits).toEqual({ memory: 0, disk: 304 });
    expect(await cache.get('number 299')).toBe(299);
    expect(cache.stats().hits.memory).toBe(1);
  });
});

describe('what the host puts into the session itself', () => {
  it('is found, while the disk has no other', async () => {
    const { sessionId, open, openAnew } = place();
    const session = new SessionCache(sessionId);
    const cache = open();
    const mine = flat(1);
    session.put(DATA_REF, mine);
    session.putComputed('a number', 5);
    session.putComputed('an object', { a: [1] });
    expect(await cache.getOrLoad(DATA_REF, () => flat(2))).toBe(mine);
    expect(await cache.get('a number')).toBe(5);
    expect(await cache.get('an object')).toEqual({ a: [1] });
    expect(cache.session.get(DATA_REF)).toBe(mine);
    expect((await cache.getOrCompute(MEAN, meanOf)).mean).toBe(1);
    await openAnew().put(DATA_REF, flat(3));
    expect(await fluxOf(cache)).toBe(3);
  });

  it('is passed over where it is not what its name says, or can be no value of a cache', async () => {
    const { sessionId, open } = place();
    const session = new SessionCache(sessionId);
    const cache = open();
    session.put(DATA_REF, sampleLightCurve(8, { ticId: 1 }));
    session.putComputed(MEAN_REF, { mean: () => 1 });
    expect((await cache.getOrLoad(DATA_REF, () => flat(2))).flux[0]).toBe(2);
    expect((await cache.getOrCompute(MEAN, meanOf)).mean).toBe(2);
  });
});
