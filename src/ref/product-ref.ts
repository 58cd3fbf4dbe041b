/**
 * Product refs: the names of what is computed from light curves.
 *
 *   product-ref = kind ":" tic ":" sectors ":" hash
 *   kind        = a-z *( a-z 0-9 "_" "-" )           but not "lc"
 *   tic         = a positive integer below 2^53, no leading zeros
 *   sectors     = run *( "+" run )                   ascending; one sector at least lies between two runs
 *   run         = sector [ "-" sector ]              the first and the last of consecutive sectors
 *   sector      = a positive integer below 2^53, no leading zeros
 *   hash        = 64( 0-9 a-f )
 *
 * TIC and sectors are those of the inputs: `bls:261136679:1-13+27-39:…`. The hash is the SHA-256 over the
 * canonical encodings (canonical.ts), one after the other, of "tess-cache.product-ref/1", the kind, the array of
 * inputs, the params ({} where left out) and the version. So a product has another name as soon as an input, a
 * parameter or the version differs.
 */
import { hash } from 'node:crypto';
import { TessCacheError, describe } from '../errors.js';
import { canonicalBytes } from './canonical.js';
import { parseDataRef } from './data-ref.js';
import { checkKey } from './key.js';

declare const productRefBrand: unique symbol;
/** A string made by `makeProductRef`, or accepted by `parseProductRef`. */
export type ProductRef = string & { readonly [productRefBrand]: true };

export interface ProductInit {
  /**
   * Data refs and product refs of what it is computed from, all of one TIC, at least one. Their order and
   * repetitions are part of the name, because a computation gets its inputs in this order.
   */
  readonly inputs: readonly string[];
  /** What the computation depends on besides its inputs; canonical.ts says what is equal. None is {}. */
  readonly params?: unknown;
  /** Version of the code that computes it, not empty: declare another one when results change. */
  readonly version: string;
}

export interface ProductRefParts {
  readonly kind: string;
  readonly ticId: number;
  /** Sectors of the inputs, ascending, each once. */
  readonly sectors: readonly number[];
  /** SHA-256 over kind, inputs, params and version, hex. */
  readonly hash: string;
}

/**
 * Most sectors in one ref. TESS observes 13 a year; the worst case (every other sector) stays below 2 KiB, and
 * a ref like `bls:1:1-999999999:…` can't make a reader allocate a list of that length.
 */
export const MAX_SECTORS = 500;

const HASH_DOMAIN = 'tess-cache.product-ref/1';
const KIND = /^[a-z][a-z0-9_-]*$/;
const PRODUCT_REF = /^([a-z][a-z0-9_-]*):([1-9][0-9]*):([0-9+-]+):([0-9a-f]{64})$/;
const RUN = /^([1-9][0-9]*)(?:-([1-9][0-9]*))?$/;

/**
 * The name of one product; the same on every machine.
 *
 * @param kind what it is, in lower case: `bls`, `transit-fit`, …
 * @throws TessCacheError BAD_ARGUMENT naming the field: a kind that breaks the grammar; no inputs, an input that
 *   is neither data ref nor product ref, inputs of several TICs or of more than `MAX_SECTORS` sectors; params that
 *   have no canonical encoding; an empty version. BAD_KEY where the ref would be too long for a key.
 */
export function makeProductRef(kind: string, { inputs, params = {}, version }: ProductInit): ProductRef {
  if (typeof kind !== 'string' || !KIND.test(kind) || kind === 'lc') {
    throw bad('kind', 'a-z, then a-z 0-9 _ -, and not "lc"', describe(kind));
  }
  if (!Array.isArray(inputs) || inputs.length === 0) {
    throw bad('inputs', 'an array of at least one ref', describe(inputs));
  }
  if (typeof version !== 'string' || version === '') {
    throw bad('version', 'a non-empty string', describe(version));
  }
  const { ticId, sectors } = targetOf(inputs);
  const content = Buffer.concat([
    canonicalBytes(HASH_DOMAIN),
    canonicalBytes(kind),
    canonicalBytes(inputs, 'inputs'),
    canonicalBytes(params, 'params'),
    canonicalBytes(version, 'version'),
  ]);
  const ref = `${kind}:${ticId}:${formatSectors(sectors)}:${hash('sha256', content, 'hex')}`;
  checkKey(ref);
  return ref as ProductRef;
}

/**
 * The parts of a product ref, or undefined where `ref` is none. Only the spelling that `makeProductRef` gives is
 * a product ref.
 */
export function parseProductRef(ref: string): ProductRefParts | undefined {
  const match = typeof ref === 'string' ? PRODUCT_REF.exec(ref) : null;
  if (match === null) return undefined;
  const [, kind, tic, runs, digest] = match;
  const ticId = Number(tic);
  const sectors = parseSectors(runs);
  if (kind === 'lc' || !Number.isSafeInteger(ticId) || sectors === undefined) return undefined;
  return { kind, ticId, sectors, hash: digest };
}

/**
 * One TIC for all inputs: the ref has room for one, and who looks for all products of a star must find this one.
 * What several stars make together needs a key of the caller's own.
 */
function targetOf(inputs: readonly string[]): { ticId: number; sectors: number[] } {
  const targets = inputs.map((input, i) => {
    const data = parseDataRef(input);
    const target = data ? { ticId: data.ticId, sectors: [data.sector] } : parseProductRef(input);
    if (target === undefined) throw bad(`inputs[${i}]`, 'a data ref or a product ref', describe(input));
    return target;
  });
  const { ticId } = targets[0];
  const other = targets.findIndex((target) => target.ticId !== ticId);
  if (other !== -1) {
    throw bad(`inputs[${other}]`, `an input of TIC ${ticId}, as the first`, `TIC ${targets[other].ticId}`);
  }
  const sectors = ascending(targets.flatMap((target) => target.sectors));
  if (sectors.length > MAX_SECTORS) {
    throw bad('inputs', `at most ${MAX_SECTORS} sectors`, `${sectors.length} sectors`);
  }
  return { ticId, sectors };
}

function ascending(sectors: readonly number[]): number[] {
  return [...new Set(sectors)].sort((a, b) => a - b);
}

function formatSectors(sectors: readonly number[]): string {
  const runs: { first: number; last: number }[] = [];
  for (const sector of sectors) {
    const run = runs.at(-1);
    if (run !== undefined && sector === run.last + 1) run.last = sector;
    else runs.push({ first: sector, last: sector });
  }
  return runs.map(({ first, last }) => (first === last ? first : `${first}-${last}`)).join('+');
}

function parseSectors(text: string): number[] | undefined {
  const sectors: number[] = [];
  for (const run of text.split('+')) {
    const [, first, last = first] = RUN.exec(run) ?? [];
    if (first === undefined || !Number.isSafeInteger(Number(last))) return undefined;
    if (sectors.length + Number(last) - Number(first) >= MAX_SECTORS) return undefined;
    for (let sector = Number(first); sector <= Number(last); sector++) sectors.push(sector);
  }
  // Another order, a sector twice, or neighbours that are not joined: format again and compare.
  return formatSectors(ascending(sectors)) === text ? sectors : undefined;
}

function bad(field: string, expected: string, found: string): TessCacheError {
  return new TessCacheError('BAD_ARGUMENT', `product ref: ${field} must be ${expected}, got ${found}`, {
    field,
    expected,
    found,
  });
}
