import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LightCurveData } from '../../src/light-curve/light-curve-data.js';
import { SessionCache } from '../../src/session/session-cache.js';
import { errorOf, lightCurve } from './support.js';

type Store = 'data' | 'computed';

interface ModelEntry {
  readonly store: Store;
  readonly sessionId: string;
  readonly ref: string;
  readonly value: unknown;
  readonly bytes: number;
}

interface Instance {
  readonly sessionId: string;
  readonly maxEntries: number;
  readonly maxComputed: number;
  readonly maxBytes: number;
}

/** The cache as one array, from the least to the most recently used entry of all sessions and both stores. */
class Model {
  entries: ModelEntry[] = [];

  find(store: Store, sessionId: string, ref: string): ModelEntry | undefined {
    return this.entries.find((e) => e.store === store && e.sessionId === sessionId && e.ref === ref);
  }

  use(entry: ModelEntry | undefined): unknown {
    if (entry === undefined) return undefined;
    this.entries = [...this.entries.filter((other) => other !== entry), entry];
    return entry.value;
  }

  put({ maxEntries, maxComputed, maxBytes }: Instance, entry: ModelEntry): void {
    const old = this.find(entry.store, entry.sessionId, entry.ref);
    this.entries = [...this.entries.filter((other) => other !== old), entry];
    const most = entry.store === 'data' ? maxEntries : maxComputed;
    while (this.of(entry.store).length > most) this.drop(this.of(entry.store)[0]);
    while (this.bytes() > maxBytes) this.drop(this.entries[0]);
  }

  of(store: Store): ModelEntry[] {
    return this.entries.filter((entry) => entry.store === store);
  }

  bytes(store?: Store): number {
    return this.entries.reduce((sum, e) => sum + (store === undefined || e.store === store ? e.bytes : 0), 0);
  }

  drop(victim: ModelEntry): void {
    this.entries = this.entries.filter((entry) => entry !== victim);
  }
}

const INSTANCES: readonly Instance[] = [
  { sessionId: 'a', maxEntries: 4, maxComputed: 3, maxBytes: Infinity },
  { sessionId: 'a', maxEntries: 2, maxComputed: 5, maxBytes: Infinity },
  { sessionId: 'b', maxEntries: 5, maxComputed: 5, maxBytes: 200 },
  { sessionId: 'aa', maxEntries: 3, maxComputed: 4, maxBytes: 400 },
  { sessionId: 'c', maxEntries: 1, maxComputed: 1, maxBytes: Infinity },
];

const OPERATIONS = ['get', 'get', 'put', 'put', 'put', 'getOr', 'has', 'clear', 'clearAll'] as const;

const command = fc.record({
  operation: fc.constantFrom(...OPERATIONS),
  store: fc.constantFrom<Store>('data', 'computed'),
  which: fc.nat({ max: INSTANCES.length - 1 }),
  ref: fc.constantFrom('1', '2', '3', '4'),
  // Light curves have 29 bytes a row: 7 rows are more than 200 bytes, 14 rows more than 400.
  rows: fc.nat({ max: 14 }),
});

describe('SessionCache', () => {
  it('does what the model does', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        SessionCache.clearAll();
        const model = new Model();
        const caches = INSTANCES.map(({ sessionId, ...limits }) => new SessionCache(sessionId, limits));
        for (const { operation, store, which, ref, rows } of commands) {
          const cache = caches[which];
          const instance = INSTANCES[which];
          const { sessionId } = instance;
          const found = model.find(store, sessionId, ref);
          const value: unknown = store === 'computed' && rows === 0 ? null : lightCurve(rows);
          const bytes = 29 * rows;
          const entry = { store, sessionId, ref, value, bytes };
          const fits = bytes <= instance.maxBytes;
          const put = (): void => {
            if (store === 'data') cache.put(ref, value as LightCurveData);
            else cache.putComputed(ref, value);
          };

          if (operation === 'get') {
            expect(store === 'data' ? cache.get(ref) : cache.getComputed(ref)).toBe(model.use(found));
          } else if (operation === 'has') {
            const has = store === 'data' ? cache.has(ref) : cache.hasComputed(ref);
            expect(has).toBe(found !== undefined);
          } else if (operation === 'put') {
            if (fits) {
              put();
              model.put(instance, entry);
            } else {
              expect(errorOf(put).code).toBe('TOO_LARGE');
            }
          } else if (operation === 'getOr') {
            const given =
              store === 'data'
                ? cache.getOrLoad(ref, () => value as LightCurveData)
                : cache.getOrCompute(ref, () => value);
            expect(given).toBe(found === undefined ? value : model.use(found));
            if (found === undefined && fits) model.put(instance, entry);
          } else if (operation === 'clear') {
            cache.clear();
            model.entries = model.entries.filter((other) => other.sessionId !== sessionId);
          } else {
            SessionCache.clearAll();
            model.entries = [];
          }
          expectSame(caches, model);
        }
      }),
      { numRuns: 300 },
    );
    SessionCache.clearAll();
  });
});

function expectSame(caches: readonly SessionCache[], model: Model): void {
  for (const cache of caches) {
    const refsOf = (store: Store): string[] =>
      model
        .of(store)
        .filter((entry) => entry.sessionId === cache.sessionId)
        .map((entry) => entry.ref);
    expect([cache.keys(), cache.computedKeys()]).toEqual([refsOf('data'), refsOf('computed')]);
  }
  expect(SessionCache.globalStats()).toEqual({
    dataEntries: model.of('data').length,
    computedEntries: model.of('computed').length,
    dataBytes: model.bytes('data'),
    computedBytes: model.bytes('computed'),
    sessions: new Set(model.entries.map((entry) => entry.sessionId)).size,
  });
}
