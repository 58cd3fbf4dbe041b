/**
 * Writes FITS files (FITS standard 4.0): binary tables, images, checksums. Enough for light curves,
 * and for the tests that need files with particular faults.
 */

import { headerText } from './fits-cards.mjs';

const BLOCK = 2880;

/** @typedef {import('./fits-cards.mjs').Card} Card */
/** @typedef {import('./fits-cards.mjs').CardValue} CardValue */

/**
 * A column of a binary table. The values are those stored: `zero` and `scale` are only declared. A vector
 * column has `repeat` values a row, one row after the other; a string column one string a row.
 * @typedef {object} Column
 * @property {string} name TTYPE
 * @property {string} form TFORM: `D`, `E`, `J`, `I`, `K`, `B`, `L`, `8A`, `3E`, ...
 * @property {ArrayLike<number | bigint | boolean | string>} values
 * @property {string} [unit] TUNIT
 * @property {string} [disp] TDISP
 * @property {string} [dim] TDIM
 * @property {number} [scale] TSCAL
 * @property {number | bigint} [zero] TZERO
 * @property {number | bigint} [nullValue] TNULL
 * @property {{ name?: string, form?: string, unit?: string, disp?: string }} [comments]
 */

/**
 * The primary HDU, without data.
 * @param {readonly Card[]} cards
 * @param {{ checksum?: boolean }} [options]
 */
export function primaryHdu(cards, options) {
  /** @type {Card[]} */
  const mandatory = [
    ['SIMPLE', true, 'conforms to FITS standards'],
    ['BITPIX', 8, 'array data type'],
    ['NAXIS', 0, 'number of array dimensions'],
    ['EXTEND', true, 'file contains extensions'],
  ];
  return hdu([...mandatory, ...cards], new Uint8Array(0), options);
}

/**
 * A binary table. `rows` need only be given where no column has values.
 * @param {readonly Column[]} columns
 * @param {readonly Card[]} cards what follows the columns: EXTNAME and so on
 * @param {{ checksum?: boolean, rows?: number }} [options]
 */
export function binaryTableHdu(columns, cards, options = {}) {
  const laidOut = columns.map((column) => ({ column, ...formOf(column.form) }));
  const [first] = laidOut.filter(({ repeat }) => repeat > 0);
  const perRow = first === undefined || first.type === 'A' ? 1 : first.repeat;
  const rows = options.rows ?? (first === undefined ? 0 : first.column.values.length / perRow);
  const rowBytes = laidOut.reduce((sum, { bytes }) => sum + bytes, 0);
  const data = new Uint8Array(rows * rowBytes);
  let offset = 0;
  for (const { column, type, repeat, bytes } of laidOut) {
    writeColumn(new DataView(data.buffer), { type, repeat, offset, rowBytes, rows }, column.values);
    offset += bytes;
  }
  /** @type {Card[]} */
  const mandatory = [
    ['XTENSION', 'BINTABLE', 'marks the beginning of a new HDU'],
    ['BITPIX', 8, 'array data type'],
    ['NAXIS', 2, 'number of array dimensions'],
    ['NAXIS1', rowBytes, 'length of first array dimension'],
    ['NAXIS2', rows, 'length of second array dimension'],
    ['PCOUNT', 0, 'group parameter count (not used)'],
    ['GCOUNT', 1, 'group count (not used)'],
    ['TFIELDS', columns.length, 'number of table fields'],
  ];
  return hdu([...mandatory, ...columns.flatMap(columnCards), ...cards], data, options);
}

/**
 * An image extension.
 * @param {{ bitpix: 8 | 16 | 32 | -32 | -64, axes: readonly number[], values: ArrayLike<number> }} image
 * @param {readonly Card[]} cards
 * @param {{ checksum?: boolean }} [options]
 */
export function imageHdu({ bitpix, axes, values }, cards, options) {
  const bytes = Math.abs(bitpix) / 8;
  const data = new Uint8Array(values.length * bytes);
  const type = { 8: 'B', 16: 'I', 32: 'J', '-32': 'E', '-64': 'D' }[bitpix];
  writeColumn(
    new DataView(data.buffer),
    { type, repeat: 1, offset: 0, rowBytes: bytes, rows: values.length },
    values,
  );
  /** @type {Card[]} */
  const mandatory = [
    ['XTENSION', 'IMAGE', 'marks the beginning of a new HDU'],
    ['BITPIX', bitpix, 'array data type'],
    ['NAXIS', axes.length, 'number of array dimensions'],
    ...axes.map((length, i) => /** @type {const} */ ([`NAXIS${i + 1}`, length])),
    ['PCOUNT', 0, 'group parameter count (not used)'],
    ['GCOUNT', 1, 'group count (not used)'],
  ];
  return hdu([...mandatory, ...cards], data, options);
}

/** @param {...Uint8Array} hdus the primary one first */
export function fitsFile(...hdus) {
  return new Uint8Array(Buffer.concat(hdus));
}

/**
 * Header and data, each filled to whole blocks, with DATASUM and CHECKSUM unless told otherwise.
 * @param {readonly Card[]} cards without END
 * @param {Uint8Array} data
 * @param {{ checksum?: boolean }} [options]
 */
