/** Counts uses. Lists that share one can say which of two slots was used longer ago. */
export interface Clock {
  now: number;
}

/** Slots at first; the columns double when they are full. */
const INITIAL_SLOTS = 256;

/**
 * Small integers, from 1, in the order of their last use: a ring of columns in which slot 0 stands between the
 * most and the least recently used. No step depends on how many there are, and a touch reaches a few numbers that
 * lie close together, where linked objects cost a cache miss each.
 */
export class RecencyList {
  readonly #clock: Clock;
  #older = new Int32Array(INITIAL_SLOTS);
  #newer = new Int32Array(INITIAL_SLOTS);
  #usedAt = new Float64Array(INITIAL_SLOTS);
  #free: number[] = [];
  /** Slots handed out so far, those given back included, and slot 0. */
  #length = 1;
  #size = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#size;
  }

  /** The least recently used slot, or 0 where there is none. */
  get oldest(): number {
    return this.#newer[0];
  }

  /** Reading of the clock at the last use of `slot`. */
  usedAt(slot: number): number {
    return this.#usedAt[slot];
  }

  /** A slot that was free, as the most recently used. */
  add(): number {
    const slot = this.#free.pop() ?? this.#length++;
    if (slot === this.#older.length) this.#grow();
    this.#link(slot);
    this.#size++;
    return slot;
  }

  touch(slot: number): void {
    this.#unlink(slot);
    this.#link(slot);
  }

  /** Gives `slot` back. */
  remove(slot: number): void {
    this.#unlink(slot);
    this.#free.push(slot);
    this.#size--;
  }

  clear(): void {
    this.#older[0] = this.#newer[0] = 0;
    this.#free = [];
    this.#length = 1;
    this.#size = 0;
  }

  #link(slot: number): void {
    const newest = this.#older[0];
    this.#older[slot] = newest;
    this.#newer[slot] = 0;
    this.#newer[newest] = slot;
    this.#older[0] = slot;
    this.#usedAt[slot] = ++this.#clock.now;
  }

  #unlink(slot: number): void {
    const older = this.#older[slot];
    const newer = this.#newer[slot];
    this.#newer[older] = newer;
    this.#older[newer] = older;
  }

  #grow(): void {
    const length = 2 * this.#older.length;
    const [older, newer, usedAt] = [this.#older, this.#newer, this.#usedAt];
    this.#older = new Int32Array(length);
    this.#newer = new Int32Array(length);
    this.#usedAt = new Float64Array(length);
    this.#older.set(older);
    this.#newer.set(newer);
    this.#usedAt.set(usedAt);
  }
}
