import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { LightCurveData } from '../../src/light-curve/light-curve-data.js';
import { filesUnder } from '../support/caches.js';
import { codeOf, errorOf } from '../support/errors.js';
import { DATA_REF, TIC, sampleLightCurve } from '../support/light-curves.js';
import { recordingFileSystem } from '../support/recording-file-system.js';
import { MEAN, MEAN_REF, eventsOf, flat, meanOf, place } from './support.js';

const never = () => {
  throw new Error('must not be called');
};
const fluxOf = (value: unknown) => (value as LightCurveData | undefined)?.flux[0];

describe('offline', () => {
  it('never calls a loader, and lists the nearest names instead', async () => {
    const { open, openAnew } = place();
    const online = open();
    for (const sector of [1, 2]) await online.put(`lc:${TIC}:${sector}:sap`, sampleLightCurve(8, { sector }));
    await online.put(`lc:${TIC}:3:pdcsap:spoc:20`, sampleLightCurve(8, { sector: 3, cadenceSeconds: 20 }));
    await online.put('lc:1:1:pdcsap', sampleLightCurve(8, { ticId: 1 }));
    const cache = openAnew({ mode: 'offline' });
    const error = await errorOf(() => cache.getOrLoad(DATA_REF, never));
    expect(error).toMatchObject({
      ...{ code: 'OFFLINE', key: DATA_REF },
      nearest: [`lc:${TIC}:1:sap`, `lc:${TIC}:3:pdcsap:spoc:20`, `lc:${TIC}:2:sap`],
    });
    expect(error.message).toContain(
      `lc:${TIC}:1:sap (same TIC, sector, author and exposure time; flux type sap, not pdcsap)`,
    );
    const nothing = await errorOf(() => cache.getOrLoad('lc:77:1:pdcsap', never));
    expect(nothing).toMatchObject({ code: 'OFFLINE', nearest: [] });
  });

  it('gives what is there, and computes from it', async () => {
    const { open, openAnew } = place();
    await open().put(DATA_REF, flat(2));
    const cache = openAnew({ mode: 'offline' });
    expect(fluxOf(await cache.getOrLoad(DATA_REF, never))).toBe(2);
    expect((await cache.getOrCompute(MEAN, meanOf)).mean).toBe(2);
    expect((await openAnew().getOrCompute(MEAN, never)) as unknown).toMatchObject({ mean: 2 });
    const missing = { ...MEAN, inputs: ['lc:1:1:pdcsap'] };
    expect(await codeOf(() => cache.getOrCompute(missing, never))).toBe('INPUT_MISSING');
  });
});

describe('refresh', () => {
  it('always calls, and stores what it is given', async () => {
    const { open, openAnew } = place();
    const cache = open({ mode: 'refresh' });
    for (const flux of [1, 2]) {
      expect(fluxOf(await cache.getOrLoad(DATA_REF, () => flat(flux)))).toBe(flux);
      expect((await cache.getOrCompute(MEAN, meanOf)).mean).toBe(flux);
      expect(fluxOf(await openAnew().get(DATA_REF))).toBe(flux);
      expect(await openAnew().get(MEAN_REF)).toMatchObject({ mean: flux });
    }
    expect(await cache.getOrCompute(MEAN, () => 'anew')).toBe('anew');
    expect(await openAnew().get(MEAN_REF)).toBe('anew');
    expect(cache.stats()).toMatchObject({ loads: 5, hits: { memory: 0, disk: 0 } });
  });

  it('computes from what was refreshed, though it could not be stored', async () => {
    const { open, openAnew } = place();
    const writer = open();
    await writer.put(DATA_REF, flat(1));
    await writer.getOrCompute(MEAN, meanOf);
    const cache = openAnew({ mode: 'refresh', readOnly: true });
    await cache.getOrLoad(DATA_REF, () => flat(2));
    expect(fluxOf(await cache.get(DATA_REF))).toBe(2);
    // Not what the disk has of the older light curve.
    expect(await cache.get(MEAN_REF)).toBeUndefined();
    expect((await cache.getOrCompute(MEAN, meanOf)).mean).toBe(2);
    expect(await cache.get(MEAN_REF)).toMatchObject({ mean: 2 });
    expect(await openAnew().get(MEAN_REF)).toMatchObject({ mean: 1 });
    await writer.put(DATA_REF, flat(3));
    expect(fluxOf(await cache.get(DATA_REF))).toBe(3);
    expect(await cache.get(MEAN_REF)).toBeUndefined();
  });
});

