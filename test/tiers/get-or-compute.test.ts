import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { LightCurveData } from '../../src/light-curve/light-curve-data.js';
import { makeProductRef } from '../../src/ref/product-ref.js';
import { blobPath, soundKeys } from '../support/caches.js';
import { codeOf, errorOf } from '../support/errors.js';
import { DATA_REF, TIC, sampleLightCurve } from '../support/light-curves.js';
import { interceptFileSystem } from '../support/recording-file-system.js';
import { MEAN, MEAN_REF, flat, heldUp, meanOf, place, type Mean } from './support.js';

const SECOND_SECTOR = `lc:${TIC}:2:pdcsap`;

/** The file that a light curve would be stored in. */
async function blobOf(lightCurve: LightCurveData): Promise<Buffer> {
  const { dir, open } = place();
  await open().put(DATA_REF, lightCurve);
  return readFileSync(blobPath(dir, DATA_REF));
}

function replaceFile(path: string, bytes: Buffer): void {
  writeFileSync(`${path}.new`, bytes);
  renameSync(`${path}.new`, path);
}

/** Counts its calls. */
function counted<T>(compute: (inputs: readonly unknown[]) => T) {
  let calls = 0;
  const counting = (inputs: readonly unknown[]) => {
    calls++;
    return compute(inputs);
  };
  return Object.assign(counting, { count: () => calls });
}

