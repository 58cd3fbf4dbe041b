import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Lineage } from '../../src/codec/lineage.js';
import type { PersistentCache } from '../../src/disk/persistent-cache.js';
import { makeProductRef } from '../../src/ref/product-ref.js';
import { blobPath, openCache, sidecarOf, sidecarPath, soundKeys } from '../support/caches.js';
import { codeOf } from '../support/errors.js';
import { DATA_REF, TIC, sampleLightCurve } from '../support/light-curves.js';
import { recordingFileSystem } from '../support/recording-file-system.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const SECOND_SECTOR = `lc:${TIC}:2:pdcsap`;
const first = (flux = 1) => sampleLightCurve(8, { flux: new Float64Array(8).fill(flux) });
const second = () => sampleLightCurve(8, { sector: 2 });

/** Puts a product of what is in the cache now, as getOrCompute does. */
async function putProduct(
  cache: PersistentCache,
  kind: string,
  inputs: readonly string[],
  value: unknown = { kind },
): Promise<string> {
  const key = makeProductRef(kind, { inputs, version: '1' });
  const metadata = await Promise.all(inputs.map(async (input) => (await cache.metadata(input))!));
  const upstream = metadata.flatMap(({ lineage }) => [
    ...(lineage?.inputs ?? []),
    ...(lineage?.upstream ?? []),
  ]);
  const lineage: Lineage = {
    ...{ kind, producer: 'test', version: '1', params: {} },
    inputs: metadata.map((input) => ({ key: input.key, sha256: input.sha256 })),
    upstream,
  };
  await cache.put(key, value, { lineage, computedAt: 1_700_000_000, durationSeconds: 2.5 });
  return key;
}

const reasonOf = async (cache: PersistentCache, key: string) => {
  const found = await cache.lookup(key);
  return found.hit ? 'hit' : found.reason;
};

