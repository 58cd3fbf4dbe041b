/** A structure and its tensors -> the value. */
import { TessCacheError, describe } from '../errors.js';
import type { Tensor } from './safetensors.js';
import { ARRAY_TYPES, MAX_DEPTH, type Json } from './structure-types.js';

export class Decoder {
  /** Each hangs in one place: a structure can't ask for more memory than its tensors take. */
  readonly #unused: Map<string, Tensor>;

  constructor(tensors: ReadonlyMap<string, Tensor>) {
    this.#unused = new Map(tensors);
  }

  decode(structure: Json, depth: number): unknown {
    if (structure === null || typeof structure !== 'object') return structure;
    if (depth > MAX_DEPTH) throw corrupt(`at most ${MAX_DEPTH} nested levels`, 'more');
    if (!Array.isArray(structure)) return this.#decodeProperties(structure, {}, depth);
    const [tag, ...items] = structure;
    switch (tag) {
      case 'array':
        return items.map((item) => this.decode(item, depth + 1));
      case 'set':
        return new Set(items.map((item) => this.decode(item, depth + 1)));
      case 'map':
        return this.#decodeMap(items, depth);
      case 'null-prototype':
        return this.#decodeProperties(items[0], Object.create(null) as object, depth);
      case 'undefined':
        return undefined;
      case 'number':
        return decodeNumber(items[0]);
      case 'bigint':
        return decodeBigint(items[0]);
      case 'date':
        return decodeDate(items[0]);
      default:
        return this.#decodeView(tag, items[0]);
    }
  }

  #decodeProperties(structure: Json | undefined, into: object, depth: number): object {
    if (structure === null || typeof structure !== 'object' || Array.isArray(structure)) {
      throw corrupt('an object', describe(structure));
    }
    for (const [name, item] of Object.entries(structure)) {
      // Defined, not assigned: assigning "__proto__" would set the prototype.
      Object.defineProperty(into, name, {
        value: this.decode(item, depth + 1),
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
    return into;
  }

  #decodeMap(items: readonly Json[], depth: number): Map<unknown, unknown> {
    if (items.length % 2 !== 0) throw corrupt('a value for every key', 'a key alone');
    const map = new Map<unknown, unknown>();
    for (let i = 0; i < items.length; i += 2) {
      map.set(this.decode(items[i], depth + 1), this.decode(items[i + 1], depth + 1));
    }
    return map;
  }

  #decodeView(tag: Json | undefined, name: Json | undefined): unknown {
    const tensor = typeof name === 'string' ? this.#unused.get(name) : undefined;
    if (typeof tag !== 'string' || tensor === undefined) {
      throw corrupt('a known tag and its tensor', `${describe(tag)} and ${describe(name)}`);
    }
    this.#unused.delete(name as string);
    const { bytes, dtype } = tensor;
    const copy = new ArrayBuffer(bytes.byteLength);
    new Uint8Array(copy).set(bytes);
    if (tag === 'ArrayBuffer' && dtype === 'U8') return copy;
    if (tag === 'Buffer' && dtype === 'U8') return Buffer.from(copy);
    const known = ARRAY_TYPES.get(tag);
    if (known?.[1] !== dtype) throw corrupt(`a tensor for ${describe(tag)}`, dtype);
    return new known[0](copy);
  }
}

function decodeNumber(text: Json | undefined): number {
  switch (text) {
    case 'NaN':
    case 'Infinity':
    case '-Infinity':
    case '-0':
      return Number(text);
    default:
      throw corrupt('NaN, Infinity, -Infinity or -0', describe(text));
  }
}

function decodeBigint(text: Json | undefined): bigint {
  if (typeof text !== 'string' || !/^-?[0-9]+$/.test(text)) throw corrupt('digits', describe(text));
  return BigInt(text);
}

function decodeDate(time: Json | undefined): Date {
  if (time !== null && typeof time !== 'number') throw corrupt('milliseconds', describe(time));
  return new Date(time ?? NaN);
}

export function corrupt(expected: string, found: string, cause?: unknown): TessCacheError {
  return new TessCacheError('CORRUPT', `structure: expected ${expected}, found ${found}`, {
    expected,
    found,
    cause,
  });
}
