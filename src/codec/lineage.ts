/**
 * Lineage: what a product was computed from, how, and by whom. It is declared by the caller, not guessed.
 *
 *   lineage  = { "kind", "producer", "version", "inputs": [ input … ], [ "upstream": [ input … ] ],
 *                "params": structure, [ "arrays": { name: { "dtype", "shape", "sha256" } … } ] }
 *   input    = { "key", "sha256" }
 *   sha256   = of the blob file that the input had, which for one value under one key is always the same
 *   upstream = what the inputs were computed from, and those inputs, to any depth: so that a product of products
 *              is known to be stale when the first of them has changed, whether or not the ones between are
 *              computed again, or still there
 *   params   = as structure.ts writes them; of a typed array only its type, length and SHA-256 are kept
 *
 * When it was computed and how long that took stand in the sidecar: they are not part of what was computed,
 * and the blob must not depend on them.
 */
import { hash } from 'node:crypto';
import { TessCacheError } from '../errors.js';
import { checkKey } from '../ref/key.js';
import { MAX_DEPTH, encodeStructure } from './structure.js';

/** A structure takes two levels of JSON for one of the value's; the parameters are one in a lineage. */
const MAX_JSON_DEPTH = 2 * (MAX_DEPTH + 2);

export interface LineageInput {
  readonly key: string;
  /** SHA-256 of the input's blob file, hex. */
  readonly sha256: string;
}

export interface Lineage {
  /** What the product is, as in its ref. */
  readonly kind: string;
  /** Name of the code that computed it. */
  readonly producer: string;
  /** Version of that code. */
  readonly version: string;
  /** In the order in which the computation took them. */
  readonly inputs: readonly LineageInput[];
  /** What the inputs were computed from, to any depth, each once; none by default. */
  readonly upstream?: readonly LineageInput[];
  readonly params: unknown;
}

/** A lineage as it was written: `params` are a structure, plain JSON for plain values. */
export interface LineageRecord extends Lineage {
  /** Of typed arrays in the parameters, by the name that the structure gives them. */
  readonly arrays?: Readonly<Record<string, { dtype: string; shape: number[]; sha256: string }>>;
}

/** All that a product depends on: its inputs, and what those depend on. */
export function originsOf({
  inputs,
  upstream = [],
}: Pick<Lineage, 'inputs' | 'upstream'>): readonly LineageInput[] {
  return upstream.length === 0 ? inputs : [...inputs, ...upstream];
}

/** @throws TessCacheError UNSUPPORTED_VALUE where the parameters can't be written, BAD_ARGUMENT for any other fault */
export function encodeLineage({ kind, producer, version, inputs, upstream = [], params }: Lineage): string {
  const { json, tensors } = encodeStructure(params);
  const arrays = [...tensors].map(([name, { dtype, shape, bytes }]) => {
    return [name, { dtype, shape, sha256: hash('sha256', bytes, 'hex') }] as const;
  });
  const record = {
    kind,
    producer,
    version,
    inputs: Array.isArray(inputs) ? inputs.map(bare) : inputs,
    ...(upstream.length > 0 && { upstream: upstream.map(bare) }),
    params: JSON.parse(json) as unknown,
    ...(arrays.length > 0 && { arrays: Object.fromEntries(arrays) }),
  };
  try {
    checkLineage(record);
  } catch (cause) {
    // What could not be read again.
    if (!(cause instanceof TessCacheError)) throw cause;
    const { message, expected, found } = cause;
    throw new TessCacheError('BAD_ARGUMENT', message, { field: 'lineage', expected, found, cause });
  }
  return JSON.stringify(record);
}

/** @throws TessCacheError CORRUPT */
export function decodeLineage(json: string): LineageRecord {
  let record: unknown;
  try {
    record = JSON.parse(json);
  } catch (cause) {
    throw corrupt('JSON', 'something else', cause);
  }
  return checkLineage(record);
}

/** @throws TessCacheError CORRUPT where what JSON gave is no lineage */
export function checkLineage(record: unknown): LineageRecord {
  const { kind, producer, version, inputs, upstream = [] } = (record ?? {}) as Record<string, unknown>;
  const isNamed = [kind, producer, version].every((text) => typeof text === 'string');
  if (!isNamed || !Array.isArray(inputs) || !Array.isArray(upstream)) {
    throw corrupt('kind, producer, version and inputs', 'another object');
  }
  for (const input of inputs.concat(upstream)) requireInput(input);
  // Whoever writes or compares it recurses.
  if (!isWithin(MAX_JSON_DEPTH, record)) throw corrupt(`at most ${MAX_JSON_DEPTH} nested levels`, 'more');
  return record as LineageRecord;
}

function isWithin(depth: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((item) => isWithin(depth - 1, item));
}

function bare(input: LineageInput): LineageInput {
  const { key, sha256 } = input ?? {};
  return { key, sha256 };
}

function requireInput(input: unknown): void {
  const { key, sha256 } = (input ?? {}) as Record<string, unknown>;
  if (typeof sha256 !== 'string') throw corrupt('the SHA-256 of each input', 'none');
  try {
    checkKey(key);
  } catch (cause) {
    throw corrupt('the key of each input', 'another value', cause);
  }
}

function corrupt(expected: string, found: string, cause?: unknown): TessCacheError {
  return new TessCacheError('CORRUPT', `lineage: expected ${expected}, found ${found}`, {
    expected,
    found,
    cause,
  });
}
