import { mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PersistentCacheOptions } from '../../src/disk/options.js';
import { blobPath, filesUnder, openCache, soundKeys } from '../support/caches.js';
import { codeOf, errorOf } from '../support/errors.js';
import { faultyFileSystem } from '../support/faulty-file-system.js';
import { recordingFileSystem } from '../support/recording-file-system.js';
import { RemoteProcess, type Remote } from '../support/remote-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** A cache whose clock a test sets. */
function place(options: Omit<PersistentCacheOptions, 'dir'> = {}) {
  const dir = temporaryDirectory();
  const clock = { seconds: 1_800_000_000 };
  const cache = openCache(dir, { maxEntries: 3, now: () => clock.seconds, ...options });
  return { dir, clock, cache, pins: join(dir, 'pins') };
}

describe('pin', () => {
  it('keeps entries from any number of puts, until unpin', async () => {
    const { dir, cache } = place();
    await cache.put('a', 1);
    await cache.put('b', 2);
    await cache.pin(['a', 'b'], { name: 'run' });
    for (let i = 0; i < 50; i++) await cache.put(`other ${i}`, i);
    expect(await soundKeys(dir)).toEqual(['a', 'b', 'other 49']);
    expect(await cache.get('a')).toBe(1);

    expect(await cache.unpin('run')).toBe(true);
    expect(await cache.unpin('run')).toBe(false);
    expect(await cache.pins()).toEqual([]);
    await cache.put('x', 1);
    await cache.put('y', 1);
    await cache.put('z', 1);
    expect(await cache.keys()).toEqual(['x', 'y', 'z']);
  });

  it('keeps them when bytes are what is short', async () => {
    const { cache } = place({ maxEntries: Infinity, maxBytes: 10_000 });
    await cache.put('a', new Uint8Array(4000));
    await cache.pin(['a'], { name: 'run' });
    for (let i = 0; i < 20; i++) await cache.put(`other ${i}`, new Uint8Array(3000));
    expect(await cache.keys()).toEqual(['a', 'other 19']);
    expect(await codeOf(() => cache.put('b', new Uint8Array(8000)))).toBe('PINNED');
  });

  it('keeps what is put after the pin, and what is replaced', async () => {
    const { cache } = place();
    await cache.pin(['later'], { name: 'run' });
    await cache.put('later', 1);
    await cache.put('later', 2);
    for (let i = 0; i < 9; i++) await cache.put(`other ${i}`, i);
    expect(await cache.get('later')).toBe(2);
  });

  it('is replaced by one of the same name, and stands beside those of other names', async () => {
    const { cache } = place();
    await cache.pin(['a', 'b'], { name: 'one' });
    await cache.pin(['b'], { name: 'two' });
    await cache.pin(['a'], { name: 'one' });
    expect((await cache.pins()).map(({ name, keys }) => [name, keys])).toEqual([
      ['one', ['a']],
      ['two', ['b']],
    ]);
    expect((await cache.explain('a')).pins).toEqual(['one']);
    for (const key of ['a', 'b']) await cache.put(key, key);
    await cache.unpin('one');
    for (let i = 0; i < 9; i++) await cache.put(`other ${i}`, i);
    expect(await cache.keys()).toEqual(['b', 'other 7', 'other 8']);
  });

  it('ends at its expiry', async () => {
    const { cache, clock, pins } = place();
    await cache.put('a', 1);
    await cache.pin(['a'], { name: 'run', expiresInSeconds: 60 });
    clock.seconds += 59;
    for (let i = 0; i < 9; i++) await cache.put(`other ${i}`, i);
    expect(await cache.has('a')).toBe(true);
    const [pin] = await cache.pins();
    expect(pin).toMatchObject({ name: 'run', keys: ['a'] });
    expect(pin.expiresAt).toBeCloseTo(1_800_000_060, 3);
    clock.seconds += 2;
    expect(await cache.pins()).toEqual([]);
    expect((await cache.explain('a')).pins).toEqual([]);
    for (let i = 0; i < 3; i++) await cache.put(`more ${i}`, i);
    expect(await cache.has('a')).toBe(false);
    expect(await cache.unpin('run')).toBe(false);

    // What expired long ago does not lie about for ever.
    await cache.pin(['a'], { name: 'short', expiresInSeconds: 1 });
    clock.seconds += 25 * 3600;
    await cache.pin(['a'], { name: 'new' });
    expect(readdirSync(pins)).toHaveLength(1);
  });

  it('holds for ever where no expiry is given, or Infinity', async () => {
    const { cache, clock } = place();
    await cache.pin(['a'], { name: 'one' });
    await cache.pin(['a'], { name: 'two', expiresInSeconds: Infinity });
    clock.seconds += 1e9;
    expect((await cache.pins()).map(({ name, expiresAt }) => [name, expiresAt])).toEqual([
      ['one', undefined],
      ['two', undefined],
    ]);
  });

  it('keeps nothing from being deleted, cleared or invalidated', async () => {
    const { cache } = place();
    for (const key of ['a', 'b', 'c']) await cache.put(key, key);
    await cache.pin(['a', 'b', 'c'], { name: 'run' });
    expect(await cache.delete('a')).toBe(true);
    expect(await cache.invalidate('b')).toEqual(['b']);
    expect(await cache.clear()).toBe(1);
    expect(await cache.pins()).toHaveLength(1);
  });

  it('holds for other processes, and is seen by them', async () => {
    const { dir, cache } = place();
    await cache.put('a', 1);
    await cache.pin(['a'], { name: 'run' });
    const others = await RemoteProcess.startMany(2);
    const fill = async ({ tessCache }: Remote, dir: string) => {
      const cache = new tessCache.PersistentCache({ dir, maxEntries: 3 });
      for (let i = 0; i < 100; i++) await cache.put(`${process.pid} ${i}`, i);
      return (await cache.pins()).map(({ name }) => name);
    };
    const seen = await Promise.all(others.map(async (other) => other.run(fill, dir)));
    expect(seen).toEqual([['run'], ['run']]);
    // Not before both are done: while one puts, a listing of the other may see what comes and what is about to go.
    expect((await cache.keys()).length).toBeLessThanOrEqual(3);
    expect(await cache.get('a')).toBe(1);
    const unpin = async ({ tessCache }: Remote, dir: string) =>
      new tessCache.PersistentCache({ dir }).unpin('run');
    expect(await others[0].run(unpin, dir)).toBe(true);
    expect(await cache.pins()).toEqual([]);
    for (let i = 0; i < 3; i++) await cache.put(`last ${i}`, i);
    expect(await cache.has('a')).toBe(false);
    expect((await soundKeys(dir)).length).toBe(3);
  });

  it('is refused with the name of what is wrong', async () => {
    const { cache, dir } = place();
    const bad: [unknown, unknown, string][] = [
      [['a'], { name: '' }, 'name'],
      [['a'], { name: 5 }, 'name'],
      ['a', { name: 'run' }, 'keys'],
      [['a'], { name: 'run', expiresInSeconds: 0 }, 'expiresInSeconds'],
      [['a'], { name: 'run', expiresInSeconds: NaN }, 'expiresInSeconds'],
      [['a'], { name: 'run', expiresInSeconds: '60' }, 'expiresInSeconds'],
    ];
    for (const [keys, options, field] of bad) {
      const error = await errorOf(() => cache.pin(keys as string[], options as { name: string }));
      expect(error).toMatchObject({ code: 'BAD_ARGUMENT', field });
    }
    expect(await codeOf(() => cache.pin([''], { name: 'run' }))).toBe('BAD_KEY');
    const reader = openCache(dir, { readOnly: true });
    expect(await codeOf(() => reader.pin(['a'], { name: 'run' }))).toBe('READ_ONLY');
    expect(await codeOf(() => reader.unpin('run'))).toBe('READ_ONLY');
    expect(filesUnder(dir)).toEqual([]);
  });

  it('takes any name', async () => {
    const { cache, pins } = place();
    const names = ['../../up', 'a/b', '\0', '\ud800', 'é', 'x'.repeat(10_000), '__proto__'];
    for (const name of names) await cache.pin(['a'], { name });
    expect((await cache.pins()).map(({ name }) => name)).toEqual([...names].sort());
    expect(readdirSync(pins)).toHaveLength(names.length);
    for (const name of names) expect(await cache.unpin(name)).toBe(true);
    expect(readdirSync(pins)).toEqual([]);
  });
});

