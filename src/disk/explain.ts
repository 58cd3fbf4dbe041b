/** Why a key is in the cache, or why not. */
import { nearestNames, type NearName } from '../ref/nearest.js';
import type { EntryMetadata } from './entry-metadata.js';
import type { HistoryEvent, KeyHistory } from './history.js';
import type { Pin } from './pins.js';
import type { MissReason } from './reader.js';

export interface Explanation {
  readonly key: string;
  /** Whether a get would give a value. */
  readonly present: boolean;
  /** Why not. */
  readonly reason?: MissReason;
  /** What was expected and what was found, or which input has changed. */
  readonly detail?: string;
  /** Seconds since it was put. */
  readonly ageSeconds?: number;
  /** Of an entry that is there, be it stale. */
  readonly metadata?: EntryMetadata;
  /** Names of the pins that hold it. */
  readonly pins: readonly string[];
  /** Keys that were computed from it. */
  readonly madeFromIt: readonly string[];
  /** How it left, where it is not there and the journal still knows. */
  readonly left?: HistoryEvent;
  /** What the journal knows of it, oldest first. */
  readonly history: readonly HistoryEvent[];
  /** Of a key that is not there: the names that come near it. */
  readonly nearest: readonly NearName[];
}

export interface Evidence {
  readonly key: string;
  readonly miss: { readonly reason: MissReason; readonly detail?: string } | undefined;
  readonly metadata: EntryMetadata | undefined;
  readonly pins: readonly Pin[];
  readonly madeFromIt: readonly string[];
  readonly history: KeyHistory;
  readonly keys: Iterable<string>;
  readonly now: number;
}

export function explain({
  key,
  miss,
  metadata,
  pins,
  madeFromIt,
  history,
  keys,
  now,
}: Evidence): Explanation {
  // What is stale, or of a later format, is still there.
  const isGone = miss !== undefined && miss.reason !== 'stale' && miss.reason !== 'newer-format';
  const left = isGone ? history.left : undefined;
  return {
    key,
    present: miss === undefined,
    ...(miss?.reason !== undefined && { reason: miss.reason }),
    ...(miss?.detail !== undefined && { detail: miss.detail }),
    ...(metadata !== undefined && { metadata, ageSeconds: Math.max(0, now - metadata.createdAt) }),
    pins: pins.filter((pin) => pin.keys.includes(key)).map(({ name }) => name),
    madeFromIt,
    ...(left !== undefined && { left }),
    history: history.events,
    nearest: miss === undefined ? [] : nearestNames(key, keys),
  };
}
