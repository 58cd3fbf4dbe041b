import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeFileSystem } from '../../src/disk/file-system.js';
import { Journal } from '../../src/disk/journal.js';
import { Layout } from '../../src/disk/layout.js';
import { checkKey, digestOf } from '../../src/ref/key.js';
import { makeProductRef } from '../../src/ref/product-ref.js';
import { sealedFile, valueMetadata } from '../support/blobs.js';
import { blobPath, filesUnder, openCache, sidecarOf, sidecarPath } from '../support/caches.js';
import { codeOf } from '../support/errors.js';
import { DATA_REF, TIC, sampleLightCurve } from '../support/light-curves.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** A cache whose clock a test sets. */
function place() {
  const dir = temporaryDirectory();
  const clock = { seconds: 1_800_000_000 };
  const open = (maxEntries?: number) => openCache(dir, { maxEntries, now: () => clock.seconds });
  return { dir, clock, open, cache: open() };
}

/** Writes the journal anew, as happens after thousands of records. */
function rewriteJournal(dir: string, present: readonly string[]): void {
  const rows = present.map((key) => [digestOf(checkKey(key)), key, 'value', 1, 1, null, null] as const);
  const journal = new Journal(nodeFileSystem, new Layout(dir));
  journal.readNew(() => undefined);
  journal.rewrite({ entries: rows, changedAt: [] }, [], 1_800_000_000);
}

describe('explain, of what is there', () => {
  it('tells its age, its metadata, what it was computed from and what from it, and its pins', async () => {
    const { clock, cache } = place();
    const { sha256 } = await cache.put(DATA_REF, sampleLightCurve());
    const key = makeProductRef('bls', { inputs: [DATA_REF], version: '1' });
    const lineage = {
      kind: 'bls',
      producer: 'x',
      version: '1',
      inputs: [{ key: DATA_REF, sha256 }],
      params: {},
    };
    await cache.put(key, { period: 3 }, { lineage, computedAt: 1_799_999_990, durationSeconds: 10 });
    await cache.pin([DATA_REF], { name: 'run 2' });
    await cache.pin([DATA_REF, key], { name: 'run 1' });
    clock.seconds += 3600;
    const product = await cache.explain(key);
    expect(product).toMatchObject({
      ...{ key, present: true, pins: ['run 1'], madeFromIt: [], nearest: [] },
      metadata: { lineage, durationSeconds: 10, computedAt: 1_799_999_990 },
      history: [{ event: 'put', key }],
    });
    expect(product.ageSeconds).toBeCloseTo(3600, 2);
    expect(product.reason ?? product.detail ?? product.left).toBeUndefined();
    const input = await cache.explain(DATA_REF);
    expect(input).toMatchObject({ present: true, pins: ['run 1', 'run 2'], madeFromIt: [key] });
  });

  it('counts as no access, and changes nothing', async () => {
    const { dir, clock, cache } = place();
    await cache.put('a', 1);
    const before = sidecarOf(dir, 'a');
    clock.seconds += 10;
    await cache.explain('a');
    expect(sidecarOf(dir, 'a')).toEqual(before);
    const reader = openCache(dir, { readOnly: true });
    const files = filesUnder(dir);
    await reader.explain('a');
    await reader.explain('b');
    expect(filesUnder(dir)).toEqual(files);
  });

  it('has no negative age, though the clock was set back', async () => {
    const { clock, open } = place();
    await open().put('a', 1);
    clock.seconds -= 1000;
    expect((await open().explain('a')).ageSeconds).toBe(0);
  });
});

