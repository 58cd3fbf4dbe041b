import { beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import type { LightCurveData } from '../../src/light-curve/light-curve-data.js';
import { SessionCache } from '../../src/session/session-cache.js';
import { all, deferred, errorOf, lightCurve } from './support.js';

beforeEach(() => {
  SessionCache.clearAll();
});

/** A compute function that counts its calls. */
function counted<T>(compute: (call: number) => T): { (): T; calls: number } {
  const counting = Object.assign(() => compute(++counting.calls), { calls: 0 });
  return counting;
}

describe('getOrLoad and getOrCompute', () => {
  it('call a plain function once and give its value at once', () => {
    const cache = new SessionCache('a');
    const load = counted(() => lightCurve());
    const data = cache.getOrLoad('1', load);
    expect(cache.getOrLoad('1', load)).toBe(data);
    expect(cache.get('1')).toBe(data);
    const compute = counted(() => 7);
    expect([cache.getOrCompute('1', compute), cache.getOrCompute('1', compute)]).toEqual([7, 7]);
    expect([load.calls, compute.calls]).toEqual([1, 1]);
  });

  it('call an async function once, hit or miss, and give a promise', async () => {
    const cache = new SessionCache('a');
    const data = lightCurve();
    let calls = 0;
    const load = async (): Promise<LightCurveData> => {
      calls++;
      return data;
    };
    for (let i = 0; i < 2; i++) {
      const given = cache.getOrLoad('1', load);
      expect(given).toBeInstanceOf(Promise);
      expect(await given).toBe(data);
    }
    expect(calls).toBe(1);
    expect(cache.get('1')).toBe(data);
  });

  it('give a function that returns a promise the value itself on a hit', async () => {
    const cache = new SessionCache('a');
    const compute = counted(() => Promise.resolve(7));
    expect(await cache.getOrCompute('1', compute)).toBe(7);
    expect(cache.getOrCompute('1', compute)).toBe(7);
    expect(compute.calls).toBe(1);
  });

  it('take any thenable for a promise', async () => {
    const cache = new SessionCache('a');
    const promiseLike: PromiseLike<number> = { then: (...args) => Promise.resolve(7).then(...args) };
    const given = cache.getOrCompute('1', () => promiseLike);
    expect(given).toBeInstanceOf(Promise);
    expect(await given).toBe(7);
    expect(cache.getComputed('1')).toBe(7);
  });

  it('run once for all who ask at the same time, whichever instance and kind of function', async () => {
    const caches = [new SessionCache('a'), new SessionCache('a')];
    const gate = deferred<number>();
    const compute = counted(() => gate.promise);
    const asked = Array.from({ length: 16 }, (_, i) => caches[i % 2].getOrCompute('1', compute));
    asked.push(caches[0].getOrCompute('1', async () => compute()));
    expect(caches[0].hasComputed('1')).toBe(false);
    gate.resolve(7);
    expect(await all(asked)).toEqual(asked.map(() => 7));
    expect(compute.calls).toBe(1);
  });

  it('run apart for other refs, sessions and stores', async () => {
    const [one, two] = [new SessionCache('a'), new SessionCache('b')];
    const gate = deferred<LightCurveData>();
    const load = counted(() => gate.promise);
    const asked = [
      one.getOrLoad('1', load),
      one.getOrLoad('2', load),
      one.getOrCompute('1', load),
      two.getOrLoad('1', load),
    ];
    expect(load.calls).toBe(4);
    gate.resolve(lightCurve());
    await all(asked);
  });

  it('keep no failure', async () => {
    const cache = new SessionCache('a');
    const failure = new Error('no such star');
    const plain = counted((call) => {
      if (call === 1) throw failure;
      return call;
    });
    expect(() => cache.getOrCompute('1', plain)).toThrow(failure);
    expect(cache.getOrCompute('1', plain)).toBe(2);

    const rejecting = counted((call) => (call === 1 ? Promise.reject(failure) : Promise.resolve(call)));
    const asked = [cache.getOrCompute('2', rejecting), cache.getOrCompute('2', rejecting)];
    const settled = await Promise.allSettled(asked.map(async (each) => each));
    expect(settled.map((each) => each.status === 'rejected' && (each.reason as Error))).toEqual([
      failure,
      failure,
    ]);
    expect(cache.hasComputed('2')).toBe(false);
    expect(await cache.getOrCompute('2', rejecting)).toBe(2);
  });

  it('take a cached null for a hit, and never keep undefined', async () => {
    const cache = new SessionCache('a');
    const nothing = counted(() => null);
    expect([cache.getOrCompute('1', nothing), cache.getOrCompute('1', nothing)]).toEqual([null, null]);
    expect(nothing.calls).toBe(1);
    const missing = counted((): unknown => undefined);
    expect([cache.getOrCompute('2', missing), cache.getOrCompute('2', missing)]).toEqual([
      undefined,
      undefined,
    ]);
    expect(await cache.getOrCompute('2', async (): Promise<unknown> => undefined)).toBeUndefined();
    expect(missing.calls).toBe(2);
    expect(cache.hasComputed('2')).toBe(false);
  });

  it('return what is too large to keep', async () => {
    const cache = new SessionCache('a', { maxBytes: 10 });
    const large = new Uint8Array(11);
    expect(cache.getOrCompute('1', () => large)).toBe(large);
    expect(await cache.getOrCompute('2', () => Promise.resolve(large))).toBe(large);
    expect(cache.computedKeys()).toEqual([]);
  });

  it('keep the limits', async () => {
    const cache = new SessionCache('a', { maxEntries: 2, maxComputed: 1 });
    for (const ref of ['1', '2', '3']) {
      cache.getOrLoad(ref, () => lightCurve());
      await cache.getOrCompute(ref, async () => ref);
    }
    expect([cache.keys(), cache.computedKeys()]).toEqual([['2', '3'], ['3']]);
  });

  it('refresh recency on a hit', () => {
    const cache = new SessionCache('a', { maxEntries: 2 });
    cache.put('1', lightCurve());
    cache.put('2', lightCurve());
    cache.getOrLoad('1', () => lightCurve());
    cache.put('3', lightCurve());
    expect(cache.keys()).toEqual(['1', '3']);
  });

  it('refuse what is no function, on a hit too', () => {
    const cache = new SessionCache('a');
    cache.putComputed('1', 1);
    for (const ref of ['1', '2']) {
      expect(errorOf(() => cache.getOrCompute(ref, 7 as never)).code).toBe('BAD_ARGUMENT');
    }
  });

  it('types: a plain function gives the value, an async one the value or a promise', () => {
    const cache = new SessionCache('a');
    expectTypeOf(cache.getOrLoad('1', () => lightCurve())).toEqualTypeOf<LightCurveData>();
    const loaded = cache.getOrLoad('2', async () => lightCurve());
    expectTypeOf(loaded).toEqualTypeOf<LightCurveData | Promise<LightCurveData>>();
    expectTypeOf(cache.getOrCompute('1', () => 7)).toEqualTypeOf<number>();
    const computed = cache.getOrCompute('2', () => Promise.resolve(7));
    expectTypeOf(computed).toEqualTypeOf<number | Promise<number>>();
  });
});

describe('a put or clear during a load wins', () => {
  const disturbances: [name: string, disturb: (cache: SessionCache) => void, left: unknown][] = [
    [
      'put',
      (cache) => {
        cache.putComputed('1', 'put');
      },
      'put',
    ],
    [
      'put by another instance',
      () => {
        new SessionCache('a').putComputed('1', 'put');
      },
      'put',
    ],
    [
      'clear',
      (cache) => {
        cache.clear();
      },
      undefined,
    ],
    [
      'clearAll',
      () => {
        SessionCache.clearAll();
      },
      undefined,
    ],
    [
      'put and eviction',
      (cache) => {
        cache.putComputed('1', 'put');
        new SessionCache('b', { maxComputed: 1 }).putComputed('2', 'evicts');
      },
      undefined,
    ],
  ];

  it.each(disturbances)('async, %s', async (_, disturb, left) => {
    const cache = new SessionCache('a');
    const gate = deferred<string>();
    const asked = [cache.getOrCompute('1', () => gate.promise), cache.getOrCompute('1', () => gate.promise)];
    disturb(cache);
    gate.resolve('loaded');
    expect(await all(asked)).toEqual(['loaded', 'loaded']);
    expect(cache.getComputed('1')).toBe(left);
  });

  it.each(disturbances)('plain, %s by the function itself', (_, disturb, left) => {
    const cache = new SessionCache('a');
    const given = cache.getOrCompute('1', () => {
      disturb(cache);
      return 'loaded';
    });
    expect(given).toBe('loaded');
    expect(cache.getComputed('1')).toBe(left);
  });

  it('and a load that begins afterwards is another one', async () => {
    const cache = new SessionCache('a');
    const [before, after] = [deferred<string>(), deferred<string>()];
    const first = cache.getOrCompute('1', () => before.promise);
    cache.clear();
    const second = cache.getOrCompute('1', () => after.promise);
    before.resolve('before');
    expect(await first).toBe('before');
    expect(cache.hasComputed('1')).toBe(false);
    expect(cache.getOrCompute('1', () => 'a third')).toBe(second);
    after.resolve('after');
    expect(await second).toBe('after');
    expect(cache.getComputed('1')).toBe('after');
  });

  it('but neither a put of another name nor a clear of another session does', async () => {
    const cache = new SessionCache('a');
    const gate = deferred<string>();
    const asked = cache.getOrCompute('1', () => gate.promise);
    cache.putComputed('2', 'other ref');
    cache.put('1', lightCurve());
    new SessionCache('b').putComputed('1', 'other session');
    new SessionCache('b').clear();
    gate.resolve('loaded');
    await asked;
    expect(cache.getComputed('1')).toBe('loaded');
  });

  it('and a failure afterwards leaves the put alone', async () => {
    const cache = new SessionCache('a');
    const gate = deferred<string>();
    const asked = cache.getOrCompute('1', () => gate.promise);
    cache.putComputed('1', 'put');
    gate.reject(new Error('too late'));
    await expect(asked).rejects.toThrow('too late');
    expect(cache.getComputed('1')).toBe('put');
  });
});