describe('a put beside pins that leave no room', () => {
  it('says so, by the names of the pins, and leaves everything as it was', async () => {
    const { dir, cache } = place();
    for (const key of ['a', 'b', 'c']) await cache.put(key, key);
    await cache.pin(['a', 'b'], { name: 'run 1' });
    await cache.pin(['c'], { name: 'run 2' });
    const before = filesUnder(dir).map((path) => [path, readFileSync(join(dir, path), 'latin1')]);
    for (const each of [cache, openCache(dir, { maxEntries: 3 })]) {
      const error = await errorOf(() => each.put('d', 'd'));
      expect(error).toMatchObject({ code: 'PINNED', key: 'd' });
      expect(error.message).toContain('"run 1", "run 2"');
    }
    expect(filesUnder(dir).map((path) => [path, readFileSync(join(dir, path), 'latin1')])).toEqual(before);
    expect(await soundKeys(dir)).toEqual(['a', 'b', 'c']);
    // A pinned entry may be replaced: that needs no more room.
    await cache.put('b', 'new');
    expect(await cache.keys()).toEqual(['a', 'b', 'c']);
    await cache.unpin('run 2');
    await cache.put('d', 'd');
    expect(await cache.keys()).toEqual(['a', 'b', 'd']);
  });

  it('leaves the old value where the new one would be too large beside them', async () => {
    const { cache } = place({ maxEntries: Infinity, maxBytes: 10_000 });
    await cache.put('pinned', new Uint8Array(6000));
    await cache.put('small', new Uint8Array(1000));
    await cache.pin(['pinned'], { name: 'run' });
    expect(await codeOf(() => cache.put('small', new Uint8Array(5000)))).toBe('PINNED');
    expect(await cache.get('small')).toHaveLength(1000);
    await cache.put('small', new Uint8Array(2000));
    expect(await cache.get('small')).toHaveLength(2000);
  });

  it('does not count what somebody has removed by hand', async () => {
    const { dir, cache } = place();
    for (const key of ['a', 'b', 'c']) await cache.put(key, key);
    await cache.pin(['a', 'b', 'c'], { name: 'run' });
    rmSync(blobPath(dir, 'a'));
    await cache.put('d', 'd');
    expect(await cache.keys()).toEqual(['b', 'c', 'd']);
  });
});

