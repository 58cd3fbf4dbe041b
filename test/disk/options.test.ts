import { describe, expect, it } from 'vitest';
import { resolveOptions, type PersistentCacheOptions } from '../../src/disk/options.js';
import { encodeTime } from '../../src/disk/sidecar.js';
import { errorOf } from '../support/errors.js';

describe('options', () => {
  it.each([
    ['dir', { dir: '' }],
    ['dir', { dir: 5 }],
    ['dir', { dir: 'a\0b' }],
    ['maxEntries', { maxEntries: 0 }],
    ['maxEntries', { maxEntries: 1.5 }],
    ['maxEntries', { maxEntries: NaN }],
    ['maxEntries', { maxEntries: '10' }],
    ['maxBytes', { maxBytes: -1 }],
    ['maxBytes', { maxBytes: null }],
    ['readOnly', { readOnly: 'yes' }],
    ['durable', { durable: 1 }],
    ['now', { now: 5 }],
  ])('are refused by name: %s of %o', async (field, options) => {
    const error = await errorOf(() => resolveOptions(options as unknown as PersistentCacheOptions));
    expect(error).toMatchObject({ code: 'BAD_ARGUMENT', field });
  });

  it('may set no limit', () => {
    expect(resolveOptions({ dir: '/x', maxEntries: Infinity, maxBytes: Infinity })).toMatchObject({
      maxEntries: Infinity,
      maxBytes: Infinity,
    });
  });
});

describe('the clock', () => {
  it('never stands still, and gives no time that a sidecar would give back as another', () => {
    for (const start of [
      0,
      1.6e9,
      1_790_000_000.123456,
      1_790_000_000.12345678,
      2 ** 31 + 0.5,
      2 ** 33 - 1,
    ]) {
      const { now } = resolveOptions({ dir: '/x', now: () => start });
      let last = '';
      for (let i = 0; i < 1000; i++) {
        const given = now();
        const time = encodeTime(given).toString('latin1');
        expect(Number(time)).toBe(given);
        expect(time > last, `${time} after ${last}`).toBe(true);
        expect(time).toHaveLength(20);
        last = time;
      }
    }
  });

  it('never goes back', () => {
    const times = [5, 4, 3, 10];
    const { now } = resolveOptions({ dir: '/x', now: () => times.shift()! });
    const given = [now(), now(), now(), now()];
    expect(given).toEqual([...given].sort((a, b) => a - b));
    expect(given[3]).toBe(10);
  });

  it.each([NaN, -1, Infinity, Date.UTC(2026, 0), Number.MAX_VALUE])(
    'must give seconds since the epoch, not %s',
    async (time) => {
      const { now } = resolveOptions({ dir: '/x', now: () => time });
      expect(await errorOf(() => now())).toMatchObject({ code: 'BAD_ARGUMENT', field: 'now' });
    },
  );
});