describe('explain, of what is not there', () => {
  it('tells how it left', async () => {
    const { open } = place();
    const cache = open(2);
    for (const key of ['a', 'b', 'c']) await cache.put(key, key);
    await cache.delete('b');
    for (const each of [cache, open()]) {
      expect(await each.explain('a')).toMatchObject({
        ...{ present: false, reason: 'absent' },
        left: { event: 'evicted', limit: 'max_entries', by: 'c', pid: process.pid },
      });
      expect((await each.explain('b')).left).toMatchObject({ event: 'deleted' });
    }
    await cache.put('a', 'again');
    expect((await cache.explain('a')).left).toBeUndefined();
    await cache.clear();
    expect((await cache.explain('a')).left).toMatchObject({ event: 'cleared' });
    expect((await cache.explain('a')).history.map(({ event }) => event)).toEqual([
      ...['put', 'evicted', 'put', 'cleared'],
    ]);
  });

  it('tells no story where it does not know', async () => {
    const { dir, open, cache } = place();
    expect(await cache.explain('never')).toMatchObject({ present: false, reason: 'absent', history: [] });
    // One that was put, and taken away by hand.
    await cache.put('a', 1);
    rmSync(blobPath(dir, 'a'));
    expect((await open().explain('a')).left).toBeUndefined();
    expect((await open().explain('a')).history).toHaveLength(1);
    // One that was evicted once, put again, and taken away by hand when the journal had been written anew.
    await cache.put('b', 1);
    await cache.delete('b');
    await cache.put('b', 2);
    await cache.put('b', 3);
    rewriteJournal(dir, ['b']);
    expect((await open().explain('b')).left).toBeUndefined();
    rmSync(blobPath(dir, 'b'));
    const { left, history } = await open().explain('b');
    expect(left).toBeUndefined();
    expect(history.map(({ event }) => event)).toEqual(['deleted', 'replaced']);
    // And one that was evicted, as the journal that was written anew still knows.
    await cache.put('c', 1);
    await cache.delete('c');
    rewriteJournal(dir, []);
    expect((await open().explain('c')).left).toMatchObject({ event: 'deleted' });
  });

  it('tells of a product that is stale: which input, and what it was', async () => {
    const { open } = place();
    const cache = open();
    const { sha256 } = await cache.put(DATA_REF, sampleLightCurve(8));
    const lineage = {
      kind: 'bls',
      producer: 'x',
      version: '1',
      inputs: [{ key: DATA_REF, sha256 }],
      params: {},
    };
    const key = makeProductRef('bls', { inputs: [DATA_REF], version: '1' });
    await cache.put(key, 1, { lineage });
    await cache.delete(key);
    await cache.put(key, 2, { lineage });
    await cache.put(DATA_REF, sampleLightCurve(9));
    const explanation = await open().explain(key);
    expect(explanation).toMatchObject({ present: false, reason: 'stale', metadata: { lineage } });
    expect(explanation.detail).toContain(DATA_REF);
    expect(explanation.left).toBeUndefined();
  });

  it('tells of what is damaged, a stranger, or of a later version', async () => {
    const { dir, cache } = place();
    for (const key of ['damaged', 'stranger', 'later']) await cache.put(key, key);
    writeFileSync(blobPath(dir, 'damaged'), 'rubbish');
    rmSync(sidecarPath(dir, 'stranger'));
    writeFileSync(blobPath(dir, 'stranger'), sealedFile(valueMetadata('another key', '1')));
    mkdirSync(dirname(blobPath(dir, 'later')), { recursive: true });
    writeFileSync(
      blobPath(dir, 'later'),
      sealedFile({ ...valueMetadata('later', '1'), format: 'tess-cache/999' }),
    );
    expect(await cache.explain('damaged')).toMatchObject({
      ...{ present: false, reason: 'corrupt' },
      left: { event: 'quarantined' },
    });
    expect(await cache.explain('damaged')).toMatchObject({
      reason: 'absent',
      left: { event: 'quarantined' },
    });
    const stranger = await cache.explain('stranger');
    expect(stranger).toMatchObject({ present: false, reason: 'mismatch', left: { event: 'quarantined' } });
    expect(stranger.detail).toContain('another key');
    const later = await cache.explain('later');
    expect(later).toMatchObject({ present: false, reason: 'newer-format' });
    expect(later.left).toBeUndefined();
  });

  it('lists the nearest names, and in what they differ', async () => {
    const { cache } = place();
    await cache.put(`${DATA_REF}:spoc:20`, sampleLightCurve(8, { cadenceSeconds: 20 }));
    await cache.put(`lc:${TIC}:2:pdcsap`, sampleLightCurve(8, { sector: 2 }));
    await cache.put('lc:1:1:pdcsap', sampleLightCurve(8, { ticId: 1 }));
    expect((await cache.explain(DATA_REF)).nearest).toEqual([
      {
        key: `${DATA_REF}:spoc:20`,
        difference: 'same TIC, sector, flux type and author; exposure time 20, not 120',
      },
      {
        key: `lc:${TIC}:2:pdcsap`,
        difference: 'same TIC, flux type, author and exposure time; sector 2, not 1',
      },
    ]);
    expect((await cache.explain(`${DATA_REF}:spoc:20`)).nearest).toEqual([]);
  });

  it('is the same in a copy of the directory', async () => {
    const { dir, open } = place();
    const cache = open(1);
    await cache.put('a', 1);
    await cache.put('b', 1);
    const copy = temporaryDirectory();
    cpSync(dir, copy, { recursive: true });
    expect((await openCache(copy).explain('a')).left).toMatchObject({ event: 'evicted', by: 'b' });
  });

  it('refuses what can be no key', async () => {
    const { cache } = place();
    expect(await codeOf(() => cache.explain(''))).toBe('BAD_KEY');
    expect(await codeOf(() => cache.explain('\ud800'))).toBe('BAD_KEY');
  });
});
