/** Several instances on one directory, as of several processes, against a list in order of access. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PersistentCache } from '../../src/disk/persistent-cache.js';
import { blobBytes, openCache, soundKeys, tickingClock } from '../support/caches.js';
import { codeOf } from '../support/errors.js';
import { inTemporaryDirectory } from '../support/temporary-directory.js';

/** What a cache is to its users: entries in order of access, the least recent first. */
class Model {
  entries: { key: string; value: unknown; bytes: number }[] = [];

  constructor(
    readonly maxEntries: number,
    readonly maxBytes: number,
  ) {}

  get keys(): string[] {
    return this.entries.map(({ key }) => key).sort();
  }

  find(key: string): unknown {
    return this.entries.find((entry) => entry.key === key)?.value;
  }

  access(key: string): void {
    const index = this.entries.findIndex((entry) => entry.key === key);
    if (index >= 0) this.entries.push(...this.entries.splice(index, 1));
  }

  put(key: string, value: unknown, bytes: number): void {
    this.remove(key);
    this.entries.push({ key, value, bytes });
    const total = () => this.entries.reduce((sum, entry) => sum + entry.bytes, 0);
    while (this.entries.length > this.maxEntries || total() > this.maxBytes) this.entries.shift();
  }

  remove(key: string): boolean {
    const before = this.entries.length;
    this.entries = this.entries.filter((entry) => entry.key !== key);
    return this.entries.length < before;
  }
}

const KEYS = ['a', 'b', 'b/c', 'é', 'e\u0301', '__proto__'];
const key = fc.constantFrom(...KEYS);
const which = fc.nat(2);

type Op =
  | { do: 'put'; which: number; key: string; size: number }
  | { do: 'get' | 'peek' | 'has' | 'delete'; which: number; key: string }
  | { do: 'keys' | 'clear' | 'restart' | 'verify'; which: number }
  | { do: 'lose journal' | 'lose sidecars' };

const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('put' as const), which, key, size: fc.nat(2000) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('get' as const, 'delete' as const), which, key }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('get' as const), which, key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('peek' as const, 'has' as const), which, key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('keys' as const, 'restart' as const), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('clear' as const, 'verify' as const), which }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('lose journal' as const, 'lose sidecars' as const) }),
  },
);

/** A value of which no two puts give the same. */
let serial = 0;
const valueOf = (size: number) => ({ serial: serial++, filling: new Uint8Array(size) });

async function run(dir: string, model: Model, ops: readonly Op[]): Promise<void> {
  const now = tickingClock();
  const { maxEntries, maxBytes } = model;
  const open = () => openCache(dir, { maxEntries, maxBytes, now });
  const caches = [open(), open(), open()];
  for (const each of ops) await perform(each, caches, model, dir, open);
  expect(await soundKeys(dir)).toEqual(model.keys);
  expect(blobBytes(dir)).toBe(model.entries.reduce((sum, { bytes }) => sum + bytes, 0));
  for (const { key: name, value } of model.entries) expect(await open().get(name)).toEqual(value);
}

async function perform(
  each: Op,
  caches: PersistentCache[],
  model: Model,
  dir: string,
  open: () => PersistentCache,
): Promise<void> {
  if (!('which' in each)) {
    rmSync(join(dir, each.do === 'lose journal' ? 'journal' : 'meta'), { recursive: true, force: true });
    if (each.do === 'lose journal') return;
    // With the sidecars the times of access are gone: everything is accessed anew.
    for (const name of model.keys) {
      await caches[0].get(name);
      model.access(name);
    }
    return;
  }
  const cache = caches[each.which];
  switch (each.do) {
    case 'put': {
      const value = valueOf(each.size);
      if (each.size > model.maxBytes) {
        expect(await codeOf(async () => cache.put(each.key, value))).toBe('TOO_LARGE');
      } else {
        model.put(each.key, value, (await cache.put(each.key, value)).bytes);
      }
      break;
    }
    case 'get':
      expect(await cache.get(each.key)).toEqual(model.find(each.key));
      model.access(each.key);
      break;
    case 'peek':
      expect(await cache.peek(each.key)).toMatchObject({ hit: model.find(each.key) !== undefined });
      break;
    case 'has':
      expect(await cache.has(each.key)).toBe(model.find(each.key) !== undefined);
      break;
    case 'delete':
      expect(await cache.delete(each.key)).toBe(model.remove(each.key));
      break;
    case 'keys':
      expect(await cache.keys()).toEqual(model.keys);
      expect((await cache.stats()).entries).toBe(model.entries.length);
      break;
    case 'clear':
      expect(await cache.clear({ prefix: 'b' })).toBe(
        model.keys.filter((name) => name.startsWith('b')).length,
      );
      for (const name of model.keys) if (name.startsWith('b')) model.remove(name);
      break;
    case 'verify':
      expect((await cache.verify({ repair: true })).problems).toEqual([]);
      break;
    case 'restart':
      await cache.close();
      caches[each.which] = open();
      break;
  }
}

describe('caches on one directory', () => {
  it('do what one list in order of access does, under a number of entries', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(op, { maxLength: 40 }), async (max, ops) =>
        inTemporaryDirectory(async (dir) => run(dir, new Model(max, Infinity), ops)),
      ),
      { numRuns: 30 },
    );
  });

  it('do so under a number of bytes', async () => {
    const limit = fc.integer({ min: 2600, max: 6000 });
    await fc.assert(
      fc.asyncProperty(limit, fc.array(op, { maxLength: 40 }), async (max, ops) =>
        inTemporaryDirectory(async (dir) => run(dir, new Model(Infinity, max), ops)),
      ),
      { numRuns: 30 },
    );
  });

  it('do so under both', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(op, { minLength: 20, maxLength: 40 }), async (ops) =>
        inTemporaryDirectory(async (dir) => run(dir, new Model(3, 4000), ops)),
      ),
      { numRuns: 30 },
    );
  });
});
