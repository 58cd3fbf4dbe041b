/** What is known of an entry beside its value, and its form in JSON. */
import type { BlobHead, EntryKind } from '../codec/blob.js';
import { checkLineage, type LineageRecord } from '../codec/lineage.js';
import { TessCacheError } from '../errors.js';

/** Times are seconds since the Unix epoch. What a value doesn't have, or doesn't say, is left out. */
export interface EntryMetadata {
  readonly key: string;
  readonly kind: EntryKind;
  /** When this value was put. */
  readonly createdAt: number;
  /** When it was last put or read. */
  readonly accessedAt: number;
  /** Size of the blob file. */
  readonly bytes: number;
  /** SHA-256 of the blob file, hex, as sha256sum prints it. */
  readonly sha256: string;
  /** The checksum that stands in the blob: `xxh64:` and 16 hex digits. */
  readonly checksum: string;
  readonly ticId?: number;
  readonly sector?: number;
  /** Median time step of valid cadences, seconds. */
  readonly cadenceSeconds?: number;
  readonly fluxType?: string;
  readonly author?: string;
  /** Nominal exposure time, seconds. */
  readonly exptimeSeconds?: number;
  /** `btjd` for a light curve. */
  readonly timeFormat?: string;
  /** `tdb` for a light curve. */
  readonly timeScale?: string;
  /** Of a product: what it was computed from. */
  readonly lineage?: LineageRecord;
  /** Of a product: when its computation began. Lost with the sidecar. */
  readonly computedAt?: number;
  /** Of a product: how long its computation took, seconds. Lost with the sidecar. */
  readonly durationSeconds?: number;
}

/** Every field and its name in JSON, in the order of a sidecar. */
const NAMES: Readonly<Record<keyof EntryMetadata, string>> = {
  accessedAt: 'accessed_at',
  checksum: 'checksum',
  key: 'key',
  kind: 'kind',
  createdAt: 'created_at',
  bytes: 'bytes',
  sha256: 'sha256',
  ticId: 'tic_id',
  sector: 'sector',
  cadenceSeconds: 'cadence_seconds',
  fluxType: 'flux_type',
  author: 'author',
  exptimeSeconds: 'exptime_seconds',
  timeFormat: 'time_format',
  timeScale: 'time_scale',
  lineage: 'lineage',
  computedAt: 'computed_at',
  durationSeconds: 'duration_seconds',
};

const REQUIRED = ['key', 'kind', 'createdAt', 'accessedAt', 'bytes', 'sha256', 'checksum'] as const;
const NUMBERS: ReadonlySet<string> = new Set<keyof EntryMetadata>([
  'createdAt',
  'accessedAt',
  'bytes',
  'ticId',
  'sector',
  'cadenceSeconds',
  'exptimeSeconds',
  'computedAt',
  'durationSeconds',
]);
const FROM_BLOB = [
  'ticId',
  'sector',
  'cadenceSeconds',
  'fluxType',
  'author',
  'exptimeSeconds',
  'timeFormat',
  'timeScale',
] as const;

/** What an entry's metadata knows beside what its blob says of itself. */
export type FileFacts = Pick<
  EntryMetadata,
  'createdAt' | 'accessedAt' | 'bytes' | 'sha256' | 'computedAt' | 'durationSeconds'
>;

export function metadataOf(head: BlobHead, file: FileFacts): EntryMetadata {
  const facts: Record<string, unknown> = {};
  for (const field of FROM_BLOB) {
    const text = head.metadata.get(NAMES[field]);
    if (text === undefined) continue;
    const value = NUMBERS.has(field) ? Number(text) : text;
    // A cadence that could not be measured is NaN, which JSON doesn't have: it is not known.
    if (typeof value === 'string' || Number.isFinite(value)) facts[field] = value;
  }
  if (head.lineage !== undefined) facts.lineage = head.lineage;
  return { key: head.key, kind: head.kind, checksum: head.checksum, ...file, ...facts };
}

/** In snake_case, as it stands in a sidecar and as the command line prints it. */
export function toRecord(metadata: EntryMetadata): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (const [field, name] of Object.entries(NAMES)) {
    const value = metadata[field as keyof EntryMetadata];
    if (value !== undefined) record[name] = value;
  }
  return record;
}

/** The metadata, or undefined where a field is missing or of another type. Fields of later versions are left out. */
export function fromRecord(record: Readonly<Record<string, unknown>>): EntryMetadata | undefined {
  const metadata: Record<string, unknown> = {};
  for (const [field, name] of Object.entries(NAMES)) {
    if (!Object.hasOwn(record, name)) continue;
    const value = record[name];
    if (!isOfField(field, value)) return undefined;
    metadata[field] = value;
  }
  return REQUIRED.every((field) => field in metadata) ? (metadata as unknown as EntryMetadata) : undefined;
}

function isOfField(field: string, value: unknown): boolean {
  if (NUMBERS.has(field)) return Number.isFinite(value);
  if (field === 'kind') return value === 'lightcurve' || value === 'value';
  if (field === 'lineage') return isLineage(value);
  return typeof value === 'string';
}

/** A listing follows the inputs of every product, as their sidecars name them. */
function isLineage(value: unknown): boolean {
  try {
    checkLineage(value);
    return true;
  } catch (error) {
    if (error instanceof TessCacheError) return false;
    throw error;
  }
}
