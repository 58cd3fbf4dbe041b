/** The journal as people read it: what came, what left, when, why and by whose hand. */
import type { Journal } from './journal.js';
import type { EvictionLimit, JournalRecord, Removal } from './journal-record.js';

export interface HistoryEvent {
  readonly event: 'put' | Removal;
  /** Seconds since the epoch. */
  readonly at: number;
  /** The process that did it. */
  readonly pid: number;
  readonly key: string;
  /** Size of the blob. */
  readonly bytes: number;
  /** Of an eviction: which limit was exceeded. */
  readonly limit?: EvictionLimit;
  /** Of an eviction: the key whose put made room. Of a quarantine: what was wrong. Of an invalidation: the input. */
  readonly by?: string;
  /** Of a put: there was another value under the key. */
  readonly replaced?: boolean;
}

export interface HistoryFilter {
  readonly key?: string;
  readonly event?: HistoryEvent['event'];
  /** The last so many; 100 by default. */
  readonly limit?: number;
}

/** Oldest first. What is older than the journal's bounds is gone. */
export function readHistory(journal: Journal, { key, event, limit = 100 }: HistoryFilter): HistoryEvent[] {
  let events: HistoryEvent[] = [];
  journal.readAll((record) => {
    if (record.op === 'entries') return;
    if (key !== undefined && record.key !== key) return;
    if (event !== undefined && record.op !== event) return;
    events.push(toEvent(record));
    if (events.length > 2 * limit + 1000) events = events.slice(-limit);
  });
  return limit === 0 ? [] : events.slice(-limit);
}

function toEvent(record: Exclude<JournalRecord, { op: 'entries' }>): HistoryEvent {
  const { op, at, pid, key, bytes } = record;
  const event = { event: op, at, pid, key, bytes };
  if (record.op === 'put') return record.replaced === true ? { ...event, replaced: true } : event;
  const { limit, by } = record;
  return { ...event, ...(limit !== undefined && { limit }), ...(by !== undefined && { by }) };
}