describe('a product in the cache', () => {
  it('records what it was computed from, how, by whom, when and how long it took', async () => {
    const dir = temporaryDirectory();
    const cache = openCache(dir);
    const { sha256 } = await cache.put(DATA_REF, first());
    const key = await putProduct(cache, 'bls', [DATA_REF]);
    const inputs = [{ key: DATA_REF, sha256 }];
    const lineage = { kind: 'bls', producer: 'test', version: '1', inputs, params: {} };
    expect(await openCache(dir).metadata(key)).toMatchObject({
      lineage,
      computedAt: 1_700_000_000,
      durationSeconds: 2.5,
    });
    expect(sidecarOf(dir, key)).toMatchObject({ lineage, computed_at: 1_700_000_000, duration_seconds: 2.5 });
    // What is computed from stands in the blob too: a sidecar may be lost.
    rmSync(sidecarPath(dir, key));
    expect((await openCache(dir).metadata(key))?.lineage).toEqual(lineage);
  });

  it('is stale when an input has changed, and says which', async () => {
    const dir = temporaryDirectory();
    const cache = openCache(dir);
    await cache.put(DATA_REF, first());
    await cache.put(SECOND_SECTOR, second());
    const key = await putProduct(cache, 'bls', [SECOND_SECTOR, DATA_REF]);
    expect(await reasonOf(cache, key)).toBe('hit');
    await cache.put(DATA_REF, first(2));
    for (const each of [cache, openCache(dir)]) {
      const found = await each.lookup(key);
      expect(found).toMatchObject({ hit: false, reason: 'stale' });
      expect(JSON.stringify(found)).toContain(DATA_REF);
      expect(JSON.stringify(found)).not.toContain(SECOND_SECTOR);
    }
    const explanation = await cache.explain(key);
    expect(explanation).toMatchObject({
      present: false,
      reason: 'stale',
      metadata: { lineage: { kind: 'bls' } },
    });
    expect(explanation.detail).toContain(DATA_REF);
    expect(explanation.left).toBeUndefined();
    // The same value again: the product is right again.
    await cache.put(DATA_REF, first());
    expect(await reasonOf(cache, key)).toBe('hit');
    expect(await soundKeys(dir)).toHaveLength(3);
  });

  it('is not stale when an input was put again as it was, read, evicted, deleted or damaged', async () => {
    const dir = temporaryDirectory();
    const cache = openCache(dir);
    await cache.put(DATA_REF, first());
    const key = await putProduct(cache, 'bls', [DATA_REF]);
    await cache.get(DATA_REF);
    await cache.put(DATA_REF, first());
    expect(await reasonOf(cache, key)).toBe('hit');
    await cache.delete(DATA_REF);
    expect(await reasonOf(cache, key)).toBe('hit');
    await cache.put(DATA_REF, first());
    writeFileSync(blobPath(dir, DATA_REF), 'rubbish');
    expect(await reasonOf(cache, DATA_REF)).toBe('corrupt');
    expect(await reasonOf(cache, key)).toBe('hit');

    await cache.put(DATA_REF, first());
    const small = openCache(dir, { maxEntries: 2 });
    await small.get(key);
    await small.put('other', 1);
    expect(await small.has(DATA_REF)).toBe(false);
    expect(await reasonOf(small, key)).toBe('hit');
  });

  it('is judged by the blob of its input, whatever the sidecar of that says', async () => {
    const dir = temporaryDirectory();
    const cache = openCache(dir, { readOnly: false });
    await cache.put(DATA_REF, first());
    const key = await putProduct(cache, 'bls', [DATA_REF]);
    const old = readFileSync(sidecarPath(dir, DATA_REF));
    await cache.put(DATA_REF, first(2));
    // As if the writer had been killed between the two renames.
    writeFileSync(sidecarPath(dir, DATA_REF), old);
    expect(await reasonOf(openCache(dir, { readOnly: true }), key)).toBe('stale');
    rmSync(sidecarPath(dir, DATA_REF));
    expect(await reasonOf(openCache(dir, { readOnly: true }), key)).toBe('stale');
    expect(await reasonOf(cache, key)).toBe('stale');
  });

  it('is stale as soon as what its inputs were computed from has changed', async () => {
    const dir = temporaryDirectory();
    const cache = openCache(dir);
    await cache.put(DATA_REF, first());
    const detrended = await putProduct(cache, 'detrended', [DATA_REF], first(1.5));
    const search = await putProduct(cache, 'bls', [detrended]);
    const vetting = await putProduct(cache, 'vetting', [search]);
    await cache.put(DATA_REF, first(2));
    // The products between are still those that it was computed from.
    for (const key of [detrended, search, vetting]) {
      const found = await cache.lookup(key);
      expect(found).toMatchObject({ reason: 'stale', detail: `its input ${DATA_REF} has changed` });
    }
    await cache.put(DATA_REF, first());
    expect(await reasonOf(cache, vetting)).toBe('hit');
    // Those between are gone.
    await cache.delete(detrended);
    await cache.delete(search);
    expect(await reasonOf(cache, vetting)).toBe('hit');
    await cache.put(DATA_REF, first(2));
    expect(await reasonOf(cache, vetting)).toBe('stale');
  });
});

describe('a light curve under its data ref', () => {
  it('has no lineage', async () => {
    const cache = openCache(temporaryDirectory());
    const lineage = { kind: 'x', producer: 'x', version: '1', inputs: [], params: {} };
    expect(await codeOf(() => cache.put(DATA_REF, first(), { lineage }))).toBe('BAD_ARGUMENT');
    expect(await cache.has(DATA_REF)).toBe(false);
    await cache.put('stitched', first(), { lineage });
  });
});

