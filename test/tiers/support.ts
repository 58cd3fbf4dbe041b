/** Caches with two tiers, each test in a directory and a session of its own. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Layout } from '../../src/disk/layout.js';
import type { CacheEventName } from '../../src/events.js';
import type { LightCurveData } from '../../src/light-curve/light-curve-data.js';
import { checkKey, digestOf } from '../../src/ref/key.js';
import { makeProductRef } from '../../src/ref/product-ref.js';
import type { OpenCacheOptions } from '../../src/tiers/options.js';
import type { ProductSpec } from '../../src/tiers/recipe.js';
import { openCache, type TessCache } from '../../src/tiers/tess-cache.js';
import { DATA_REF, sampleLightCurve } from '../support/light-curves.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** A light curve under DATA_REF whose flux is `flux` throughout. */
export function flat(flux = 1, rows = 8): LightCurveData {
  return sampleLightCurve(rows, { flux: new Float64Array(rows).fill(flux) });
}

/** The mean flux of DATA_REF: a product that tells which light curve it was computed from. */
export const MEAN: ProductSpec = { kind: 'mean', inputs: [DATA_REF], version: '1' };
export const MEAN_REF = makeProductRef(MEAN.kind, MEAN);

export interface Mean {
  readonly mean: number;
  readonly window: Float64Array;
}

export function meanOf([lightCurve]: readonly unknown[]): Mean {
  const { flux } = lightCurve as LightCurveData;
  let sum = 0;
  for (let i = 0; i < flux.length; i++) sum += flux[i];
  return { mean: sum / flux.length, window: new Float64Array([1, 2, 3]) };
}

/** Opens caches of one directory; the memory of their sessions is cleared with the test. */
export function place(dir = temporaryDirectory()) {
  const sessions = { usual: `test-${randomUUID()}` };
  const open = (options: Partial<OpenCacheOptions> = {}): TessCache => {
    const cache = openCache({ sessionId: sessions.usual, dir, ...options });
    onTestFinished(() => {
      cache.session.clear();
    });
    return cache;
  };
  return {
    dir,
    sessionId: sessions.usual,
    /** In the usual session. */
    open,
    /** In a session of its own, as a process that has just started. */
    openAnew: (options: Partial<OpenCacheOptions> = {}) =>
      open({ sessionId: `test-${randomUUID()}`, ...options }),
  };
}

export function leasePath(dir: string, key: string): string {
  return join(new Layout(dir).leases, `${digestOf(checkKey(key))}.json`);
}

/** All events of a cache, as they come. */
export function eventsOf(cache: TessCache): [CacheEventName, Readonly<Record<string, unknown>>][] {
  const told: [CacheEventName, Readonly<Record<string, unknown>>][] = [];
  const names: CacheEventName[] = ['hit', 'miss', 'put', 'evict', 'corrupt', 'load', 'warning'];
  for (const name of names) cache.on(name, (event) => told.push([name, { ...event }]));
  return told;
}

/** A loader or computation that a test ends by hand. */
export function heldUp<T>() {
  const calls: { signal: AbortSignal; inputs?: readonly unknown[] }[] = [];
  const ends: { resolve: (value: T) => void; reject: (error: unknown) => void }[] = [];
  let wake: () => void = () => undefined;
  const wait = async (call: { signal: AbortSignal; inputs?: readonly unknown[] }): Promise<T> => {
    calls.push(call);
    wake();
    return new Promise<T>((resolve, reject) => ends.push({ resolve, reject }));
  };
  return {
    calls,
    load: async ({ signal }: { signal: AbortSignal }) => wait({ signal }),
    compute: async (inputs: readonly unknown[], { signal }: { signal: AbortSignal }) =>
      wait({ signal, inputs }),
    /** Ends call number `index`. */
    resolve: (value: T, index = 0) => {
      ends[index].resolve(value);
    },
    reject: (error: unknown, index = 0) => {
      ends[index].reject(error);
    },
    /** Resolves when it has been called so often. */
    untilCalled: async (times = 1) => {
      while (calls.length < times) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}
