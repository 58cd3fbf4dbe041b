import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Lease } from '../../src/disk/lease.js';
import { blobPath } from '../support/caches.js';
import { DATA_REF } from '../support/light-curves.js';
import { interceptFileSystem } from '../support/recording-file-system.js';
import { MEAN, MEAN_REF, flat, heldUp, leasePath, meanOf, place, type Mean } from './support.js';

const GIVEN_UP = new Error('given up');

/** A cache with an input, and a computation that a test ends by hand. */
async function slow() {
  const { dir, open, openAnew } = place();
  const cache = open();
  await cache.put(DATA_REF, flat(4));
  const held = heldUp<Mean>();
  const finish = (index = 0) => {
    held.resolve(meanOf(held.calls[index].inputs!), index);
  };
  return { dir, open, openAnew, cache, held, finish };
}

describe('a caller with a signal', () => {
  it('gives up alone: the others get the value', async () => {
    const { cache, openAnew, held, finish } = await slow();
    const abort = new AbortController();
    const first = cache.getOrCompute(MEAN, held.compute, { signal: abort.signal });
    const others = [cache.getOrCompute(MEAN, held.compute), openAnew().getOrCompute(MEAN, held.compute)];
    await held.untilCalled();
    abort.abort(GIVEN_UP);
    await expect(first).rejects.toBe(GIVEN_UP);
    expect(held.calls[0].signal.aborted).toBe(false);
    finish();
    for (const other of others) expect((await other).mean).toBe(4);
    expect(held.calls).toHaveLength(1);
  });

  it('stops what makes the value when no other waits', async () => {
    const { cache, held } = await slow();
    const aborts = [new AbortController(), new AbortController()];
    const asked = aborts.map(async ({ signal }) => cache.getOrCompute(MEAN, held.compute, { signal }));
    await held.untilCalled();
    const [{ signal }] = held.calls;
    aborts[0].abort(new Error('first'));
    await expect(asked[0]).rejects.toThrow('first');
    expect(signal.aborted).toBe(false);
    aborts[1].abort(GIVEN_UP);
    await expect(asked[1]).rejects.toBe(GIVEN_UP);
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toBe(GIVEN_UP);
    held.reject(GIVEN_UP);
  });

  it('stops a loader too', async () => {
    const { openAnew } = place();
    const abort = new AbortController();
    const held = heldUp<ReturnType<typeof flat>>();
    const asked = openAnew().getOrLoad(DATA_REF, held.load, { signal: abort.signal });
    await held.untilCalled();
    abort.abort();
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
    expect(held.calls[0].signal.aborted).toBe(true);
    held.reject(GIVEN_UP);
  });

  it('is not called for at all where it has given up before', async () => {
    const { cache, held } = await slow();
    const signal = AbortSignal.abort(GIVEN_UP);
    await expect(cache.getOrCompute(MEAN, held.compute, { signal })).rejects.toBe(GIVEN_UP);
    await expect(cache.getOrLoad(DATA_REF, held.load as never, { signal })).rejects.toBe(GIVEN_UP);
    expect(held.calls).toHaveLength(0);
  });

  it('leaves the next caller a computation of its own, whether or not what was given up ever ends', async () => {
    const { dir, cache, openAnew, held, finish } = await slow();
    const abort = new AbortController();
    const first = cache.getOrCompute(MEAN, held.compute, { signal: abort.signal });
    await held.untilCalled();
    abort.abort(GIVEN_UP);
    await expect(first).rejects.toBe(GIVEN_UP);
    const others = [cache, openAnew()].map(async (each) => each.getOrCompute(MEAN, held.compute));
    await held.untilCalled(2);
    finish(1);
    for (const other of others) expect((await other).mean).toBe(4);
    expect(held.calls).toHaveLength(2);
    expect(existsSync(leasePath(dir, MEAN_REF))).toBe(false);
    // It ends after all, with what is too old by now.
    await openAnew().put(MEAN_REF, 'newer');
    finish(0);
    await new Promise(setImmediate);
    expect(await openAnew().get(MEAN_REF)).toBe('newer');
  });

  it('can give up while it waits for another process, and then computes nothing', async () => {
    const { dir, cache, openAnew, held } = await slow();
    const lease = openAnew().persistent.lease(MEAN_REF) as Lease;
    const abort = new AbortController();
    const asked = cache.getOrCompute(MEAN, held.compute, { signal: abort.signal });
    await new Promise(setImmediate);
    abort.abort(GIVEN_UP);
    await expect(asked).rejects.toBe(GIVEN_UP);
    expect(existsSync(leasePath(dir, MEAN_REF))).toBe(true);
    lease.release();
    const again = cache.getOrCompute(MEAN, held.compute);
    await held.untilCalled();
    held.resolve(meanOf(held.calls[0].inputs!));
    expect((await again).mean).toBe(4);
    expect(held.calls).toHaveLength(1);
  });

  it('computes nothing where it has given up when its turn comes', async () => {
    const { dir, openAnew, held } = await slow();
    const abort = new AbortController();
    const fileSystem = interceptFileSystem(({ name, path }, perform) => {
      // The last look before the computation, with the lease at hand.
      if (name === 'open' && path === blobPath(dir, MEAN_REF) && existsSync(leasePath(dir, MEAN_REF))) {
        abort.abort(GIVEN_UP);
      }
      return perform();
    });
    const asked = openAnew({ fileSystem }).getOrCompute(MEAN, held.compute, { signal: abort.signal });
    await expect(asked).rejects.toBe(GIVEN_UP);
    await new Promise(setImmediate);
    expect(held.calls).toHaveLength(0);
    expect(existsSync(leasePath(dir, MEAN_REF))).toBe(false);
  });

  it('does not disturb what has its value already', async () => {
    const { cache } = await slow();
    const abort = new AbortController();
    const product = await cache.getOrCompute(MEAN, meanOf, { signal: abort.signal });
    abort.abort();
    expect(product.mean).toBe(4);
    expect((await cache.getOrCompute(MEAN, meanOf)).mean).toBe(4);
  });

  it('leaves no listener behind', async () => {
    const { cache } = await slow();
    const abort = new AbortController();
    let listeners = 0;
    const { signal } = abort;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };
    for (let i = 0; i < 3; i++) await cache.getOrCompute({ ...MEAN, params: i }, meanOf, { signal });
    expect(listeners).toBe(0);
  });
});

describe('a failure', () => {
  it('gives the lease back, so that the next can try', async () => {
    const { dir, cache, openAnew } = await slow();
    const failure = new Error('did not converge');
    const fail = async () => Promise.reject(failure);
    await expect(cache.getOrCompute(MEAN, fail)).rejects.toBe(failure);
    await expect(
      cache.getOrCompute(MEAN, () => {
        throw failure;
      }),
    ).rejects.toBe(failure);
    expect(existsSync(leasePath(dir, MEAN_REF))).toBe(false);
    expect((await openAnew().getOrCompute(MEAN, meanOf)).mean).toBe(4);
  });

  it('stays one where a signal is given too', async () => {
    const { cache, held } = await slow();
    const abort = new AbortController();
    const asked = cache.getOrCompute(MEAN, held.compute, { signal: abort.signal });
    await held.untilCalled();
    const failure = new Error('did not converge');
    held.reject(failure);
    await expect(asked).rejects.toBe(failure);
  });
});
