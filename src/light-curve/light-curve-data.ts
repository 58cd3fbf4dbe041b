import { TessCacheError, describe } from '../errors.js';
import type { LightCurveProvenance } from './provenance.js';
import { medianInPlace, standardDeviation } from './statistics.js';
import type { ReadonlyFloat64Array, ReadonlyInt32Array, ReadonlyUint8Array } from './typed-arrays.js';

export interface LightCurveInit {
  /** [n] BTJD days (BJD in TDB minus 2457000); NaN where a cadence has no time. */
  readonly time: ReadonlyFloat64Array;
  /** [n] relative flux, median near 1, or raw flux where the provenance says it isn't normalised. */
  readonly flux: ReadonlyFloat64Array;
  /** [n] 1-sigma error, in the unit of `flux`. */
  readonly fluxErr: ReadonlyFloat64Array;
  /** [n] TESS quality bits. */
  readonly quality: ReadonlyInt32Array;
  /** [n] 1 where a cadence may be used, 0 where not. */
  readonly validMask: ReadonlyUint8Array;
  /** TESS Input Catalog id. */
  readonly ticId: number;
  readonly sector: number;
  /** Median time step of valid cadences in seconds; NaN where there are too few to tell. */
  readonly cadenceSeconds: number;
  /** Where it comes from, or a function that knows, called at first use. */
  readonly provenance?: LightCurveProvenance | (() => LightCurveProvenance | undefined);
}

const SHAPES = [
  ['time', Float64Array],
  ['flux', Float64Array],
  ['fluxErr', Float64Array],
  ['quality', Int32Array],
  ['validMask', Uint8Array],
] as const;

/**
 * One target, one sector, one flux column. All rows of the source are kept; `validMask` says which to use.
 * The arrays are taken as they are, not copied: whoever makes a LightCurveData gives them away.
 */
export class LightCurveData {
  readonly time: ReadonlyFloat64Array;
  readonly flux: ReadonlyFloat64Array;
  readonly fluxErr: ReadonlyFloat64Array;
  readonly quality: ReadonlyInt32Array;
  readonly validMask: ReadonlyUint8Array;
  readonly ticId: number;
  readonly sector: number;
  readonly cadenceSeconds: number;
  #provenance: LightCurveInit['provenance'];

  /**
   * @param isChecked whether these very arrays made a light curve before; for the codec
   * @throws TessCacheError BAD_LIGHT_CURVE naming the field, what was expected and what was found
   */
  constructor(init: LightCurveInit, isChecked = false) {
    if (!isChecked) checkArrays(init);
    checkId('ticId', init.ticId);
    checkId('sector', init.sector);
    const cadence = init.cadenceSeconds;
    if (typeof cadence !== 'number' || cadence <= 0 || cadence === Infinity) {
      throw bad('cadenceSeconds', 'a positive number of seconds, or NaN where unknown', describe(cadence));
    }
    this.time = init.time;
    this.flux = init.flux;
    this.fluxErr = init.fluxErr;
    this.quality = init.quality;
    this.validMask = init.validMask;
    this.ticId = init.ticId;
    this.sector = init.sector;
    this.cadenceSeconds = cadence;
    this.#provenance = init.provenance;
  }

  get provenance(): LightCurveProvenance | undefined {
    if (typeof this.#provenance === 'function') this.#provenance = this.#provenance();
    return this.#provenance;
  }

  /** Number of rows, valid or not. */
  get nPoints(): number {
    return this.time.length;
  }

  get nValid(): number {
    let count = 0;
    for (let i = 0; i < this.validMask.length; i++) count += this.validMask[i];
    return count;
  }

  /** Last minus first finite time of valid rows, days; 0 where there is none. */
  get durationDays(): number {
    const times = this.#validFinite(this.time);
    let first = Infinity;
    let last = -Infinity;
    for (const time of times) {
      if (time < first) first = time;
      if (time > last) last = time;
    }
    return times.length === 0 ? 0 : last - first;
  }

  /** Median of the finite flux of valid rows; NaN where there is none. */
  get medianFlux(): number {
    return medianInPlace(this.#validFinite(this.flux));
  }

  /** Population standard deviation of the finite flux of valid rows; NaN where there is none. */
  get fluxStd(): number {
    return standardDeviation(this.#validFinite(this.flux));
  }

  /** Fraction of rows that are not valid; 0 for a curve without rows. */
  get gapFraction(): number {
    return this.nPoints === 0 ? 0 : 1 - this.nValid / this.nPoints;
  }

  /** The distinct quality values of all rows, in ascending order; each is a set of bits. */
  get qualityFlagsPresent(): number[] {
    const distinct = new Set<number>();
    for (let i = 0; i < this.quality.length; i++) distinct.add(this.quality[i]);
    return [...distinct].sort((a, b) => a - b);
  }

  #validFinite(values: ReadonlyFloat64Array): Float64Array {
    const kept = new Float64Array(values.length);
    let count = 0;
    for (let i = 0; i < values.length; i++) {
      if (this.validMask[i] === 1 && Number.isFinite(values[i])) kept[count++] = values[i];
    }
    return kept.subarray(0, count);
  }
}

function checkArrays(init: LightCurveInit): void {
  for (const [field, type] of SHAPES) {
    const array: unknown = init[field];
    if (!(array instanceof type) || Object.getPrototypeOf(array) !== type.prototype) {
      throw bad(field, `a ${type.name}`, describe(array));
    }
    if (array.length !== init.time.length) {
      throw bad(field, `${init.time.length} values, as many as time has`, String(array.length));
    }
  }
  const row = firstAboveOne(init.validMask as Uint8Array);
  if (row >= 0) throw bad('validMask', '0 or 1', `${init.validMask[row]} at row ${row}`);
}

/**
 * Row of the first value that is neither 0 nor 1, or -1. It runs at every read of a light curve, over all its
 * rows, so it looks at four of them at a time.
 */
function firstAboveOne(mask: Uint8Array): number {
  if (mask.byteOffset % 4 === 0) {
    const words = new Uint32Array(mask.buffer, mask.byteOffset, mask.length >>> 2);
    const { length } = words;
    let bits = 0;
    for (let i = 0; i < length; i++) bits |= words[i];
    for (let i = length * 4; i < mask.length; i++) bits |= mask[i];
    if ((bits & 0xfefefefe) === 0) return -1;
  }
  return mask.findIndex((value) => value > 1);
}

function checkId(field: string, value: unknown): void {
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw bad(field, 'a non-negative integer below 2^53', describe(value));
  }
}

function bad(field: string, expected: string, found: string): TessCacheError {
  const message = `light curve: ${field} must be ${expected}, got ${found}`;
  return new TessCacheError('BAD_LIGHT_CURVE', message, { field, expected, found });
}
