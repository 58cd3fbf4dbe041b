/** What is in a value of any shape: types, lengths and a few numbers, never much of it. */
import { describe } from '../errors.js';

export interface ValueSummary {
  readonly type: string;
  /** Of a number, string, ...: itself; a long string is shortened. */
  readonly value?: unknown;
  /** Of an array, map or set. */
  readonly length?: number;
  /** Of a typed array: the smallest and largest finite element; left out where there is none. */
  readonly min?: number | bigint;
  readonly max?: number | bigint;
  /** Of a typed array: how many elements are neither. */
  readonly not_finite?: number;
  /** Of an object. */
  readonly properties?: Readonly<Record<string, ValueSummary>>;
  /** The first items of an array, map or set; of a map they are pairs. */
  readonly items?: readonly ValueSummary[];
  /** Properties or items that are left out. */
  readonly more?: number;
}

/** Values looked at, in all and within one. */
const MOST_VALUES = 400;
const MOST_PROPERTIES = 40;
const MOST_ITEMS = 4;
const MOST_LEVELS = 6;
const LONGEST_STRING = 200;

type NumericArray = ArrayLike<number | bigint>;

export function summarize(value: unknown): ValueSummary {
  return new Summarizer().summarize(value, 0);
}

class Summarizer {
  #left = MOST_VALUES;

  summarize(value: unknown, level: number): ValueSummary {
    this.#left--;
    if (value === null) return { type: 'null' };
    if (typeof value === 'string') return summarizeText(value);
    if (typeof value !== 'object') return { type: typeof value, ...(value !== undefined && { value }) };
    if (value instanceof Date) return { type: 'Date', value };
    if (value instanceof ArrayBuffer) return { type: 'ArrayBuffer', length: value.byteLength };
    if (value instanceof DataView) return { type: 'DataView', length: value.byteLength };
    if (ArrayBuffer.isView(value)) return summarizeTyped(value);
    if (Array.isArray(value)) return { type: 'array', length: value.length, ...this.#items(value, level) };
    if (value instanceof Set) return { type: 'Set', length: value.size, ...this.#items(value, level) };
    if (value instanceof Map) return { type: 'Map', length: value.size, ...this.#items(value, level) };
    return { type: 'object', ...this.#properties(value, level) };
  }

  #items(values: Iterable<unknown> & ({ length: number } | { size: number }), level: number) {
    const total = 'length' in values ? values.length : values.size;
    const items: ValueSummary[] = [];
    for (const value of values) {
      if (items.length === MOST_ITEMS || this.#left <= 0 || level === MOST_LEVELS) break;
      items.push(this.summarize(value, level + 1));
    }
    return { items, ...(items.length < total && { more: total - items.length }) };
  }

  #properties(value: object, level: number) {
    // Without prototype: a property may be named __proto__.
    const properties = Object.create(null) as Record<string, ValueSummary>;
    const entries = Object.entries(value);
    let taken = 0;
    for (const [name, property] of entries) {
      if (taken === MOST_PROPERTIES || this.#left <= 0 || level === MOST_LEVELS) break;
      properties[name] = this.summarize(property, level + 1);
      taken++;
    }
    return { properties, ...(taken < entries.length && { more: entries.length - taken }) };
  }
}

function summarizeText(value: string): ValueSummary {
  if (value.length <= LONGEST_STRING) return { type: 'string', value };
  return { type: 'string', value: `${value.slice(0, LONGEST_STRING - 1)}…`, length: value.length };
}

function summarizeTyped(value: ArrayBufferView): ValueSummary {
  const numbers = value as unknown as NumericArray;
  let min: number | bigint = Infinity;
  let max: number | bigint = -Infinity;
  let notFinite = 0;
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i];
    if (typeof number === 'number' && !Number.isFinite(number)) notFinite++;
    else {
      if (number < min) min = number;
      if (number > max) max = number;
    }
  }
  return {
    type: value.constructor.name,
    length: numbers.length,
    ...(notFinite < numbers.length && { min, max }),
    ...(notFinite > 0 && { not_finite: notFinite }),
  };
}

/** The lines of a summary, indented by level. */
export function summaryLines(summary: ValueSummary, name = 'value', indent = ''): string[] {
  const lines = [`${indent}${name}: ${inWords(summary)}`];
  const deeper = `${indent}  `;
  for (const [property, each] of Object.entries(summary.properties ?? {})) {
    lines.push(...summaryLines(each, property, deeper));
  }
  for (const [index, item] of (summary.items ?? []).entries()) {
    lines.push(...summaryLines(item, `[${index}]`, deeper));
  }
  if (summary.more !== undefined) lines.push(`${deeper}… ${summary.more} more`);
  return lines;
}

function inWords({ type, value, length, min, max, not_finite }: ValueSummary): string {
  const typeAndLength = length === undefined || type === 'string' ? type : `${type}(${length})`;
  const facts: string[] = [];
  if (value instanceof Date) facts.push(Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString());
  else if (typeof value === 'string') facts.push(describe(value));
  else if (value !== undefined) facts.push(`${value as number | bigint | boolean}`);
  if (min !== undefined) facts.push(min === max ? `all ${min}` : `${min} to ${max}`);
  if (not_finite !== undefined) facts.push(`${not_finite} not finite`);
  return [typeAndLength, ...facts].join(', ');
}
