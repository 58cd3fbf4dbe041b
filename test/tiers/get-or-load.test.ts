import { describe, expect, it } from 'vitest';
import { codeOf, errorOf } from '../support/errors.js';
import { DATA_REF, fieldsOf, sampleLightCurve } from '../support/light-curves.js';
import type { Loader } from '../../src/tiers/recipe.js';
import { flat, heldUp, place } from './support.js';

describe('getOrLoad', () => {
  it('looks in memory, then on disk, then calls', async () => {
    const { open, openAnew } = place();
    const cache = open();
    let calls = 0;
    const load = () => {
      calls++;
      return flat();
    };
    const loaded = await cache.getOrLoad(DATA_REF, load);
    expect(await cache.getOrLoad(DATA_REF, load)).toBe(loaded);
    const other = openAnew();
    const read = await other.getOrLoad(DATA_REF, load);
    expect(read).not.toBe(loaded);
    expect(fieldsOf(read)).toEqual(fieldsOf(loaded));
    expect(await other.getOrLoad(DATA_REF, load)).toBe(read);
    expect(calls).toBe(1);
    expect([cache.stats().hits, other.stats().hits]).toEqual([
      { memory: 1, disk: 0 },
      { memory: 1, disk: 1 },
    ]);
    expect(await openAnew().get(DATA_REF)).toBeInstanceOf(loaded.constructor);
    expect(await openAnew().get('another key')).toBeUndefined();
  });

  it('takes plain and async functions, and hands them a signal', async () => {
    const { openAnew } = place();
    const signals: AbortSignal[] = [];
    await openAnew({ mode: 'refresh' }).getOrLoad(DATA_REF, ({ signal }) => {
      signals.push(signal);
      return flat();
    });
    await openAnew({ mode: 'refresh' }).getOrLoad(DATA_REF, async ({ signal }) => {
      signals.push(signal);
      return Promise.resolve(flat(2));
    });
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
    expect(((await openAnew().get(DATA_REF)) as ReturnType<typeof flat>).flux[0]).toBe(2);
  });

  it('calls once for all who ask at the same time, whatever their session', async () => {
    const { open, openAnew } = place();
    const held = heldUp<ReturnType<typeof flat>>();
    const caches = [open(), open(), openAnew(), openAnew()];
    const asked = [...caches, ...caches].map(async (cache) => cache.getOrLoad(DATA_REF, held.load));
    await held.untilCalled();
    held.resolve(flat());
    const values = await Promise.all(asked);
    expect(held.calls).toHaveLength(1);
    expect(new Set(values).size).toBe(1);
    for (const cache of caches) expect(await cache.getOrLoad(DATA_REF, held.load)).toBe(values[0]);
    const sum = (pick: 'loads' | 'shared') => caches.reduce((total, cache) => total + cache.stats()[pick], 0);
    expect([sum('loads'), sum('shared')]).toEqual([1, 7]);
  });

  it('keeps no failure, and gives it to all who waited', async () => {
    const { open } = place();
    const cache = open();
    const held = heldUp<ReturnType<typeof flat>>();
    const asked = [cache, open()].map(async (each) => each.getOrLoad(DATA_REF, held.load));
    await held.untilCalled();
    const failure = new Error('no network');
    held.reject(failure);
    for (const each of asked) await expect(each).rejects.toBe(failure);
    await expect(
      cache.getOrLoad(DATA_REF, () => {
        throw failure;
      }),
    ).rejects.toBe(failure);
    expect(await cache.persistent.keys()).toEqual([]);
    expect((await cache.getOrLoad(DATA_REF, () => flat())).flux[0]).toBe(1);
  });

  it('refuses another light curve than the one that was asked for, and keeps nothing', async () => {
    const { open } = place();
    const cache = open();
    const wrong: [() => unknown, string, string][] = [
      [() => sampleLightCurve(8, { ticId: 1 }), 'WRONG_LIGHT_CURVE', 'ticId'],
      [() => sampleLightCurve(8, { sector: 2 }), 'WRONG_LIGHT_CURVE', 'sector'],
      [() => sampleLightCurve(8, { provenance: { fluxType: 'sap' } }), 'WRONG_LIGHT_CURVE', 'fluxType'],
      [() => sampleLightCurve(8, { time: new Float64Array(8).fill(2_458_325) }), 'NOT_BTJD', 'time'],
      [() => null, 'WRONG_LIGHT_CURVE', 'value'],
      [() => undefined, 'WRONG_LIGHT_CURVE', 'value'],
      [() => ({ flux: [1] }), 'WRONG_LIGHT_CURVE', 'value'],
    ];
    for (const [load, code, field] of wrong) {
      const error = await errorOf(() => cache.getOrLoad(DATA_REF, load as Loader));
      expect(error).toMatchObject({ code, field });
    }
    expect(await cache.get(DATA_REF)).toBeUndefined();
    expect(cache.stats().failedPuts).toBe(0);
  });

  it('refuses what names no light curve, and what is no function', async () => {
    const { open } = place();
    const cache = open();
    for (const ref of ['', 'lc:1', 'lc:1:1:PDCSAP', 'bls:1:1:x', undefined]) {
      expect(await codeOf(() => cache.getOrLoad(ref!, () => flat()))).toBe('BAD_KEY');
    }
    const load: unknown = flat();
    expect(await errorOf(() => cache.getOrLoad(DATA_REF, load as Loader))).toMatchObject({
      ...{ code: 'BAD_ARGUMENT', field: 'load' },
    });
  });

  it('keeps what another put under the name while it loaded', async () => {
    const { open, openAnew } = place();
    const cache = open();
    const held = heldUp<ReturnType<typeof flat>>();
    const asked = cache.getOrLoad(DATA_REF, held.load);
    await held.untilCalled();
    await openAnew().put(DATA_REF, flat(2));
    held.resolve(flat(1));
    expect((await asked).flux[0]).toBe(1);
    for (const each of [cache, openAnew()]) {
      expect(((await each.get(DATA_REF)) as ReturnType<typeof flat>).flux[0]).toBe(2);
    }
  });
});
