import { LruStore } from './lru-store.js';

export interface ProcessStores {
  readonly data: LruStore;
  readonly computed: LruStore;
}

/**
 * The number counts versions of the `ProcessStores` interface, which copies of the package of several versions
 * share: a change that an older copy could not work with takes the next one.
 */
const STORES = Symbol.for('tess-cache.session-store/1');

/**
 * The two stores of this process (of this thread, where there are workers: they share no objects). They hang on
 * `globalThis`, because a package that is loaded twice has two of each module, but only one of that.
 */
export function processStores(): ProcessStores {
  const holder = globalThis as { [STORES]?: ProcessStores };
  return (holder[STORES] ??= makeStores());
}

function makeStores(): ProcessStores {
  // One clock for both, so that the older of their oldest entries is known.
  const clock = { now: 0 };
  return { data: new LruStore(clock), computed: new LruStore(clock) };
}