describe('getOrCompute', () => {
  it('looks in memory, then on disk, then computes', async () => {
    const { dir, open, openAnew } = place();
    const cache = open();
    await cache.put(DATA_REF, flat(3));
    const compute = counted(meanOf);
    const computed = await cache.getOrCompute(MEAN, compute);
    expect(computed).toEqual({ mean: 3, window: new Float64Array([1, 2, 3]) });
    expect(await cache.getOrCompute(MEAN, compute)).toEqual(computed);
    const other = openAnew();
    expect(await other.getOrCompute(MEAN, compute)).toEqual(computed);
    expect(await other.getOrCompute(MEAN, compute)).toEqual(computed);
    expect(compute.count()).toBe(1);
    expect([cache.stats().hits, other.stats().hits]).toEqual([
      { memory: 1, disk: 0 },
      { memory: 1, disk: 1 },
    ]);
    expect(await soundKeys(dir)).toEqual([DATA_REF, MEAN_REF].sort());
  });

  it('hands over the inputs in order, and a signal', async () => {
    const { open } = place();
    const cache = open();
    await cache.put(DATA_REF, flat(1));
    await cache.put(SECOND_SECTOR, sampleLightCurve(4, { sector: 2 }));
    const inputs = [SECOND_SECTOR, DATA_REF, SECOND_SECTOR];
    const got = await cache.getOrCompute({ kind: 'order', inputs, version: '1' }, (values, { signal }) => {
      expect(signal.aborted).toBe(false);
      return values.map((value) => value.sector);
    });
    expect(got).toEqual([2, 1, 2]);
  });

  it('records what it was computed from, with what, when and how long it took', async () => {
    const { open } = place();
    const cache = open({ now: () => 1_800_000_000 });
    await cache.put(DATA_REF, flat());
    const { sha256 } = (await cache.persistent.metadata(DATA_REF))!;
    const params = { a: 1, nan: NaN };
    await cache.getOrCompute({ ...MEAN, params, producer: 'mean.ts' }, meanOf);
    const key = makeProductRef('mean', { ...MEAN, params });
    const metadata = (await cache.persistent.metadata(key))!;
    expect(metadata).toMatchObject({
      lineage: {
        ...{ kind: 'mean', producer: 'mean.ts', version: '1', inputs: [{ key: DATA_REF, sha256 }] },
        params: { a: 1, nan: ['number', 'NaN'] },
      },
      computedAt: 1_800_000_000,
    });
    expect(metadata.durationSeconds).toBeGreaterThanOrEqual(0);
    expect(metadata.durationSeconds).toBeLessThan(10);
  });

  it('never gives what was computed from another input, parameter or version', async () => {
    const { open, openAnew } = place();
    const cache = open();
    await cache.put(DATA_REF, flat(1));
    const tell = (text: string) => () => ({ text });
    const ask = async (text: string, changes: object = {}) =>
      (await cache.getOrCompute({ ...MEAN, ...changes }, tell(text))).text;
    expect(await ask('first')).toBe('first');
    expect(await ask('again')).toBe('first');
    expect(await ask('params', { params: { n: 1 } })).toBe('params');
    expect(await ask('other params', { params: { n: '1' } })).toBe('other params');
    expect(await ask('version', { version: '2' })).toBe('version');
    expect(await ask('kind', { kind: 'median' })).toBe('kind');
    expect(await ask('params again', { params: { n: 1 } })).toBe('params');
    await cache.put(DATA_REF, flat(2));
    expect(await ask('new input')).toBe('new input');
    expect(await ask('new input and params', { params: { n: 1 } })).toBe('new input and params');
    // What another session puts is seen at once, though the product is in memory.
    await openAnew().put(DATA_REF, flat(3));
    expect(await ask('newer input')).toBe('newer input');
    expect(await ask('again')).toBe('newer input');
    // Back to the first value: a product of it was there, but has been replaced since.
    await cache.put(DATA_REF, flat(1));
    expect(await ask('back')).toBe('back');
  });

  it('says that it is stale, and of which input', async () => {
    const { open } = place();
    const cache = open();
    await cache.put(DATA_REF, flat(1));
    await cache.getOrCompute(MEAN, meanOf);
    await cache.put(DATA_REF, flat(2));
    expect(await cache.get(MEAN_REF)).toBeUndefined();
    const { reason, detail, metadata } = await cache.explain(MEAN_REF);
    expect({ reason, detail }).toEqual({ reason: 'stale', detail: `its input ${DATA_REF} has changed` });
    expect(metadata?.lineage?.inputs[0].key).toBe(DATA_REF);
  });

  it('is not stale when its input was evicted, deleted, or put again as it was', async () => {
    const { open, openAnew } = place();
    const cache = open();
    await cache.put(DATA_REF, flat(1));
    const compute = counted(meanOf);
    await cache.getOrCompute(MEAN, compute);
    await cache.put(DATA_REF, flat(1));
    const ask = async () => {
      await cache.getOrCompute(MEAN, compute);
      await openAnew().getOrCompute(MEAN, compute);
    };
    await ask();
    const small = open({ maxEntries: 1 });
    await small.persistent.get(MEAN_REF);
    await small.put('other', 1);
    expect(await cache.persistent.keys()).toEqual(['other']);
    await cache.put(DATA_REF, flat(1));
    expect(compute.count()).toBe(1);
    await openAnew().getOrCompute(MEAN, compute);
    expect(compute.count()).toBe(2);
    await cache.persistent.delete(DATA_REF);
    await ask();
    expect(compute.count()).toBe(2);
  });

  it('gives each caller a value of their own, as it was computed', async () => {
    const { open, openAnew } = place();
    const cache = open();
    await cache.put(DATA_REF, flat(1));
    const spoil = (product: Mean) => {
      (product as { mean: number }).mean = -1;
      product.window.fill(-1);
    };
    const right = { mean: 1, window: new Float64Array([1, 2, 3]) };
    const held = heldUp<Mean>();
    const asked = [cache, cache, openAnew()].map(async (each) => each.getOrCompute(MEAN, held.compute));
    await held.untilCalled();
    held.resolve(meanOf(held.calls[0].inputs!));
    for (const each of asked) {
      const product = await each;
      expect(product).toEqual(right);
      spoil(product);
    }
    for (const each of [cache, cache, openAnew(), openAnew()]) {
      const product = await each.getOrCompute(MEAN, meanOf);
      expect(product).toEqual(right);
      spoil(product);
    }
    // Nor does a computation that changes its input change what others are given.
    const OF_MEAN = { kind: 'spoilt', inputs: [MEAN_REF], version: '1' };
    await cache.getOrCompute(OF_MEAN, ([input]: readonly Mean[]) => {
      spoil(input);
      return 'done';
    });
    expect(await cache.get(MEAN_REF)).toEqual(right);
    const mine = { mine: [1] };
    await cache.put('mine', mine);
    mine.mine.push(2);
    expect(await cache.get('mine')).toEqual({ mine: [1] });
  });

  it('computes products of products, and takes them for stale when the first input has changed', async () => {
    const { open, openAnew } = place();
    const cache = open();
    const OF_MEAN = { kind: 'double', inputs: [MEAN_REF], version: '1' };
    const OF_BOTH = { kind: 'both', inputs: [makeProductRef('double', OF_MEAN), DATA_REF], version: '1' };
    const double = ([mean]: readonly unknown[]) => 2 * (mean as Mean).mean;
    const both = ([doubled, lightCurve]: readonly unknown[]) =>
      `${doubled as number} ${(lightCurve as LightCurveData).flux[0]}`;
    const chain = async () => {
      await cache.getOrCompute(MEAN, meanOf);
      await cache.getOrCompute(OF_MEAN, double);
      return cache.getOrCompute(OF_BOTH, both);
    };
    await cache.put(DATA_REF, flat(1));
    expect(await chain()).toBe('2 1');
    await cache.put(DATA_REF, flat(5));
    // The products between have not been asked for since.
    for (const each of [cache, openAnew()]) {
      const error = await errorOf(() => each.getOrCompute(OF_BOTH, both));
      expect(error).toMatchObject({ code: 'INPUT_MISSING', key: OF_BOTH.inputs[0], found: 'stale' });
      expect(error.message).toContain(DATA_REF);
    }
    expect(await chain()).toBe('10 5');
    const lineage = (await cache.persistent.metadata(makeProductRef('double', OF_MEAN)))?.lineage;
    expect(lineage?.upstream?.map(({ key }) => key)).toEqual([DATA_REF]);
    // Those between are gone: nothing says that the last is wrong, until the first has changed.
    await cache.persistent.delete(MEAN_REF);
    await cache.persistent.delete(makeProductRef('double', OF_MEAN));
    expect(await openAnew().getOrCompute(OF_BOTH, both)).toBe('10 5');
    await openAnew().put(DATA_REF, flat(7));
    expect(await codeOf(() => cache.getOrCompute(OF_BOTH, both))).toBe('INPUT_MISSING');
  });

  it('does not compute from inputs that do not belong together', async () => {
    const { dir, open, openAnew } = place();
    const writer = open();
    await writer.put(DATA_REF, flat(1));
    await writer.getOrCompute(MEAN, meanOf);
    // The light curve changes when the mean has been read and found right, and before it is read itself.
    const changed = await blobOf(flat(2));
    let looks = 0;
    const fileSystem = interceptFileSystem(({ name, path }, perform) => {
      if (name === 'open' && path === blobPath(dir, DATA_REF) && ++looks === 2) replaceFile(path, changed);
      return perform();
    });
    const compute = counted(() => 'mixed');
    const spec = { kind: 'both', inputs: [MEAN_REF, DATA_REF], version: '1' };
    const error = await errorOf(() => openAnew({ fileSystem }).getOrCompute(spec, compute));
    expect(error).toMatchObject({ code: 'INPUT_MISSING', key: MEAN_REF, found: 'stale' });
    expect(compute.count()).toBe(0);
    expect(looks).toBeGreaterThanOrEqual(2);
  });

  it('says which input is not there, and what comes near it', async () => {
    const { open } = place();
    const cache = open();
    await cache.put(`${DATA_REF}:spoc:20`, sampleLightCurve(8, { cadenceSeconds: 20 }));
    const error = await errorOf(() => cache.getOrCompute(MEAN, meanOf));
    expect(error).toMatchObject({ code: 'INPUT_MISSING', key: DATA_REF, nearest: [`${DATA_REF}:spoc:20`] });
    expect(error.message).toContain('exposure time 20, not 120');
    expect(error.message).toContain(MEAN_REF.slice(0, 40));
  });

  it.each([
    ['null', null],
    ['undefined', undefined],
    ['a number', -0],
    ['a string', ''],
    ['false', false],
    ['a bigint', 5n],
    ['an empty object', {}],
    ['a light curve', flat(4)],
  ])('keeps a product that is %s, in memory and on disk', async (_, product) => {
    const { dir, open, openAnew } = place();
    const cache = open();
    await cache.put(DATA_REF, flat());
    const compute = counted(() => product);
    for (const each of [cache, cache, openAnew(), openAnew()]) {
      expect(await each.getOrCompute(MEAN, compute)).toEqual(product);
    }
    expect(cache.stats().hits).toEqual({ memory: 1, disk: 0 });
    expect(compute.count()).toBe(1);
    await cache.put(DATA_REF, flat(2));
    await cache.getOrCompute(MEAN, compute);
    expect(compute.count()).toBe(2);
    expect(await soundKeys(dir)).toHaveLength(2);
  });

  it('keeps a product that is its input', async () => {
    const { open, openAnew } = place();
    const cache = open();
    await cache.put(DATA_REF, flat(1));
    const compute = counted(([input]) => input);
    for (const each of [cache, cache, openAnew()]) {
      expect(((await each.getOrCompute(MEAN, compute)) as LightCurveData).flux[0]).toBe(1);
    }
    expect(compute.count()).toBe(1);
    expect(cache.stats().hits.memory).toBe(1);
    await openAnew().put(DATA_REF, flat(2));
    expect(((await cache.getOrCompute(MEAN, compute)) as LightCurveData).flux[0]).toBe(2);
  });

  it('stores a product as of the input that it was computed from, though that has changed meanwhile', async () => {
    const { open, openAnew } = place();
    const cache = open();
    await cache.put(DATA_REF, flat(1));
    const held = heldUp<Mean>();
    const before = cache.getOrCompute(MEAN, held.compute);
    await held.untilCalled();
    await openAnew().put(DATA_REF, flat(2));
    // Who asks now is not given what is computed from the old one.
    const after = cache.getOrCompute(MEAN, meanOf);
    held.resolve(meanOf(held.calls[0].inputs!));
    expect((await before).mean).toBe(1);
    expect((await after).mean).toBe(2);
    expect(((await openAnew().get(MEAN_REF)) as Mean).mean).toBe(2);
  });

  it('refuses what is no product', async () => {
    const { open } = place();
    const cache = open();
    const bad: [unknown, unknown, string][] = [
      [undefined, meanOf, 'spec'],
      [MEAN, undefined, 'compute'],
      [{ ...MEAN, kind: 'lc' }, meanOf, 'kind'],
      [{ ...MEAN, inputs: [] }, meanOf, 'inputs'],
      [{ ...MEAN, version: '' }, meanOf, 'version'],
      [{ ...MEAN, params: Symbol('x') }, meanOf, 'params'],
    ];
    for (const [spec, compute, field] of bad) {
      const error = await errorOf(() => cache.getOrCompute(spec as typeof MEAN, compute as typeof meanOf));
      expect(error).toMatchObject({ code: 'BAD_ARGUMENT', field });
    }
  });
});
