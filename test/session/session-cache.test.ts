import { beforeEach, describe, expect, it, vi } from 'vitest';
import { SessionCache } from '../../src/session/session-cache.js';
import { errorOf, lightCurve } from './support.js';

beforeEach(() => {
  SessionCache.clearAll();
});

const REF = 'lc:25155310:1:pdcsap';
const PRODUCT = 'bls:25155310:1:0';

describe('SessionCache', () => {
  it('hands back the object that was put', () => {
    const cache = new SessionCache('a');
    const data = lightCurve();
    const product = { power: new Float64Array(3) };
    cache.put(REF, data);
    cache.putComputed(PRODUCT, product);
    expect(cache.get(REF)).toBe(data);
    expect(cache.getComputed(PRODUCT)).toBe(product);
    expect([cache.has(REF), cache.hasComputed(PRODUCT)]).toEqual([true, true]);
    expect([cache.keys(), cache.computedKeys()]).toEqual([[REF], [PRODUCT]]);
  });

  it('keeps light curves and products of one name apart', () => {
    const cache = new SessionCache('a');
    cache.put(REF, lightCurve());
    expect([cache.getComputed(REF), cache.hasComputed(REF)]).toEqual([undefined, false]);
    cache.putComputed(REF, 'product');
    cache.putComputed(PRODUCT, 'another');
    expect(cache.get(REF)).toBeInstanceOf(Object);
    expect([cache.get(PRODUCT), cache.has(PRODUCT)]).toEqual([undefined, false]);
  });

  it('shares a session between all SessionCaches of its id', () => {
    const [one, two] = [new SessionCache('a'), new SessionCache('a')];
    const data = lightCurve();
    one.put(REF, data);
    expect(two.get(REF)).toBe(data);
    two.clear();
    expect(one.get(REF)).toBeUndefined();
    two.put(REF, data);
    expect(one.get(REF)).toBe(data);
  });

  it.each<[string, () => void]>([
    [
      'clear',
      () => {
        new SessionCache('a').clear();
      },
    ],
    [
      'clearAll',
      () => {
        SessionCache.clearAll();
      },
    ],
    [
      'eviction',
      () => {
        new SessionCache('b', { maxComputed: 1 }).putComputed('another', 'evicts');
      },
    ],
  ])('remembers nothing across a %s made elsewhere', (_, empty) => {
    const cache = new SessionCache('a');
    cache.putComputed('1', 'old');
    expect(cache.getComputed('1')).toBe('old');
    empty();
    // What takes the place of the old entry in memory.
    new SessionCache('b').putComputed('2', 'of another session');
    expect(cache.getComputed('1')).toBeUndefined();
    cache.putComputed('1', 'again');
    expect(cache.getComputed('1')).toBe('again');
    empty();
    new SessionCache('a').putComputed('1', 'put elsewhere');
    expect(cache.getComputed('1')).toBe('put elsewhere');
  });

  it('lets sessions neither see nor clear each other', () => {
    const [one, two] = [new SessionCache('a'), new SessionCache('ab')];
    one.put(REF, lightCurve());
    one.putComputed(PRODUCT, 1);
    expect([two.get(REF), two.has(REF), two.getComputed(PRODUCT), two.hasComputed(PRODUCT)]).toEqual([
      undefined,
      false,
      undefined,
      false,
    ]);
    expect([two.keys(), two.computedKeys()]).toEqual([[], []]);
    two.put(REF, lightCurve());
    two.clear();
    expect([one.keys(), one.computedKeys()]).toEqual([[REF], [PRODUCT]]);
  });

  it('keeps refs apart that look like properties of objects', () => {
    const cache = new SessionCache('__proto__');
    expect(cache.get('__proto__')).toBeUndefined();
    expect(cache.getComputed('constructor')).toBeUndefined();
    cache.putComputed('__proto__', 1);
    expect(cache.getComputed('__proto__')).toBe(1);
  });

  it('refuses session ids that could make two names one, and says why', () => {
    for (const id of ['', ':', 'a:b', 'a:', undefined, null, 7]) {
      expect(errorOf(() => new SessionCache(id as string))).toMatchObject({
        code: 'BAD_KEY',
        field: 'sessionId',
        expected: expect.stringContaining("':'") as string,
      });
    }
    expect(new SessionCache('anything else').sessionId).toBe('anything else');
  });

  it('refuses limits that are none', () => {
    for (const name of ['maxEntries', 'maxComputed', 'maxBytes']) {
      for (const limit of [0, -1, 1.5, NaN, '10', null, 2 ** 53]) {
        expect(errorOf(() => new SessionCache('a', { [name]: limit }))).toMatchObject({
          code: 'BAD_ARGUMENT',
          field: name,
        });
      }
      expect(new SessionCache('a', { [name]: Infinity })).toBeInstanceOf(SessionCache);
      expect(new SessionCache('a', { [name]: undefined })).toBeInstanceOf(SessionCache);
    }
  });

  it('refuses refs that name nothing', () => {
    const cache = new SessionCache('a');
    const calls: ((ref: string) => unknown)[] = [
      (ref) => cache.get(ref),
      (ref) => cache.has(ref),
      (ref) => {
        cache.put(ref, lightCurve());
      },
      (ref) => cache.getOrLoad(ref, () => lightCurve()),
      (ref) => cache.getComputed(ref),
      (ref) => cache.hasComputed(ref),
      (ref) => {
        cache.putComputed(ref, 1);
      },
      (ref) => cache.getOrCompute(ref, () => 1),
    ];
    for (const call of calls) {
      for (const ref of ['', undefined, null, 7, {}]) {
        expect(errorOf(() => call(ref as string)).code).toBe('BAD_KEY');
      }
    }
    expect(SessionCache.globalStats()).toMatchObject({ dataEntries: 0, computedEntries: 0 });
  });

  it('refuses undefined, takes null', () => {
    const cache = new SessionCache('a');
    cache.putComputed(PRODUCT, 1);
    expect(
      errorOf(() => {
        cache.putComputed(PRODUCT, undefined);
      }).code,
    ).toBe('BAD_ARGUMENT');
    expect(
      errorOf(() => {
        cache.put(REF, undefined as never);
      }).code,
    ).toBe('BAD_ARGUMENT');
    expect(cache.getComputed(PRODUCT)).toBe(1);
    cache.putComputed(PRODUCT, null);
    expect([cache.hasComputed(PRODUCT), cache.getComputed(PRODUCT)]).toEqual([true, null]);
  });

  it('evicts the least recently used: get and put refresh, has does not', () => {
    const cache = new SessionCache('a', { maxEntries: 2 });
    cache.put('k1', lightCurve());
    cache.put('k2', lightCurve());
    cache.get('k1');
    cache.put('k3', lightCurve());
    expect(cache.keys()).toEqual(['k1', 'k3']);
    cache.has('k1');
    cache.put('k4', lightCurve());
    expect(cache.keys()).toEqual(['k3', 'k4']);
    cache.put('k3', lightCurve());
    expect(cache.keys()).toEqual(['k4', 'k3']);
    cache.put('k5', lightCurve());
    expect(cache.keys()).toEqual(['k3', 'k5']);
  });

  it('limits the whole process to what the SessionCache that puts allows', () => {
    const [large, small] = [new SessionCache('large'), new SessionCache('small', { maxEntries: 2 })];
    for (const ref of ['1', '2', '3']) large.put(ref, lightCurve());
    large.putComputed('1', 1);
    small.put('4', lightCurve());
    expect([large.keys(), small.keys(), large.computedKeys()]).toEqual([['3'], ['4'], ['1']]);
  });

  it('has defaults of 100 light curves and 256 products', () => {
    const cache = new SessionCache('a');
    for (let i = 0; i < 300; i++) {
      cache.put(`${i}`, lightCurve());
      cache.putComputed(`${i}`, i);
    }
    expect(SessionCache.globalStats()).toEqual({
      dataEntries: 100,
      computedEntries: 256,
      dataBytes: 2900,
      computedBytes: 0,
      sessions: 1,
    });
    expect(cache.keys()[0]).toBe('200');
  });

  it('keeps light curves and products together below maxBytes, oldest first', () => {
    const cache = new SessionCache('a', { maxBytes: 100 });
    cache.put('1', lightCurve());
    cache.putComputed('2', new Uint8Array(40));
    cache.put('3', lightCurve());
    expect(SessionCache.globalStats()).toMatchObject({ dataBytes: 58, computedBytes: 40 });
    cache.get('1');
    cache.putComputed('4', new Uint8Array(42));
    expect([cache.keys(), cache.computedKeys()]).toEqual([['3', '1'], ['4']]);
    cache.putComputed('4', new Uint8Array(43));
    expect([cache.keys(), cache.computedKeys()]).toEqual([['1'], ['4']]);
    cache.put('5', lightCurve());
    expect([cache.keys(), cache.computedKeys()]).toEqual([['5'], ['4']]);
  });

  it('refuses what is larger than maxBytes, and leaves all as it was', () => {
    const cache = new SessionCache('a', { maxBytes: 100 });
    cache.putComputed('1', new Uint8Array(100));
    expect(
      errorOf(() => {
        cache.putComputed('1', new Uint8Array(101));
      }),
    ).toMatchObject({
      code: 'TOO_LARGE',
      key: '1',
      found: '101 bytes',
    });
    expect(
      errorOf(() => {
        cache.put('2', lightCurve(4));
      }).code,
    ).toBe('TOO_LARGE');
    expect(cache.getComputed('1')).toHaveLength(100);
    expect(SessionCache.globalStats()).toMatchObject({ dataEntries: 0, computedBytes: 100 });
  });

  it('counts sessions, not instances', () => {
    const [one, two] = [new SessionCache('a'), new SessionCache('b')];
    expect(SessionCache.globalStats().sessions).toBe(0);
    one.put(REF, lightCurve());
    one.putComputed(PRODUCT, 1);
    two.putComputed(PRODUCT, 1);
    expect(SessionCache.globalStats()).toMatchObject({ dataEntries: 1, computedEntries: 2, sessions: 2 });
    one.clear();
    expect(SessionCache.globalStats().sessions).toBe(1);
    SessionCache.clearAll();
    expect(SessionCache.globalStats()).toEqual({
      dataEntries: 0,
      computedEntries: 0,
      dataBytes: 0,
      computedBytes: 0,
      sessions: 0,
    });
    expect(two.hasComputed(PRODUCT)).toBe(false);
  });

  it('is one in the process when the package is loaded twice', async () => {
    vi.resetModules();
    const again = await import('../../src/session/session-cache.js');
    expect(again.SessionCache).not.toBe(SessionCache);

    const [first, second] = [new SessionCache('a'), new again.SessionCache('a', { maxEntries: 2 })];
    const data = lightCurve();
    first.put('1', data);
    expect(second.get('1')).toBe(data);
    second.put('2', data);
    second.put('3', data);
    expect(first.keys()).toEqual(['2', '3']);

    let calls = 0;
    const compute = async (): Promise<number> => ++calls;
    expect(await Promise.all([first.getOrCompute('x', compute), second.getOrCompute('x', compute)])).toEqual([
      1, 1,
    ]);

    again.SessionCache.clearAll();
    expect(first.keys()).toEqual([]);
    expect(SessionCache.globalStats()).toEqual(again.SessionCache.globalStats());
  });
});
