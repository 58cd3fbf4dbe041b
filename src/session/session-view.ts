import { types } from 'node:util';
import { TessCacheError, describe } from '../errors.js';
import type { LruStore, Slots } from './lru-store.js';
import type { Load } from './running-loads.js';
import { typedArrayBytes } from './typed-array-bytes.js';

export interface SessionViewInit {
  readonly store: LruStore;
  readonly sessionId: string;
  /** Larger values are refused. */
  readonly maxBytes: number;
  /** Called after each put; evicts until the limits hold. */
  readonly makeRoom: () => void;
}

const NO_SLOTS: Slots = new Map();

/** What one session sees of one of the stores: its own entries, by ref. */
export class SessionView<V> {
  readonly #store: LruStore;
  readonly #sessionId: string;
  readonly #maxBytes: number;
  readonly #makeRoom: () => void;
  /** The session's slots as the last miss found them; empty where the session has got others since. */
  #slots = NO_SLOTS;

  constructor({ store, sessionId, maxBytes, makeRoom }: SessionViewInit) {
    this.#store = store;
    this.#sessionId = sessionId;
    this.#maxBytes = maxBytes;
    this.#makeRoom = makeRoom;
  }

  get(ref: string): V | undefined {
    const slot = this.#slots.get(ref) ?? this.#find(ref);
    return slot === undefined ? undefined : (this.#store.use(slot) as V);
  }

  has(ref: string): boolean {
    return this.#find(ref) !== undefined;
  }

  put(ref: string, value: V): void {
    this.#checkRef(ref);
    if (value === undefined) {
      throw new TessCacheError('BAD_ARGUMENT', `${describe(ref)}: undefined stands for a miss, put null`, {
        key: ref,
        field: 'value',
        expected: 'anything but undefined',
        found: 'undefined',
      });
    }
    const bytes = typedArrayBytes(value);
    if (bytes > this.#maxBytes) {
      const expected = `at most maxBytes = ${this.#maxBytes} bytes of typed arrays`;
      const message = `${describe(ref)}: a value must have ${expected}, got ${bytes}`;
      throw new TessCacheError('TOO_LARGE', message, {
        key: ref,
        field: 'value',
        expected,
        found: `${bytes} bytes`,
      });
    }
    this.#store.put(this.#sessionId, ref, value, bytes);
    this.#makeRoom();
  }

  /** Least recently used first. */
  keys(): string[] {
    return this.#store.refsOf(this.#sessionId);
  }

  delete(ref: string): boolean {
    this.#checkRef(ref);
    return this.#store.delete(this.#sessionId, ref);
  }

  clear(): void {
    this.#store.clear(this.#sessionId);
  }

  /** The entry; or the load under way; or what `make` gives, which is kept where it ends undisturbed and fits. */
  getOr(ref: string, make: () => V | PromiseLike<V>): V | Promise<V> {
    if (typeof make !== 'function') {
      const found = describe(make);
      throw new TessCacheError('BAD_ARGUMENT', `${describe(ref)}: expected a function, got ${found}`, {
        key: ref,
        expected: 'a function',
        found,
      });
    }
    const cached = this.get(ref);
    if (cached !== undefined) return types.isAsyncFunction(make) ? Promise.resolve(cached) : cached;
    const { loads } = this.#store;
    const running = loads.find(this.#sessionId, ref)?.promise;
    if (running !== undefined) return running as Promise<V>;

    const load = loads.begin(this.#sessionId, ref);
    const fail = (error: unknown): never => {
      loads.end(this.#sessionId, ref, load);
      throw error;
    };
    let made: V | PromiseLike<V>;
    try {
      made = make();
    } catch (error) {
      return fail(error);
    }
    if (!isThenable(made)) return this.#finish(ref, load, made);
    const promise = Promise.resolve(made).then((value) => this.#finish(ref, load, value), fail);
    load.promise = promise;
    return promise;
  }

  #finish(ref: string, load: Load, value: V): V {
    const undisturbed = this.#store.loads.end(this.#sessionId, ref, load);
    if (undisturbed && value !== undefined) {
      const bytes = typedArrayBytes(value);
      // The caller has waited for it: what can't be kept is returned all the same.
      if (bytes <= this.#maxBytes) {
        this.#store.put(this.#sessionId, ref, value, bytes);
        this.#makeRoom();
      }
    }
    return value;
  }

  #find(ref: string): number | undefined {
    this.#checkRef(ref);
    this.#slots = this.#store.slotsOf(this.#sessionId) ?? NO_SLOTS;
    return this.#slots.get(ref);
  }

  #checkRef(ref: unknown): void {
    if (typeof ref === 'string' && ref !== '') return;
    const found = describe(ref);
    throw new TessCacheError('BAD_KEY', `ref: expected a non-empty string, got ${found}`, {
      field: 'ref',
      expected: 'a non-empty string',
      found,
    });
  }
}

function isThenable<V>(value: V | PromiseLike<V>): value is PromiseLike<V> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