export function hdu(cards, data, { checksum = true } = {}) {
  const filledData = filled(data, 0);
  /** @type {Card[]} */
  const sums = checksum
    ? [
        ['DATASUM', String(wordSum(filledData)), 'data unit checksum'],
        ['CHECKSUM', '0'.repeat(16), 'HDU checksum'],
      ]
    : [];
  const header = headerBytes([...cards, ...sums]);
  const bytes = Buffer.concat([header, filledData]);
  if (checksum) {
    // The value begins behind "CHECKSUM= '" in the last card.
    const at = bytes.indexOf("CHECKSUM= '") + 11;
    bytes.write(encodedChecksum(wordSum(bytes)), at, 'latin1');
  }
  return new Uint8Array(bytes);
}

/** @param {readonly Card[]} cards */
export function headerBytes(cards) {
  return filled(Buffer.from(headerText(cards), 'latin1'), 0x20);
}

/** @param {Uint8Array} bytes @param {number} fill */
function filled(bytes, fill) {
  const blocks = new Uint8Array(Math.ceil(bytes.length / BLOCK) * BLOCK).fill(fill);
  blocks.set(bytes);
  return blocks;
}

/** @param {Column} column @param {number} index @returns {Card[]} */
function columnCards({ name, form, unit, disp, dim, scale, zero, nullValue, comments = {} }, index) {
  const n = index + 1;
  /** @type {[string, CardValue | undefined, string?][]} */
  const cards = [
    [`TTYPE${n}`, name, comments.name],
    [`TFORM${n}`, form, comments.form],
    [`TUNIT${n}`, unit, comments.unit],
    [`TDISP${n}`, disp, comments.disp],
    [`TDIM${n}`, dim],
    [`TSCAL${n}`, scale],
    [`TZERO${n}`, zero],
    [`TNULL${n}`, nullValue],
  ];
  return /** @type {Card[]} */ (cards.filter(([, value]) => value !== undefined));
}

/** @param {string} form */
function formOf(form) {
  const [, repeatText, type] = /^([0-9]*)([A-Z])/.exec(form) ?? ['', '', ''];
  const repeat = repeatText === '' ? 1 : Number(repeatText);
  const size = { L: 1, B: 1, I: 2, J: 4, K: 8, A: 1, E: 4, D: 8, C: 8, M: 16, P: 8, Q: 16 }[type];
  return { type, repeat, bytes: type === 'X' ? Math.ceil(repeat / 8) : repeat * (size ?? 0) };
}

/**
 * @param {DataView} view
 * @param {{ type: string, repeat: number, offset: number, rowBytes: number, rows: number }} layout
 * @param {ArrayLike<number | bigint | boolean | string>} values
 */
function writeColumn(view, { type, repeat, offset, rowBytes, rows }, values) {
  const size = { L: 1, B: 1, I: 2, J: 4, K: 8, E: 4, D: 8 }[type];
  for (let row = 0; row < rows; row++) {
    const at = offset + row * rowBytes;
    if (type === 'A') {
      const text = String(values[row] ?? '').padEnd(repeat);
      for (let i = 0; i < repeat; i++) view.setUint8(at + i, text.charCodeAt(i));
    }
    if (size === undefined) continue;
    for (let i = 0; i < repeat; i++) writeValue(view, type, at + i * size, values[row * repeat + i]);
  }
}

/** @param {DataView} view @param {string} type @param {number} at @param {number | bigint | boolean | string} value */
function writeValue(view, type, at, value) {
  if (type === 'D') view.setFloat64(at, Number(value));
  else if (type === 'E') view.setFloat32(at, Number(value));
  else if (type === 'J') view.setInt32(at, Number(value));
  else if (type === 'I') view.setInt16(at, Number(value));
  else if (type === 'B') view.setUint8(at, Number(value));
  else if (type === 'K') view.setBigInt64(at, BigInt(value));
  else view.setUint8(at, value === true ? 0x54 : value === false ? 0x46 : 0);
}

/**
 * Ones' complement sum of big-endian 32-bit words (appendix J of the standard).
 * @param {Uint8Array} bytes a multiple of four of them
 */
function wordSum(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 4) {
    sum += view.getUint32(at);
    if (sum > 0xffffffff) sum -= 0xffffffff;
  }
  return sum;
}

/**
 * The sixteen characters that bring the sum of an HDU, whose CHECKSUM was sixteen zeros, to all ones: each byte of the
 * complement is spread over four characters, none of them a punctuation mark.
 * @param {number} sum
 */
function encodedChecksum(sum) {
  const complement = ~sum >>> 0;
  /** @type {number[]} */
  const characters = new Array(16);
  for (let byte = 0; byte < 4; byte++) {
    const value = (complement >>> (24 - 8 * byte)) & 0xff;
    const quarter = (value >> 2) + 0x30;
    const parts = [quarter + (value % 4), quarter, quarter, quarter];
    for (const [i, j] of [
      [0, 1],
      [2, 3],
    ]) {
      while (isPunctuation(parts[i]) || isPunctuation(parts[j])) {
        parts[i]++;
        parts[j]--;
      }
    }
    // Rotated by one: the value begins at an offset of 3 modulo 4.
    parts.forEach((part, i) => (characters[(4 * i + byte + 1) % 16] = part));
  }
  return String.fromCharCode(...characters);
}

/** @param {number} character */
function isPunctuation(character) {
  return (character >= 0x3a && character <= 0x40) || (character >= 0x5b && character <= 0x60);
}