describe('files of pins', () => {
  it('that are no pins are passed over', async () => {
    const { cache, pins } = place();
    await cache.pin(['a'], { name: 'run' });
    const name = (digit: number) => join(pins, `${String(digit).repeat(32)}.json`);
    writeFileSync(name(1), '');
    writeFileSync(name(2), '{"name":"x","keys":["a"');
    writeFileSync(name(3), '{"name":"x","keys":[7],"created_at":1,"expires_at":null}');
    writeFileSync(name(4), '{"name":"x","keys":["a"],"created_at":1,"expires_at":"never"}');
    writeFileSync(name(5), 'null');
    mkdirSync(name(6));
    symlinkSync('/etc/passwd', name(7));
    writeFileSync(join(pins, 'notes.txt'), 'mine');
    expect((await cache.pins()).map((pin) => pin.name)).toEqual(['run']);
    await cache.put('a', 1);
    for (let i = 0; i < 9; i++) await cache.put(`other ${i}`, i);
    expect(await cache.has('a')).toBe(true);
  });

  it('stand in no way where a file has the place of their directory', async () => {
    const { cache, pins, dir } = place();
    mkdirSync(dir, { recursive: true });
    writeFileSync(pins, '');
    for (let i = 0; i < 9; i++) await cache.put(`other ${i}`, i);
    expect(await codeOf(() => cache.pin(['a'], { name: 'run' }))).toBe('IO');
  });

  it.each(['EMFILE', 'EIO', 'EACCES'])(
    'that cannot be read now (%s) let nothing be evicted',
    async (code) => {
      let broken = false;
      const fileSystem = faultyFileSystem(({ name, path }) =>
        broken && name === 'open' && path.includes('pins') ? code : undefined,
      );
      const { cache } = place({ fileSystem });
      for (const key of ['a', 'b', 'c']) await cache.put(key, key);
      await cache.pin(['a', 'b'], { name: 'run' });
      broken = true;
      expect(await errorOf(() => cache.put('d', 'd'))).toMatchObject({ code: 'IO', found: code });
      expect(await cache.keys()).toEqual(['a', 'b', 'c']);
      broken = false;
      await cache.put('d', 'd');
      expect(await cache.keys()).toEqual(['a', 'b', 'd']);
    },
  );

  it('are read once, and again when they have changed', async () => {
    const fileSystem = recordingFileSystem();
    const { dir, cache } = place({ fileSystem });
    const reads = async (act: () => unknown) => {
      const calls = await fileSystem.during(act);
      return calls.filter(({ name, path }) => name === 'read' && path.includes('pins')).length;
    };
    await cache.pin(['a'], { name: 'run' });
    for (let i = 0; i < 3; i++) await cache.put(`first ${i}`, i);
    expect(await reads(() => cache.put('x', 1))).toBeLessThanOrEqual(1);
    expect(await reads(() => cache.put('y', 1))).toBe(0);
    await openCache(dir).pin(['x', 'y'], { name: 'run' });
    expect(await reads(() => cache.put('z', 1))).toBe(1);
    expect(await cache.keys()).toEqual(['x', 'y', 'z']);
  });

  it('cost nothing where there are none, and no reading where nothing must go', async () => {
    const fileSystem = recordingFileSystem();
    const { cache } = place({ fileSystem, maxEntries: 100 });
    await cache.put('a', 1);
    const inPins = async (act: () => unknown) =>
      (await fileSystem.during(act)).filter(({ path }) => path.includes('pins')).map(({ name }) => name);
    expect(await inPins(() => cache.put('b', 1))).toEqual(['lstat']);
    await cache.pin(['a'], { name: 'run' });
    expect(await inPins(() => cache.put('c', 1))).toEqual(['lstat', 'readdir']);
  });
});
