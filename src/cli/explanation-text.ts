/** An explanation as people read it, and as JSON. */
import { toRecord } from '../disk/entry-metadata.js';
import type { Explanation } from '../disk/explain.js';
import type { HistoryEvent } from '../disk/history.js';
import { renderTable } from './table.js';
import { formatNumber, formatSize, formatTime, printable } from './text.js';

/** In snake_case. */
export function explanationRecord(explanation: Explanation): Record<string, unknown> {
  const { key, present, reason, detail, ageSeconds, metadata, pins, madeFromIt, left, history, nearest } =
    explanation;
  return {
    key,
    present,
    reason,
    detail,
    age_seconds: ageSeconds,
    metadata: metadata && toRecord(metadata),
    pins,
    made_from_it: madeFromIt,
    left,
    history,
    nearest,
  };
}

export function explanationText(explanation: Explanation, width: number | undefined): string {
  const { key, metadata, pins, madeFromIt, history, nearest } = explanation;
  const facts: [string, string][] = [];
  if (metadata !== undefined) {
    const { bytes, createdAt, accessedAt, sha256 } = metadata;
    facts.push([
      'stored',
      `${formatSize(bytes)}, put ${formatTime(createdAt)}, last access ${formatTime(accessedAt)}`,
    ]);
    facts.push(['sha256', sha256]);
  }
  if (metadata?.lineage !== undefined) {
    const { producer, version, inputs, params } = metadata.lineage;
    facts.push(['producer', `${producer}, version ${version}${took(metadata.durationSeconds)}`]);
    facts.push(['parameters', JSON.stringify(params)]);
    for (const input of inputs)
      facts.push(['made from', `${input.key} (sha256 ${input.sha256.slice(0, 12)}…)`]);
  }
  for (const product of madeFromIt) facts.push(['input of', product]);
  for (const pin of pins) facts.push(['pinned by', pin]);
  for (const event of history.slice(-HISTORY_LINES)) facts.push([formatTime(event.at), whatHappened(event)]);
  for (const near of nearest) facts.push(['near it', `${near.key}: ${near.difference}`]);
  const title = `${printable(key)}\n${whatIs(explanation)}`;
  if (facts.length === 0) return title;
  return `${title}\n\n${renderTable([{}, { shrinks: 'end' }], facts, width).text}`;
}

/** One line a journal event: `evicted, over max_entries, to make room for …`. */
export function whatHappened({ event, bytes, limit, by, pid, replaced }: HistoryEvent): string {
  const size = formatSize(bytes);
  const who = `by process ${pid}`;
  switch (event) {
    case 'put':
      return `put, ${size}${replaced === true ? ', in place of another value' : ''}, ${who}`;
    case 'evicted':
      return `evicted over ${limit ?? 'a limit'} when ${by ?? 'another entry'} was put, ${size}, ${who}`;
    case 'quarantined':
      return `moved to quarantine, ${by ?? 'not sound'}, ${who}`;
    case 'invalidated':
      return `invalidated${by === undefined ? '' : ` with ${by}`}, ${who}`;
    default:
      return `${event}, ${size}, ${who}`;
  }
}

/** The last events are the ones that matter; `tess-cache log --key` has them all. */
const HISTORY_LINES = 5;

function whatIs({ present, reason, detail, left }: Explanation): string {
  if (present) return 'is in the cache';
  const why = left === undefined ? '' : `: ${whatHappened(left)} at ${formatTime(left.at)}`;
  if (reason === 'absent')
    return `is not in the cache${why === '' ? ', and the journal knows of no removal' : why}`;
  return `can't be used: ${reason ?? 'unknown'}${detail === undefined ? '' : ` (${printable(detail)})`}${why}`;
}

function took(seconds: number | undefined): string {
  return seconds === undefined ? '' : `, took ${formatNumber(seconds, 3)} s`;
}
