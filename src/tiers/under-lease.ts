/** Makes a value that several processes may want: one makes it, the others wait for it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BEAT_MS, LeaseWatch, type Lease, type LeaseState } from '../disk/lease.js';

/** First and longest wait between two looks at a lease that another worker has. */
const FIRST_LOOK_MS = 10;
const LONGEST_LOOK_MS = 250;

export interface Wanted<T> {
  /** The lease on the value, a watch on it where another has it, or undefined where there are no leases. */
  readonly lease: () => Lease | LeaseWatch | undefined;
  /** The value, where somebody has made it. */
  readonly look: () => Promise<T | undefined>;
  readonly make: () => Promise<T>;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
}

/** @throws what `make` throws, or an AbortError */
export async function underLease<T>({ lease, look, make, signal }: Wanted<T>): Promise<T> {
  for (;;) {
    let mine = lease();
    if (mine instanceof LeaseWatch) {
      const state = await waitFor(mine, signal);
      const found = await look();
      if (found !== undefined) return found;
      if (state === 'free') continue;
      // There are no leases here to be had: the price is that others make it too.
      mine = undefined;
    }
    return await hold(mine, look, make, signal);
  }
}

async function waitFor(watch: LeaseWatch, signal: AbortSignal): Promise<LeaseState> {
  for (let wait = FIRST_LOOK_MS; ; wait = Math.min(wait * 1.5, LONGEST_LOOK_MS)) {
    const state = watch.look();
    if (state !== 'held') return state;
    await sleep(wait, undefined, { signal });
  }
}

async function hold<T>(
  lease: Lease | undefined,
  look: () => Promise<T | undefined>,
  make: () => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const beat = setInterval(() => lease?.beat(), BEAT_MS);
  beat.unref();
  // What nobody waits for any more may never end: nobody is to wait for its lease.
  const giveBack = () => lease?.release();
  signal.addEventListener('abort', giveBack, { once: true });
  try {
    // Who had the lease before may have finished between our look and our getting it.
    const found = await look();
    if (found !== undefined) return found;
    signal.throwIfAborted();
    return await make();
  } finally {
    clearInterval(beat);
    signal.removeEventListener('abort', giveBack);
    giveBack();
  }
}