describe.each([
  ['mode', { mode: 'readOnly' }],
  ['option', { readOnly: true }],
  ['mode, whatever the option says', { mode: 'readOnly', readOnly: false }],
] as const)('readOnly by %s', (_, options) => {
  it('reads, makes what is not there, keeps it in memory, and writes nothing', async () => {
    const { dir, open, openAnew } = place();
    await open().put(DATA_REF, flat(1));
    const before = filesUnder(dir);
    const fileSystem = recordingFileSystem();
    const cache = openAnew({ ...options, fileSystem });
    expect(cache.mode).toBe('readOnly');
    expect(fluxOf(await cache.getOrLoad(DATA_REF, never))).toBe(1);
    expect((await cache.getOrCompute(MEAN, meanOf)).mean).toBe(1);
    expect((await cache.getOrCompute(MEAN, never)) as unknown).toMatchObject({ mean: 1 });
    const numbers = { ...MEAN, kind: 'number' };
    expect(await cache.getOrCompute(numbers, () => null)).toBeNull();
    expect(await cache.getOrCompute(numbers, never)).toBeNull();
    expect(cache.stats()).toMatchObject({ failedPuts: 0, hits: { memory: 2, disk: 1 }, loads: 2 });
    for (const refused of [
      async () => cache.put('a', 1),
      async () => cache.invalidate(DATA_REF),
      async () => cache.pin([DATA_REF], { name: 'run' }),
    ]) {
      expect(await codeOf(refused)).toBe('READ_ONLY');
    }
    expect(filesUnder(dir)).toEqual(before);
    const writes = ['write', 'rename', 'unlink', 'mkdir', 'link', 'rmdir'];
    expect(fileSystem.calls.filter(({ name }) => writes.includes(name))).toEqual([]);
  });

  it('takes a product in memory for stale when its input has changed', async () => {
    const { open, openAnew } = place();
    const writer = open();
    await writer.put(DATA_REF, flat(1));
    const cache = openAnew(options);
    expect((await cache.getOrCompute(MEAN, meanOf)).mean).toBe(1);
    await writer.put(DATA_REF, flat(2));
    expect((await cache.getOrCompute(MEAN, meanOf)).mean).toBe(2);
    // One that is stale on disk does not stand in the way of the one in memory.
    await writer.getOrCompute(MEAN, meanOf);
    await writer.put(DATA_REF, flat(3));
    expect((await cache.getOrCompute(MEAN, meanOf)).mean).toBe(3);
    expect((await cache.getOrCompute(MEAN, never)) as unknown).toMatchObject({ mean: 3 });
  });
});

describe('disabled', () => {
  it('reads and writes nothing, and always calls', async () => {
    const { dir, open, openAnew } = place();
    const writer = open();
    await writer.put(DATA_REF, flat(1));
    const before = readdirSync(dir, { recursive: true });
    const fileSystem = recordingFileSystem();
    const cache = open({ mode: 'disabled', fileSystem });
    let calls = 0;
    for (const flux of [2, 3]) {
      await cache.getOrLoad(DATA_REF, () => {
        calls++;
        return flat(flux);
      });
      // What was loaded is handed on to what is computed from it.
      expect((await cache.getOrCompute(MEAN, meanOf)).mean).toBe(flux);
    }
    await cache.put(DATA_REF, flat(4));
    expect((await cache.getOrCompute(MEAN, meanOf)).mean).toBe(4);
    expect(calls).toBe(2);
    expect(await cache.get(DATA_REF)).toBeUndefined();
    expect(await codeOf(() => open({ mode: 'disabled' }).getOrCompute(MEAN, meanOf))).toBe('INPUT_MISSING');
    await cache.pin([DATA_REF], { name: 'run' });
    expect(await cache.unpin('run')).toBe(false);
    expect(await cache.invalidate(DATA_REF, { downstream: true })).toEqual([DATA_REF, MEAN_REF]);
    expect(await codeOf(() => cache.getOrCompute(MEAN, meanOf))).toBe('INPUT_MISSING');

    expect(fileSystem.calls).toEqual([]);
    expect(readdirSync(dir, { recursive: true })).toEqual(before);
    expect(fluxOf(await writer.get(DATA_REF))).toBe(1);
    expect(writer.stats().hits.memory).toBe(1);
    expect(await openAnew().get(MEAN_REF)).toBeUndefined();
    await cache.close();
  });

  it('does not compute from products of inputs that have changed', async () => {
    const { open } = place();
    const cache = open({ mode: 'disabled' });
    const double = { kind: 'double', inputs: [MEAN_REF], version: '1' };
    const compute = ([mean]: readonly unknown[]) => 2 * (mean as { mean: number }).mean;
    await cache.put(DATA_REF, flat(1));
    await cache.getOrCompute(MEAN, meanOf);
    expect(await cache.getOrCompute(double, compute)).toBe(2);
    await cache.put(DATA_REF, flat(5));
    const error = await errorOf(() => cache.getOrCompute(double, compute));
    expect(error).toMatchObject({ code: 'INPUT_MISSING', key: MEAN_REF, found: 'stale' });
    await cache.getOrCompute(MEAN, meanOf);
    expect(await cache.getOrCompute(double, compute)).toBe(10);
  });

  it('makes no directory', async () => {
    const { dir, open } = place(`${place().dir}/not-there`);
    await open({ mode: 'disabled' }).getOrLoad(DATA_REF, () => flat());
    expect(existsSync(dir)).toBe(false);
  });
});

describe('openCache', () => {
  it('refuses what it does not know', async () => {
    const { open } = place();
    expect(await errorOf(() => open({ mode: 'readonly' as 'readOnly' }))).toMatchObject({
      ...{ code: 'BAD_ARGUMENT', field: 'mode' },
    });
    expect(await codeOf(() => open({ sessionId: 'a:b' }))).toBe('BAD_KEY');
    expect(await codeOf(() => open({ sessionId: undefined as unknown as string }))).toBe('BAD_KEY');
    expect(await codeOf(() => open({ maxEntries: 0 }))).toBe('BAD_ARGUMENT');
    expect(await codeOf(() => open({ memory: { maxEntries: 0 } }))).toBe('BAD_ARGUMENT');
  });

  it('is usual by default, and closes', async () => {
    const { open } = place();
    const cache = open();
    expect(cache.mode).toBe('normal');
    await cache.put(DATA_REF, flat());
    await cache.close();
    for (const refused of [
      async () => cache.get(DATA_REF),
      async () => cache.getOrLoad(DATA_REF, never),
      async () => cache.put(DATA_REF, flat()),
      async () => cache.explain(DATA_REF),
    ]) {
      expect(await codeOf(refused)).toBe('CLOSED');
    }
    expect(eventsOf(open())).toEqual([]);
  });
});
