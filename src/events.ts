/** What a cache tells its host while it works. Telling is synchronous; who listens can't break anything. */
import { TessCacheError, describe } from './errors.js';

export type Tier = 'memory' | 'disk';

export interface CacheEvents {
  hit: { readonly key: string; readonly tier: Tier };
  /** `reason` as in `Miss`, or `unreadable` where the disk gave an error. */
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

const NAMES: readonly string[] = [
  'hit',
  'miss',
  'put',
  'evict',
  'corrupt',
  'load',
  'warning',
] satisfies CacheEventName[];

export type Listener<N extends CacheEventName> = (event: CacheEvents[N]) => void;

export class EventHub {
  readonly #listeners = new Map<CacheEventName, Set<Listener<never>>>();

  /**
   * @returns a function that ends the listening
   * @throws TessCacheError BAD_ARGUMENT
   */
  on<N extends CacheEventName>(name: N, listener: Listener<N>): () => void {
    if (!NAMES.includes(name)) throw bad('event', `one of ${NAMES.join(', ')}`, name);
    if (typeof listener !== 'function') throw bad('listener', 'a function', listener);
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => {
      listeners.delete(listener);
    };
  }

  /** Whether anybody listens. */
  isHeard(name: CacheEventName): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  emit<N extends CacheEventName>(name: N, event: CacheEvents[N]): void {
    const listeners = this.#listeners.get(name);
    if (listeners === undefined) return;
    // Of those that listen now, each once, whatever they add or end.
    for (const listener of [...listeners] as ((event: CacheEvents[N]) => unknown)[]) {
      try {
        const result = listener(event);
        // An async function is taken for a listener too.
        if (result instanceof Promise) result.catch(showFault);
      } catch (error) {
        showFault(error);
      }
    }
  }
}

/** The listener's own fault, and not the caller's: it is shown, as Node shows warnings. */
function showFault(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.emitWarning(`a listener of tess-cache failed: ${text}`, { code: 'TESS_CACHE_LISTENER' });
}

function bad(field: string, expected: string, value: unknown): TessCacheError {
  const found = describe(value);
  const message = `on: ${field} must be ${expected}, got ${found}`;
  return new TessCacheError('BAD_ARGUMENT', message, { field, expected, found });
}
