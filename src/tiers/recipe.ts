/** How a value is made where nobody has it: what is called, and what is recorded of it. */
import { originsOf, type Lineage, type LineageInput } from '../codec/lineage.js';
import type { PutOptions } from '../disk/writer.js';
import { TessCacheError, describe } from '../errors.js';
import { checkBelongs } from '../light-curve/belongs.js';
import type { LightCurveData } from '../light-curve/light-curve-data.js';
import type { Found, Origins } from './found.js';

export interface MakeContext {
  /** Aborted when nobody waits for the value any more. */
  readonly signal: AbortSignal;
}
export type Loader = (context: MakeContext) => LightCurveData | Promise<LightCurveData>;
/** `inputs` are the values of the inputs, in order. */
export type Compute<T, I extends readonly unknown[] = readonly unknown[]> = (
  inputs: I,
  context: MakeContext,
) => T | Promise<T>;

export interface ProductSpec {
  /** What it is: `bls`, `transit-fit`, … */
  readonly kind: string;
  /** Refs of what it is computed from, in the order in which `compute` takes their values. */
  readonly inputs: readonly string[];
  /** What it depends on besides; {} by default. */
  readonly params?: unknown;
  /** Version of the code that computes it: declare another one when results change. */
  readonly version: string;
  /** Name of that code, for the record; the kind by default. */
  readonly producer?: string;
}

export interface Made {
  readonly value: unknown;
  readonly options: PutOptions;
}

export interface Recipe {
  readonly key: string;
  /** Whether it calls a loader, which may need the network. */
  readonly isLoad: boolean;
  readonly make: (signal: AbortSignal) => Promise<Made>;
}

/** What the cache lends to what makes a value. */
export interface Means {
  /** An input from the cache. @throws TessCacheError INPUT_MISSING */
  readonly input: (key: string, product: string) => Promise<Found>;
  /** Calls what makes the value, and tells the host how long it took. */
  readonly timed: <T>(key: string, act: () => T | Promise<T>) => Promise<Timed<T>>;
}
export interface Timed<T> {
  readonly result: T;
  /** Seconds since the epoch. */
  readonly startedAt: number;
  readonly durationSeconds: number;
}

/** A light curve from its loader, and no other than the one that it was asked for. */
export function loadRecipe(dataRef: string, load: Loader, { timed }: Means): Recipe {
  const make = async (signal: AbortSignal): Promise<Made> => {
    const { result } = await timed(dataRef, () => load({ signal }));
    checkBelongs(dataRef, result);
    return { value: result, options: {} };
  };
  return { key: dataRef, isLoad: true, make };
}

export function productRecipe<T>(
  key: string,
  spec: ProductSpec,
  compute: Compute<T>,
  { input, timed }: Means,
): Recipe {
  const { kind, version, params = {}, producer = kind } = spec;
  const inputs = [...spec.inputs];
  const make = async (signal: AbortSignal): Promise<Made> => {
    const found = await Promise.all(inputs.map(async (each) => input(each, key)));
    const origins = originsFrom(found, key);
    const values = found.map((each) => each.take());
    const { result, startedAt, durationSeconds } = await timed(key, () => compute(values, { signal }));
    const lineage: Lineage = { kind, producer, version, ...origins, params };
    return { value: result, options: { lineage, computedAt: startedAt, durationSeconds } };
  };
  return { key, isLoad: false, make };
}

/**
 * What the inputs are, and what they were computed from, each once.
 *
 * @throws TessCacheError INPUT_MISSING where two values of one key went into them: it has changed while they were
 *   read, or since one of them was computed
 */
function originsFrom(found: readonly Found[], product: string): Origins {
  const inputs: LineageInput[] = [];
  const upstream: LineageInput[] = [];
  const seen = new Map<string, string>();
  const isNew = ({ key, sha256 }: LineageInput, input: string): boolean => {
    const known = seen.get(key);
    seen.set(key, sha256);
    if (known === undefined || known === sha256) return known === undefined;
    const message = `${describe(product)}: ${describe(key)} has changed since ${describe(input)} was read or computed: ask for that again first`;
    throw new TessCacheError('INPUT_MISSING', message, { key: input, found: 'stale' });
  };
  for (const { facts } of found) {
    isNew(facts, facts.key);
    inputs.push({ key: facts.key, sha256: facts.sha256 });
  }
  for (const { facts } of found) {
    for (const { key, sha256 } of facts.origins === undefined ? [] : originsOf(facts.origins)) {
      if (isNew({ key, sha256 }, facts.key)) upstream.push({ key, sha256 });
    }
  }
  return { inputs, upstream };
}