describe('invalidate', () => {
  async function family() {
    const dir = temporaryDirectory();
    const files = recordingFileSystem();
    const cache = openCache(dir, { fileSystem: files });
    await cache.put(DATA_REF, first());
    await cache.put(SECOND_SECTOR, second());
    // A product may be a light curve.
    const detrended = await putProduct(cache, 'detrended', [DATA_REF], first(1.5));
    const search = await putProduct(cache, 'bls', [detrended]);
    const both = await putProduct(cache, 'both', [SECOND_SECTOR, detrended]);
    const vetting = await putProduct(cache, 'vetting', [search, both]);
    const other = await putProduct(cache, 'bls', [SECOND_SECTOR]);
    return { dir, files, cache, detrended, search, both, vetting, other };
  }

  it('removes one entry, and what was computed from it only when told to', async () => {
    const { dir, cache, ...products } = await family();
    expect(await cache.invalidate(DATA_REF)).toEqual([DATA_REF]);
    expect(await cache.has(DATA_REF)).toBe(false);
    for (const key of [products.detrended, products.search, products.vetting, products.other]) {
      expect(await reasonOf(cache, key)).toBe('hit');
    }
    expect(await cache.invalidate(DATA_REF)).toEqual([]);
    expect((await soundKeys(dir)).length).toBe(6);
  });

  it('removes all that was computed from it, to any depth, and nothing else', async () => {
    const { dir, cache, detrended, search, both, vetting, other } = await family();
    const removed = await cache.invalidate(DATA_REF, { downstream: true });
    expect(removed).toHaveLength(5);
    expect(removed.slice(0, 2)).toEqual([DATA_REF, detrended]);
    expect(new Set(removed)).toEqual(new Set([DATA_REF, detrended, search, both, vetting]));
    expect(await soundKeys(dir)).toEqual([other, SECOND_SECTOR].sort());
    expect(await cache.history({ event: 'invalidated' })).toMatchObject(
      [...removed].reverse().map((key) => (key === DATA_REF ? { key } : { key, by: DATA_REF })),
    );
    expect(await openCache(dir).explain(vetting)).toMatchObject({
      ...{ present: false, reason: 'absent' },
      left: { event: 'invalidated', by: DATA_REF, pid: process.pid },
    });
  });

  it('finds what is downstream of products that are not there any more', async () => {
    const { cache, detrended, search, both, vetting } = await family();
    await cache.delete(detrended);
    await cache.delete(search);
    await cache.delete(both);
    expect((await cache.explain(DATA_REF)).madeFromIt).toEqual([vetting]);
    expect(await cache.invalidate(DATA_REF, { downstream: true })).toEqual([DATA_REF, vetting]);
  });

  it('finds what is downstream of an input that is not there any more', async () => {
    const { cache, detrended } = await family();
    await cache.delete(DATA_REF);
    const removed = await cache.invalidate(DATA_REF, { downstream: true });
    expect(removed[0]).toBe(detrended);
    expect(removed).toHaveLength(4);
  });

  it('removes the farthest first, so that what is cut short can be done again', async () => {
    const { cache, files, detrended, vetting } = await family();
    const calls = await files.during(() => cache.invalidate(DATA_REF, { downstream: true }));
    const blobs = calls.filter(({ name, path }) => name === 'unlink' && path.endsWith('.safetensors'));
    const order = blobs.map(({ path }) => path);
    expect(order[0]).toBe(blobPath(cache.dir, vetting));
    expect(order.slice(-2)).toEqual([blobPath(cache.dir, detrended), blobPath(cache.dir, DATA_REF)]);
  });

  it('ends where a lineage that somebody made up goes in a circle', async () => {
    const cache = openCache(temporaryDirectory());
    const circle = ['a', 'b', 'c'];
    for (const [i, key] of circle.entries()) {
      const inputs = [{ key: circle[(i + 1) % 3], sha256: '00' }];
      await cache.put(key, i, { lineage: { kind: 'x', producer: 'x', version: '1', inputs, params: {} } });
    }
    expect(new Set(await cache.invalidate('a', { downstream: true }))).toEqual(new Set(circle));
  });
});
