/** The journal as people read it: what came, what left, when, why and by whose hand. */
import { TessCacheError, describe } from '../errors.js';
import type { Journal } from './journal.js';
import { isEvent, type EventRecord, type EvictionLimit, type Removal } from './journal-record.js';

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

export interface KeyHistory {
  /** Oldest first. */
  readonly events: readonly HistoryEvent[];
  /** The removal after which nothing tells that it was there again. */
  readonly left: HistoryEvent | undefined;
}

const DEFAULT_LIMIT = 100;

/**
 * Oldest first. What is older than the journal's bounds is gone.
 *
 * @throws TessCacheError BAD_ARGUMENT for a limit that is no count
 */
export function readHistory(journal: Journal, filter: HistoryFilter): HistoryEvent[] {
  const { key, event, limit = DEFAULT_LIMIT } = filter;
  if (!Number.isSafeInteger(limit) || limit < 0) {
    const [expected, found] = ['a count', describe(limit)];
    const message = `history: limit must be ${expected}, got ${found}`;
    throw new TessCacheError('BAD_ARGUMENT', message, { field: 'limit', expected, found });
  }
  let events: HistoryEvent[] = [];
  const isNew = onceEach();
  journal.readAll((record) => {
    if (!isEvent(record) || (key !== undefined && record.key !== key)) return;
    const told = toEvent(record);
    if (!isNew(told)) return;
    // A put that replaced a value is the end of that one. A journal that was rewritten tells of the end alone.
    const isEnd = event === 'replaced' && told.replaced === true;
    if (event !== undefined && told.event !== event && !isEnd) return;
    events.push(isEnd ? { ...told, event } : told);
    if (events.length > 2 * limit + 1000) events = events.slice(-limit);
  });
  return limit === 0 ? [] : events.slice(-limit);
}

/** What there is to know of one key, the last hundred events. */
export function readKeyHistory(journal: Journal, key: string): KeyHistory {
  const events: HistoryEvent[] = [];
  let left: HistoryEvent | undefined;
  const isNew = onceEach();
  journal.readAll((record) => {
    if (record.op === 'entries') {
      if (record.rows.some((row) => row[1] === key)) left = undefined;
    } else if (isEvent(record) && record.key === key) {
      const told = toEvent(record);
      if (!isNew(told)) return;
      events.push(told);
      left = told.event === 'put' || told.event === 'replaced' ? undefined : told;
    }
  });
  return { events: events.slice(-DEFAULT_LIMIT), left };
}

/** Where the journal is rewritten while somebody appends to it, a record may stand in it twice. */
function onceEach(): (event: HistoryEvent) => boolean {
  const seen = new Set<string>();
  return ({ event, at, pid, key, replaced }) => {
    const identity = `${pid} ${at} ${replaced === true ? 'replaced' : event} ${key}`;
    return seen.size < seen.add(identity).size;
  };
}

function toEvent(record: EventRecord): HistoryEvent {
  const { op, at, pid, key, bytes } = record;
  const event = { event: op, at, pid, key, bytes };
  if (record.op === 'put') return record.replaced === true ? { ...event, replaced: true } : event;
  const { limit, by } = record;
  return { ...event, ...(limit !== undefined && { limit }), ...(by !== undefined && { by }) };
}
