/** How much is in a cache, and how one instance of it has fared. */
import type { CatalogueEntry } from './catalogue.js';
import type { MissReason } from './reader.js';

interface Tally {
  readonly entries: number;
  readonly bytes: number;
}

export interface CacheStats extends Tally {
  readonly dir: string;
  /** Infinity where there is no limit. */
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly byKind: Readonly<Record<'lightcurve' | 'value', Tally>>;
  /** Seconds since the epoch; undefined for an empty cache. */
  readonly oldestAccess: number | undefined;
  readonly newestAccess: number | undefined;
  /** Of this instance since it was opened. */
  readonly session: Counters;
}

export interface Counters {
  hits: number;
  readonly misses: Record<MissReason, number>;
  puts: number;
  evictions: number;
}

export function newCounters(): Counters {
  const misses = { absent: 0, corrupt: 0, mismatch: 0, 'newer-format': 0, stale: 0 };
  return { hits: 0, misses, puts: 0, evictions: 0 };
}

export function tallyByKind(entries: readonly CatalogueEntry[]): CacheStats['byKind'] {
  const tally = (kind: CatalogueEntry['kind']): Tally => {
    const ofKind = entries.filter((entry) => entry.kind === kind);
    return { entries: ofKind.length, bytes: ofKind.reduce((sum, { bytes }) => sum + bytes, 0) };
  };
  return { lightcurve: tally('lightcurve'), value: tally('value') };
}
