/** What a cache with two tiers tells its host: counters, and events while it works. */
import { TessCacheError, describe } from '../errors.js';
import { EventHub, type Tier } from '../events.js';

export interface TierStats {
  /** Calls of get, getOrLoad and getOrCompute. */
  readonly requests: number;
  readonly hits: Readonly<Record<Tier, number>>;
  /** Fraction of requests that each tier answered; 0 where there were none. */
  readonly hitRate: Readonly<Record<Tier, number>>;
  /** Loaders and computations that were called and gave a value. */
  readonly loads: number;
  /** Requests that were answered by a call that another had started. */
  readonly shared: number;
  /** Values that were made and could not be stored. */
  readonly failedPuts: number;
}

export class Report {
  readonly events = new EventHub();
  readonly #hits = { memory: 0, disk: 0 };
  #requests = 0;
  #loads = 0;
  #shared = 0;
  #failedPuts = 0;
  /** Codes of what was shown where nobody listened. */
  readonly #shown = new Set<string>();

  request(): void {
    this.#requests++;
  }

  hit(key: string, tier: Tier): void {
    this.#hits[tier]++;
    this.events.emit('hit', { key, tier });
  }

  miss(key: string, reason: string): void {
    this.events.emit('miss', { key, tier: 'disk', reason });
  }

  shared(): void {
    this.#shared++;
  }

  loaded(key: string, durationSeconds: number): void {
    this.#loads++;
    this.events.emit('load', { key, durationSeconds });
  }

  /** A value that was made and could not be stored. */
  failedPut(key: string, failure: unknown): void {
    this.#failedPuts++;
    this.warn(key, failure instanceof TessCacheError ? failure : unexpected(key, failure));
  }

  /** Something that went wrong and cost nobody a value. Where nobody listens it is shown, each code once. */
  warn(key: string, error: TessCacheError): void {
    this.events.emit('warning', { key, error });
    if (this.events.isHeard('warning') || this.#shown.has(error.code)) return;
    this.#shown.add(error.code);
    process.emitWarning(`${describe(key)}: ${error.message}`, { code: `TESS_CACHE_${error.code}` });
  }

  stats(): TierStats {
    const rate = (count: number) => (this.#requests === 0 ? 0 : count / this.#requests);
    return {
      requests: this.#requests,
      hits: { ...this.#hits },
      hitRate: { memory: rate(this.#hits.memory), disk: rate(this.#hits.disk) },
      loads: this.#loads,
      shared: this.#shared,
      failedPuts: this.#failedPuts,
    };
  }
}

/** Such as the RangeError of a text that is too long for a string. */
function unexpected(key: string, cause: unknown): TessCacheError {
  const found = cause instanceof Error ? cause.message : String(cause);
  return new TessCacheError('UNSUPPORTED_VALUE', `${describe(key)} can't be stored: ${found}`, {
    key,
    cause,
  });
}
