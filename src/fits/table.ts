/**
 * Binary tables (FITS standard 4.0, section 7.3): columns of a row-by-row table to typed arrays.
 *
 *   TFORMn = [ repeat ] type [ rest ]     ; repeat is 1 where it is left out; 0 takes no room
 *   type   = L logical (T, F, or 0 for undefined)      1 byte
 *          | X bits                                    ceil(repeat / 8) bytes in all
 *          | B unsigned 8-bit integer                  1     | I, J, K signed 16-, 32-, 64-bit integers
 *          | A character                               1     | E, D 32-, 64-bit floats
 *          | C, M complex                              8, 16 | P, Q descriptors of arrays in the heap   8, 16
 *   value  = TZEROn + TSCALn x stored     ; unsigned integers are those with TZERO = 2^(bits - 1)
 *   stored = TNULLn means no value (integers)
 *
 * All numbers are big-endian. Columns end at TFIELDS, whatever TTYPEn cards follow.
 */
import { TessCacheError, describe } from '../errors.js';
import type { HeaderValue } from '../light-curve/provenance.js';
import { nameOf, type Hdu } from './hdu.js';
import { numberOf, textOf, type Header } from './header.js';

export type ColumnType = 'L' | 'X' | 'B' | 'I' | 'J' | 'K' | 'A' | 'E' | 'D' | 'C' | 'M' | 'P' | 'Q';

export interface Column {
  /** As written; an empty string where TTYPEn is missing. */
  readonly name: string;
  readonly type: ColumnType;
  /** Values in a row: 1 for a scalar; for `A` the length of the string. */
  readonly repeat: number;
  /** Where in the row it begins, bytes. */
  readonly offset: number;
  readonly unit?: string;
  readonly dim?: string;
  readonly scale: number;
  readonly zero: number;
  /** The stored integer that means no value. */
  readonly nullValue?: number | bigint;
}

export interface Table {
  readonly hdu: Hdu;
  readonly rows: number;
  readonly rowBytes: number;
  readonly columns: readonly Column[];
}

const TFORM = /^\s*([0-9]*)([LXBIJKAEDCMPQ])/;
const BYTES: Readonly<Record<ColumnType, number>> = {
  ...{ L: 1, X: 1 / 8, B: 1, I: 2, J: 4, K: 8, A: 1, E: 4, D: 8, C: 8, M: 16, P: 8, Q: 16 },
};
const MAX_FIELDS = 999;

/**
 * The columns of the binary table in `hdu`, by its header alone.
 *
 * @throws TessCacheError FITS_INVALID where the header contradicts itself
 */
export function tableOf(hdu: Hdu): Table {
  const { header } = hdu;
  // What the size of the data was computed from, so that rows x rowBytes can't lie beyond it.
  for (const [field, value] of [
    ['BITPIX', 8],
    ['NAXIS', 2],
    ['GCOUNT', 1],
  ] as const) {
    if ((header.get(field) ?? 1) !== value)
      throw invalid(hdu, field, `${value}`, describe(header.get(field)));
  }
  const rowBytes = numberOf(header, 'NAXIS1') ?? 0;
  const fields = header.get('TFIELDS');
  if (!Number.isSafeInteger(fields) || (fields as number) < 0 || (fields as number) > MAX_FIELDS) {
    throw invalid(hdu, 'TFIELDS', `an integer from 0 to ${MAX_FIELDS}`, describe(fields));
  }
  const columns: Column[] = [];
  let offset = 0;
  for (let n = 1; n <= (fields as number); n++) {
    const form = textOf(header, `TFORM${n}`);
    const [, repeatText, type] = TFORM.exec(form ?? '') ?? [];
    if (repeatText === undefined) throw invalid(hdu, `TFORM${n}`, 'a column format', describe(form));
    const repeat = repeatText === '' ? 1 : Number(repeatText);
    columns.push(columnOf(header, n, type as ColumnType, repeat, offset));
    offset += Math.ceil(repeat * BYTES[type as ColumnType]);
    // Checked at each column: the sum of two absurd ones may round down to a plausible size.
    if (offset > rowBytes) {
      throw invalid(hdu, 'NAXIS1', `room for ${n} columns, ${offset} bytes or more`, `${rowBytes} bytes`);
    }
  }
  return { hdu, rows: numberOf(header, 'NAXIS2') ?? 0, rowBytes, columns };
}

function columnOf(header: Header, n: number, type: ColumnType, repeat: number, offset: number): Column {
  const nullValue = header.get(`TNULL${n}`);
  const hasNull = typeof nullValue === 'bigint' || Number.isInteger(nullValue);
  return {
    name: textOf(header, `TTYPE${n}`)?.trim() ?? '',
    type,
    repeat,
    offset,
    unit: textOf(header, `TUNIT${n}`),
    dim: textOf(header, `TDIM${n}`),
    scale: factorOf(header.get(`TSCAL${n}`) ?? 1),
    zero: factorOf(header.get(`TZERO${n}`) ?? 0),
    nullValue: hasNull ? (nullValue as number | bigint) : undefined,
  };
}

/** NaN where the card is no number, which is refused when the column is read. */
function factorOf(value: HeaderValue): number {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : NaN;
}

/** The first column of that name, without regard to case; undefined where the table has none. */
export function columnNamed(table: Table, name: string): Column | undefined {
  const upper = name.toUpperCase();
  return table.columns.find((column) => column.name.toUpperCase() === upper);
}

