/**
 * Which entry was accessed least recently, from lower bounds.
 *
 * A get notes its time in the sidecar alone, so the time by which an entry is queued may be too early, never
 * too late. Taking the earliest, reading its sidecar, and queueing it again where that says later gives the
 * true least recent one: all others have bounds that are later still. Each get costs at most one such look.
 */
import TinyQueue from 'tinyqueue';

/**
 * Seconds by which the clocks of machines that share a disk may differ. A time further in the future comes from a
 * clock that was wrong, and says nothing: believed, it would keep an entry for ever.
 */
export const CLOCKS_DIFFER_BY_SECONDS = 3600;

interface Queued<E> {
  readonly entry: E;
  readonly at: number;
}

/** Entries that have left stay queued until they come up; beyond this many and half, the queue is rebuilt. */
const SPARE = 1024;

export class RecencyQueue<E extends { readonly accessedAt: number }> {
  #queue: TinyQueue<Queued<E>> | undefined;
  readonly #entries: () => Iterable<E>;
  readonly #count: () => number;
  readonly #isPresent: (entry: E) => boolean;

  /** @param entries those there now; asked for once, when the first victim is wanted */
  constructor(entries: () => Iterable<E>, count: () => number, isPresent: (entry: E) => boolean) {
    this.#entries = entries;
    this.#count = count;
    this.#isPresent = isPresent;
  }

  add(entry: E): void {
    this.#queue?.push({ entry, at: entry.accessedAt });
  }

  /**
   * Takes out the least recently accessed entry that is present.
   *
   * @param readAccessTime the true time, or undefined where it can't be known
   */
  take(readAccessTime: (entry: E) => number | undefined): E | undefined {
    const queue = this.#ready();
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const { entry, at } = next;
      if (!this.#isPresent(entry)) continue;
      const actual = Math.max(entry.accessedAt, readAccessTime(entry) ?? at);
      if (actual <= at) return entry;
      queue.push({ entry, at: actual });
    }
    return undefined;
  }

  #ready(): TinyQueue<Queued<E>> {
    if (this.#queue === undefined || this.#queue.length > 1.5 * this.#count() + SPARE) {
      const queued = Array.from(this.#entries(), (entry) => ({ entry, at: entry.accessedAt }));
      this.#queue = new TinyQueue(queued, (a, b) => a.at - b.at);
    }
    return this.#queue;
  }
}
