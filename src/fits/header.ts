/**
 * FITS headers (FITS standard 4.0, section 4): text to values.
 *
 *   header     = 1*card, the last of them END, filled with spaces to a multiple of 2880 bytes
 *   card       = 80 ASCII characters: keyword[8] "= " value [ "/" comment ]
 *              | "CONTINUE" 2SP string [ "/" comment ]          ; goes on from a string that ends in "&"
 *              | "HIERARCH" words "=" value [ "/" comment ]     ; a key word of more than eight characters
 *              | COMMENT, HISTORY, blank or any other key word without "=": text without a value
 *   value      = string | "T" | "F" | integer | float | nothing (undefined, null)
 *   string     = "'" *( any character but "'" | "''" ) "'"      ; trailing spaces don't count, leading ones do
 *   integer    = [ sign ] digits                                ; a bigint where it is beyond 2^53
 *   float      = [ sign ] digits with "." and/or an exponent of E or D
 *
 * A string ends before its comment is looked for: 'NASA/Ames' holds no comment. A value that is none of these
 * (complex numbers, free text, a float beyond 1e308) stays the text it is.
 */
import type { HeaderValue, HeaderValues } from '../light-curve/provenance.js';

export const CARD = 80;
/** FITS files are made of blocks of this many bytes. */
export const BLOCK = 2880;

/** Values by key word in upper case. Of two equal key words the first counts. */
export type Header = ReadonlyMap<string, HeaderValue>;

const COMMENTARY = new Set(['COMMENT', 'HISTORY', '', 'END']);
const INTEGER = /^[+-]?[0-9]+$/;
const FLOAT = /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([EDed][+-]?[0-9]+)?$/;

/** @param text cards of 80 characters, up to END or the end of the text */
export function parseHeader(text: string): Header {
  const header = new Map<string, HeaderValue>();
  /** The string that ended in "&" on the card before, in pieces, and whose it is. */
  let open: { readonly name: string; readonly pieces: string[] } | undefined;
  for (let at = 0; at < text.length; at += CARD) {
    const card = text.slice(at, at + CARD);
    const keyword = card.slice(0, 8).trimEnd().toUpperCase();
    if (keyword === 'END') break;
    if (keyword === 'CONTINUE') {
      const more = open && parseValue(card, 8);
      if (open === undefined || typeof more !== 'string') continue;
      open.pieces.push(more);
      if (more.endsWith('&')) continue;
    }
    if (open !== undefined) header.set(open.name, joined(open.pieces));
    open = undefined;
    if (keyword === 'CONTINUE') continue;
    let name = keyword;
    let valueAt = 9;
    if (keyword === 'HIERARCH') {
      const equals = card.indexOf('=');
      if (equals < 0) continue;
      name = card.slice(8, equals).trim().toUpperCase();
      valueAt = equals + 1;
    } else if (card[8] !== '=') {
      continue;
    }
    if (COMMENTARY.has(name) || header.has(name)) continue;
    const value = parseValue(card, valueAt);
    header.set(name, value);
    if (typeof value === 'string' && value.endsWith('&')) open = { name, pieces: [value] };
  }
  if (open !== undefined) header.set(open.name, joined(open.pieces));
  return header;
}

/** All pieces but the last end in an "&" that isn't part of the string. */
function joined(pieces: readonly string[]): string {
  return pieces.map((piece, i) => (i < pieces.length - 1 ? piece.slice(0, -1) : piece)).join('');
}

function parseValue(card: string, from: number): HeaderValue {
  let at = from;
  while (card[at] === ' ') at++;
  if (card[at] === "'") return parseString(card, at);
  const slash = card.indexOf('/', at);
  const token = card.slice(at, slash < 0 ? undefined : slash).trim();
  if (token === '') return null;
  if (token === 'T') return true;
  if (token === 'F') return false;
  if (INTEGER.test(token)) {
    const value = Number(token);
    return Number.isSafeInteger(value) ? value : BigInt(token.replace('+', ''));
  }
  if (FLOAT.test(token)) {
    const value = Number(token.replace(/[Dd]/, 'E'));
    if (Number.isFinite(value)) return value;
  }
  return token;
}

/** The string whose opening quote is at `at`; where no quote closes it, it goes to the end of the card. */
function parseString(card: string, at: number): string {
  let end = card.indexOf("'", at + 1);
  while (end >= 0 && card[end + 1] === "'") end = card.indexOf("'", end + 2);
  const text = card.slice(at + 1, end < 0 ? undefined : end);
  return text.trimEnd().replaceAll("''", "'");
}

/** A non-empty string value, or undefined. */
export function textOf(header: Header, keyword: string): string | undefined {
  const value = header.get(keyword);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A number, or undefined for every other value. */
export function numberOf(header: Header, keyword: string): number | undefined {
  const value = header.get(keyword);
  return typeof value === 'number' ? value : undefined;
}

/** Key words are in upper case, so none of them can be `__proto__`. */
export function headerValues(header: Header): HeaderValues {
  return Object.fromEntries(header);
}