/**
 * A scalar column as [rows] float64: widened exactly from E, scaled, NaN where an integer is TNULL or a
 * logical is undefined; logicals are 1 and 0. 64-bit integers round to the nearest double.
 *
 * @param bytes the file; the table's rows must be in it (`checkWhole`)
 * @throws TessCacheError FITS_INVALID for strings, vectors, bits, complex numbers and heap arrays
 */
export function float64Column(bytes: Uint8Array, table: Table, column: Column): Float64Array {
  const read = readerOf(table, column);
  const { scale, zero } = column;
  const { view, at, step } = rowsOf(bytes, table, column);
  const values = new Float64Array(table.rows);
  // The two types of every TESS product, without a call for each value.
  if (column.type === 'D')
    for (let i = 0, p = at; i < values.length; i++, p += step) values[i] = view.getFloat64(p);
  else if (column.type === 'E')
    for (let i = 0, p = at; i < values.length; i++, p += step) values[i] = view.getFloat32(p);
  else for (let i = 0, p = at; i < values.length; i++, p += step) values[i] = read(view, p);
  const scaled = column.type !== 'K' && column.type !== 'L' && (scale !== 1 || zero !== 0);
  if (scaled) for (let i = 0; i < values.length; i++) values[i] = values[i] * scale + zero;
  return values;
}

/**
 * A scalar column of integers as [rows] int32, bit patterns kept: what is unsigned from 2^31 on comes out
 * negative. What has no value comes out as -1: every bit set.
 *
 * @throws TessCacheError FITS_INVALID for values that are no 32-bit integers, and as `float64Column`
 */
export function int32Column(bytes: Uint8Array, table: Table, column: Column): Int32Array {
  const values = new Int32Array(table.rows);
  if (column.type === 'J' && column.repeat === 1 && column.scale === 1 && column.zero === 0) {
    const { view, at, step } = rowsOf(bytes, table, column);
    const missing = column.nullValue === undefined ? undefined : Number(column.nullValue);
    for (let i = 0, p = at; i < values.length; i++, p += step) values[i] = view.getInt32(p);
    if (missing !== undefined) values.forEach((value, i) => (values[i] = value === missing ? -1 : value));
    return values;
  }
  const numbers = float64Column(bytes, table, column);
  for (let i = 0; i < numbers.length; i++) {
    const value = Number.isNaN(numbers[i]) ? -1 : numbers[i];
    if (!Number.isInteger(value) || value < -(2 ** 31) || value >= 2 ** 32) {
      throw invalid(table.hdu, column.name, 'integers of 32 bits', `${value} in row ${i}`);
    }
    values[i] = value | 0;
  }
  return values;
}

/** A column of type A as [rows] strings, without trailing spaces and what follows a NUL. */
export function textColumn(bytes: Uint8Array, table: Table, column: Column): string[] {
  if (column.type !== 'A') throw invalid(table.hdu, column.name, 'strings', `type ${column.type}`);
  const { at, step } = rowsOf(bytes, table, column);
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: table.rows }, (_, i) => {
    const start = at + i * step;
    return file
      .toString('latin1', start, start + column.repeat)
      .replace(/\0.*$/s, '')
      .trimEnd();
  });
}

/** Where a column's values lie: the first at `at`, the next ones `step` bytes on. */
function rowsOf(bytes: Uint8Array, { hdu, rowBytes }: Table, column: Column) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { view, at: hdu.dataStart + column.offset, step: rowBytes };
}

type Reader = (view: DataView, at: number) => number;

/** How one stored value becomes a number, TNULL applied, and for K the scale too. */
function readerOf({ hdu }: Table, column: Column): Reader {
  const { type, repeat, nullValue, scale, zero } = column;
  if (repeat !== 1) {
    throw invalid(hdu, column.name, 'one value in a row', `${repeat} (TFORM ${repeat}${type})`);
  }
  if (!Number.isFinite(scale) || !Number.isFinite(zero)) {
    throw invalid(hdu, column.name, 'scaled by numbers (TSCAL, TZERO)', `TSCAL ${scale}, TZERO ${zero}`);
  }
  const missing = nullValue === undefined ? undefined : Number(nullValue);
  const orNaN = (value: number): number => (value === missing ? NaN : value);
  switch (type) {
    case 'D':
      return (view, at) => view.getFloat64(at);
    case 'E':
      return (view, at) => view.getFloat32(at);
    case 'B':
      return (view, at) => orNaN(view.getUint8(at));
    case 'I':
      return (view, at) => orNaN(view.getInt16(at));
    case 'J':
      return (view, at) => orNaN(view.getInt32(at));
    case 'K':
      return int64Reader(column);
    case 'L':
      return (view, at) => ({ 0x54: 1, 0x46: 0 })[view.getUint8(at)] ?? NaN;
    default:
      throw invalid(hdu, column.name, 'numbers', `type ${type}`);
  }
}

/** Integer arithmetic as long as it is exact, so that an unsigned 2^63 + 1 is rounded once, not twice. */
function int64Reader({ scale, zero, nullValue }: Column): Reader {
  const missing = nullValue === undefined ? undefined : BigInt(nullValue);
  const exact = scale === 1 && Number.isInteger(zero) ? BigInt(zero) : undefined;
  return (view, at) => {
    const stored = view.getBigInt64(at);
    if (stored === missing) return NaN;
    return exact === undefined ? Number(stored) * scale + zero : Number(stored + exact);
  };
}

function invalid(hdu: Hdu, field: string, expected: string, found: string): TessCacheError {
  const message = `${nameOf(hdu)}: ${field} must be ${expected}, is ${found}`;
  return new TessCacheError('FITS_INVALID', message, { field, expected, found });
}
