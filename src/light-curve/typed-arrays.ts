/**
 * Typed arrays that the compiler won't let a caller change in place. They are ordinary typed arrays at run
 * time; what writes to them, or hands out a writable view of the same memory, is missing from the type.
 */
type WritesInPlace = 'copyWithin' | 'fill' | 'reverse' | 'set' | 'sort' | 'subarray' | 'buffer' | 'valueOf';
/** Callbacks of these get the array itself as last argument, which would be writable again. */
type TakesCallback = 'every' | 'filter' | 'find' | 'findIndex' | 'findLast' | 'findLastIndex' | 'forEach';
type MoreCallbacks = 'map' | 'reduce' | 'reduceRight' | 'some';

type NumericArray = Float64Array | Int32Array | Uint8Array;

interface ReadonlyNumbers<A extends NumericArray> {
  readonly [index: number]: number;
  [Symbol.iterator](): ArrayIterator<number>;
  subarray(begin?: number, end?: number): ReadonlyNumbers<A> & ReadonlyRest<A>;
  every(test: (value: number, index: number) => unknown): boolean;
  some(test: (value: number, index: number) => unknown): boolean;
  filter(test: (value: number, index: number) => unknown): A;
  find(test: (value: number, index: number) => unknown): number | undefined;
  findIndex(test: (value: number, index: number) => unknown): number;
  findLast(test: (value: number, index: number) => unknown): number | undefined;
  findLastIndex(test: (value: number, index: number) => unknown): number;
  forEach(visit: (value: number, index: number) => void): void;
  map(convert: (value: number, index: number) => number): A;
  reduce<T>(combine: (previous: T, value: number, index: number) => T, initial: T): T;
  reduceRight<T>(combine: (previous: T, value: number, index: number) => T, initial: T): T;
}

type ReadonlyRest<A extends NumericArray> = Omit<
  A,
  WritesInPlace | TakesCallback | MoreCallbacks | number | typeof Symbol.iterator
>;

/** 64-bit floats that can be read, iterated and copied, not changed. */
export type ReadonlyFloat64Array = ReadonlyNumbers<Float64Array> & ReadonlyRest<Float64Array>;
/** 32-bit signed integers that can be read, iterated and copied, not changed. */
export type ReadonlyInt32Array = ReadonlyNumbers<Int32Array> & ReadonlyRest<Int32Array>;
/** Bytes that can be read, iterated and copied, not changed. */
export type ReadonlyUint8Array = ReadonlyNumbers<Uint8Array> & ReadonlyRest<Uint8Array>;
