import { TessCacheError, describe } from '../errors.js';

/**
 * Bits of TESS's quality flags that make a cadence invalid by default: 1 attitude tweak, 2 safe mode,
 * 4 coarse point, 8 Earth point, 32 desaturation, 128 manual exclude, 256 discontinuity.
 */
export const DEFAULT_QUALITY_MASK = 431;

export interface ReadOptions {
  /** Flux column family: `pdcsap`, `sap`, `kspsap`, `corr`, ... Unless given, the usual one of the product. */
  readonly fluxType?: string;
  /** Quality bits that make a cadence invalid; 431 unless given. */
  readonly qualityMask?: number;
  /** Whether flux and flux error are divided by the median of the valid raw flux; true unless given. */
  readonly normalize?: boolean;
  /** For files that don't say; one that contradicts the file is refused. */
  readonly sector?: number;
  /** For files that don't say; one that contradicts the file is refused. */
  readonly ticId?: number;
  /** Name of the file, where bytes are read: some products are told by it. */
  readonly fileName?: string;
  /** The exposure time that the caller asked for, seconds; goes into the provenance. */
  readonly requestedExptimeSeconds?: number;
  /** Why this file was chosen among others; goes into the provenance. */
  readonly selectionReason?: string;
}

type Check = readonly [option: keyof ReadOptions, expected: string, fits: (value: unknown) => boolean];

const CHECKS: readonly Check[] = [
  ['fluxType', 'a string', isString],
  [
    'qualityMask',
    'an integer of 32 bits',
    (value) => Number.isInteger(value) && (value as number) >>> 0 === value,
  ],
  ['normalize', 'a boolean', (value) => typeof value === 'boolean'],
  ['sector', 'a positive integer', isPositiveInteger],
  ['ticId', 'a positive integer', isPositiveInteger],
  ['fileName', 'a string', isString],
  [
    'requestedExptimeSeconds',
    'a positive number',
    (value) => Number.isFinite(value) && (value as number) > 0,
  ],
  ['selectionReason', 'a string', isString],
];

/** @throws TessCacheError BAD_ARGUMENT naming the option */
export function checkOptions(options: ReadOptions): void {
  for (const [field, expected, fits] of CHECKS) {
    const value = options[field];
    if (value === undefined || fits(value)) continue;
    const found = describe(value);
    throw new TessCacheError('BAD_ARGUMENT', `${field} must be ${expected}, got ${found}`, {
      field,
      expected,
      found,
    });
  }
}

function isString(value: unknown): boolean {
  return typeof value === 'string';
}

function isPositiveInteger(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
