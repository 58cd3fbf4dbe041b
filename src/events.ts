/** What a cache tells its host while it works. Telling is synchronous; who listens can't break anything. */
import type { TessCacheError } from './errors.js';

export type Tier = 'memory' | 'disk';

export interface CacheEvents {
  hit: { readonly key: string; readonly tier: Tier };
  /** `reason` as in `Miss`. */
  miss: { readonly key: string; readonly tier: Tier; readonly reason: string };
  put: { readonly key: string; readonly bytes: number };
  /** `by` is the key whose put made room. */
  evict: { readonly key: string; readonly bytes: number; readonly limit: string; readonly by: string };
  /** A blob that was not sound, and where it was moved. */
  corrupt: { readonly key: string; readonly detail: string; readonly quarantined: string | undefined };
  /** A loader or a computation that was called, and how long it took. */
  load: { readonly key: string; readonly durationSeconds: number };
  /** Something that went wrong and cost nobody a value: a put that failed after its value was computed. */
  warning: { readonly key: string; readonly error: TessCacheError };
}

export type CacheEventName = keyof CacheEvents;
export type Listener<N extends CacheEventName> = (event: CacheEvents[N]) => void;

export class EventHub {
  readonly #listeners = new Map<CacheEventName, Set<Listener<never>>>();

  /** @returns a function that ends the listening */
  on<N extends CacheEventName>(name: N, listener: Listener<N>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => {
      listeners.delete(listener);
    };
  }

  emit<N extends CacheEventName>(name: N, event: CacheEvents[N]): void {
    const listeners = this.#listeners.get(name);
    if (listeners === undefined) return;
    for (const listener of listeners) {
      try {
        (listener as Listener<N>)(event);
      } catch (error) {
        // The listener's own fault, and not the caller's: it is shown, as Node shows warnings.
        process.emitWarning(error instanceof Error ? error : String(error), { code: 'TESS_CACHE_LISTENER' });
      }
    }
  }
}
