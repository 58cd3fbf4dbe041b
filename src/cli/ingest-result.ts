/** What became of files that were to be ingested: as JSON, and for people. */
import type { TessCacheError } from '../errors.js';
import type { LightCurveData } from '../light-curve/light-curve-data.js';
import { renderTable, type TableColumn } from './table.js';
import { count, formatNumber, printable } from './text.js';

export interface IngestResult {
  readonly ingested: readonly Ingested[];
  readonly failed: readonly Failed[];
  /** Files that were left because the cache itself had failed. */
  readonly not_tried: readonly string[];
  /** Keys that left to keep the limits, some of them perhaps just ingested. */
  readonly evicted: readonly string[];
}

/** Numbers alone: the arrays of thousands of files would fill the memory. */
export interface Ingested {
  readonly path: string;
  readonly key: string;
  readonly tic_id: number;
  readonly sector: number;
  readonly n_points: number;
  readonly n_valid: number;
  /** null where there are too few valid points to tell. */
  readonly cadence_seconds: number | null;
  /** Size of the blob. */
  readonly bytes: number;
  /** What the reader met and went on from. */
  readonly notes: readonly string[];
}

export interface Failed {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** Options of the command, for what the reader calls options of a function. */
const FLAGS: Readonly<Record<string, string>> = { sector: '--sector N', ticId: '--tic N' };

export function toIngested(path: string, key: string, data: LightCurveData, bytes: number): Ingested {
  return {
    path,
    key,
    tic_id: data.ticId,
    sector: data.sector,
    n_points: data.nPoints,
    n_valid: data.nValid,
    cadence_seconds: Number.isNaN(data.cadenceSeconds) ? null : data.cadenceSeconds,
    bytes,
    notes: data.provenance?.notes ?? [],
  };
}

export function toFailed(path: string, { code, message, field = '' }: TessCacheError): Failed {
  const flag = FLAGS[field];
  return { path, code, message: flag === undefined ? message : message.replace(`the option ${field}`, flag) };
}

/** Of one sort. Failures are not among them: each is shown. */
const MOST_REMARKS = 10;

const COLUMNS: readonly TableColumn[] = [
  { head: 'KEY' },
  { head: 'POINTS', align: 'right' },
  { head: 'VALID', align: 'right' },
  { head: 'CADENCE', align: 'right' },
  { head: 'FILE', shrinks: 'start' },
];

/** @param width columns of the terminal, where there is one */
export function ingestTable({ ingested }: IngestResult, width: number | undefined): string {
  if (ingested.length === 0) return '';
  const rows = ingested.map(({ key, n_points, n_valid, cadence_seconds, path }) => [
    key,
    String(n_points),
    String(n_valid),
    cadence_seconds === null ? '-' : `${formatNumber(cadence_seconds)} s`,
    path,
  ]);
  return renderTable(COLUMNS, rows, width).text;
}

export function ingestRemarks({ ingested, failed, not_tried, evicted }: IngestResult): string {
  const notes = ingested.flatMap(({ path, notes }) => notes.map((note) => `note: ${path}: ${note}`));
  const doubles = [...pathsByKey(ingested)].flatMap(([key, paths]) =>
    paths.length === 1 ? [] : [`${key} was in ${paths.length} files; kept: ${paths.at(-1)!}`],
  );
  const lines = [...firstOf(notes), ...failed.flatMap(describeFailure), ...firstOf(doubles)].map(printable);
  if (evicted.length > 0) lines.push(`${count(evicted.length, 'entry', 'entries')} left to keep the limits`);
  if (not_tried.length > 0) lines.push(`the cache failed: ${count(not_tried.length, 'file')} not tried`);
  const failures = failed.length === 0 ? '' : `, ${failed.length} failed`;
  lines.push(`ingested ${count(ingested.length, 'light curve')}${failures}`);
  return lines.join('\n');
}

/** Whole, in lines of their own: a path or a reason that is shortened helps nobody. */
function describeFailure({ path, code, message }: Failed): string[] {
  // The reader's messages begin with the path.
  const reason = message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message;
  return [`failed: ${path}`, `  ${code}: ${reason}`];
}

function firstOf(remarks: readonly string[]): string[] {
  const rest = remarks.length - MOST_REMARKS;
  return rest <= 0 ? [...remarks] : [...remarks.slice(0, MOST_REMARKS), `... and ${rest} more such remarks`];
}

function pathsByKey(ingested: readonly Ingested[]): Map<string, string[]> {
  const paths = new Map<string, string[]>();
  for (const { key, path } of ingested) {
    const known = paths.get(key);
    if (known === undefined) paths.set(key, [path]);
    else known.push(path);
  }
  return paths;
}
