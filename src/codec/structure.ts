/**
 * Any value <-> a structure in JSON and the typed arrays that hang in it.
 *
 *   structure = null | true | false | string
 *             | number                                     finite and not -0
 *             | { name: structure, … }                     a plain object
 *             | [ "array", structure … ]
 *             | [ "undefined" ]
 *             | [ "number", "NaN" | "Infinity" | "-Infinity" | "-0" ]
 *             | [ "bigint", decimal digits ]
 *             | [ "date", milliseconds since 1970 or null for an invalid date ]
 *             | [ "map", key, value, key, value … ] | [ "set", structure … ]
 *             | [ "null-prototype", { name: structure, … } ]
 *             | [ type, tensor name ]                      type: Float64Array, …, Buffer, ArrayBuffer, DataView
 *
 * A JSON array always starts with its tag, so nothing a value holds can be mistaken for one. A tensor is named
 * after its place in the value: `power`, `fit/residuals` ("~0" for "~", "~1" for "/"), `value` at the top. Sharing
 * is not kept: an object that stands in two places comes back as two.
 */
import { types } from 'node:util';
import { TessCacheError, describe } from '../errors.js';
import { isWellFormed } from '../ref/well-formed.js';
import { memoryOf } from './memory.js';
import { ITEM_BYTES, MAX_HEADER_BYTES, type Dtype, type Tensor } from './safetensors.js';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

export interface Encoded {
  /** The structure as JSON text. */
  readonly json: string;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/**
 * Nested levels. Both directions recurse, and V8's default stack takes about ten thousand; no product of
 * light curves comes near.
 */
export const MAX_DEPTH = 500;

const SUPPORTED =
  'null, booleans, numbers, bigints, strings, dates, typed arrays, and arrays, maps, sets and plain objects of them';

type ArrayType = new (buffer: ArrayBuffer) => ArrayBufferView;

/** Constructors by tag, with the dtype that their bytes have in the file. */
const ARRAY_TYPES: ReadonlyMap<string, readonly [ArrayType, Dtype]> = new Map<
  string,
  readonly [ArrayType, Dtype]
>([
  ['Float64Array', [Float64Array, 'F64']],
  ['Float32Array', [Float32Array, 'F32']],
  ['Int32Array', [Int32Array, 'I32']],
  ['Uint32Array', [Uint32Array, 'U32']],
  ['Int16Array', [Int16Array, 'I16']],
  ['Uint16Array', [Uint16Array, 'U16']],
  ['Int8Array', [Int8Array, 'I8']],
  ['Uint8Array', [Uint8Array, 'U8']],
  ['Uint8ClampedArray', [Uint8ClampedArray, 'U8']],
  ['BigInt64Array', [BigInt64Array, 'I64']],
  ['BigUint64Array', [BigUint64Array, 'U64']],
  ['DataView', [DataView, 'U8']],
]);

/**
 * @throws TessCacheError UNSUPPORTED_VALUE naming the place of what would not come back as it is: functions,
 *   symbols, class instances, accessors, holes in arrays, cycles
 */
export function encodeStructure(value: unknown): Encoded {
  const encoder = new Encoder();
  const json = toJson(encoder.encode(value));
  if (json === undefined || json.length > MAX_HEADER_BYTES) throw tooLong('value', value);
  return { json, tensors: encoder.tensors };
}

/**
 * The value, with arrays of its own: nothing in it refers to the memory of `tensors`.
 *
 * @throws TessCacheError CORRUPT where the structure breaks its grammar
 */
export function decodeStructure(json: string, tensors: ReadonlyMap<string, Tensor>): unknown {
  let structure: Json;
  try {
    structure = JSON.parse(json) as Json;
  } catch (cause) {
    throw corrupt('JSON', 'something else', cause);
  }
  return new Decoder(tensors).decode(structure, 0);
}

class Encoder {
  readonly tensors = new Map<string, Tensor>();
  /** The names and indices that lead to the value at hand, and the objects that enclose it. */
  readonly #place: (string | number)[] = [];
  readonly #open = new Set<object>();
  /** The least number of characters that what was encoded takes: too many are refused before they are made. */
  #characters = 0;

  encode(value: unknown): Json {
    this.#characters += typeof value === 'string' ? value.length : 1;
    if (this.#characters > MAX_HEADER_BYTES) throw tooLong(this.#field(), value);
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'undefined':
        return ['undefined'];
      case 'bigint':
        return ['bigint', String(value)];
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0)
          ? value
          : ['number', Object.is(value, -0) ? '-0' : String(value)];
      case 'object':
        return value === null ? null : this.#encodeObject(value);
      default:
        throw this.#unsupported(value);
    }
  }

  #encodeAt(name: string | number, value: unknown): Json {
    this.#place.push(name);
    const structure = this.encode(value);
    this.#place.pop();
    return structure;
  }

  #encodeObject(value: object): Json {
    if (this.#place.length >= MAX_DEPTH) throw this.#unsupported(value, `at most ${MAX_DEPTH} nested levels`);
    if (this.#open.has(value)) throw this.#unsupported(value, 'a value without cycles');
    this.#open.add(value);
    const structure = this.#encodeByPrototype(value);
    this.#open.delete(value);
    return structure;
  }

  #encodeByPrototype(value: object): Json {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) return this.#encodeProperties(value);
    if (prototype === null) return ['null-prototype', this.#encodeProperties(value)];
    if (Array.isArray(value) && prototype === Array.prototype) return this.#encodeArray(value);
    if (ArrayBuffer.isView(value)) return this.#encodeView(value, prototype);
    if (Reflect.ownKeys(value).length > 0) throw this.#unsupported(value);
    // Asked of the object itself: its prototype alone could be claimed, and a proxy has none of its own.
    if (types.isArrayBuffer(value) && prototype === ArrayBuffer.prototype) {
      return ['ArrayBuffer', this.#addTensor('U8', value)];
    }
    if (types.isDate(value) && prototype === Date.prototype) {
      const time = value.getTime();
      return ['date', Number.isNaN(time) ? null : time];
    }
    if (types.isMap(value) && prototype === Map.prototype) {
      const structure: Json[] = ['map'];
      for (const [key, item] of value) {
        const index = (structure.length - 1) / 2;
        structure.push(this.#encodeAt(`${index}.key`, key), this.#encodeAt(`${index}.value`, item));
      }
      return structure;
    }
    if (types.isSet(value) && prototype === Set.prototype) {
      const structure: Json[] = ['set'];
      for (const item of value) structure.push(this.#encodeAt(structure.length - 1, item));
      return structure;
    }
    throw this.#unsupported(value);
  }

  #encodeProperties(value: object): Json {
    const structure = Object.create(null) as Record<string, Json>;
    for (const name of Reflect.ownKeys(value)) {
      const property = Object.getOwnPropertyDescriptor(value, name)!;
      if (typeof name === 'symbol' || !('value' in property) || !property.enumerable) {
        throw this.#unsupported(value, `enumerable data properties with string names, not ${String(name)}`);
      }
      this.#characters += name.length;
      structure[name] = this.#encodeAt(name, property.value);
    }
    return structure;
  }

  #encodeArray(value: readonly unknown[]): Json {
    // An array's own keys are its indices and `length`: fewer is a hole, more is a named property.
    const names = Reflect.ownKeys(value);
    if (names.length !== value.length + 1 || names[value.length] !== 'length') {
      throw this.#unsupported(value, 'an array without holes or named properties');
    }
    const structure: Json[] = ['array'];
    for (let index = 0; index < value.length; index++) structure.push(this.#encodeAt(index, value[index]));
    return structure;
  }

  /** Named properties hung on a typed array are not looked for: that would list every index of every array. */
  #encodeView(view: ArrayBufferView, prototype: unknown): Json {
    if (prototype === Buffer.prototype) return ['Buffer', this.#addTensor('U8', view)];
    const tag = view.constructor.name;
    const known = ARRAY_TYPES.get(tag);
    if (known === undefined || prototype !== (known[0].prototype as unknown)) throw this.#unsupported(view);
    return [tag, this.#addTensor(known[1], view)];
  }

  #addTensor(dtype: Dtype, array: ArrayBufferView | ArrayBuffer): string {
    const bytes = memoryOf(array);
    if (bytes === undefined)
      throw this.#unsupported(array, SUPPORTED, 'an array whose memory was given away');
    const path = this.#place
      .map((name) => String(name).replaceAll('~', '~0').replaceAll('/', '~1'))
      .join('/');
    let name = path;
    // No escaped path holds a "~" before anything but 0 and 1, so these can't meet another tensor's name.
    if (this.#place.length === 0) name = 'value';
    else if (path === '' || path === '__metadata__') name = `~${path}`;
    else if (!isWellFormed(path)) name = `~unnamed${this.tensors.size}`;
    this.tensors.set(name, { dtype, shape: [bytes.length / ITEM_BYTES[dtype]], bytes });
    return name;
  }

  /** Where the value at hand is, for people; the first steps of a long way. */
  #field(): string {
    return ['value', ...this.#place.slice(0, 8)].join('.');
  }

  #unsupported(value: unknown, expected = SUPPORTED, found = describe(value)): TessCacheError {
    const field = this.#field();
    return new TessCacheError(
      'UNSUPPORTED_VALUE',
      `${field} would not come back as it is: expected ${expected}, got ${found}. Convert it first.`,
      { field, expected, found },
    );
  }
}

function toJson(structure: Json): string | undefined {
  try {
    return JSON.stringify(structure);
  } catch (error) {
    // Longer than a string can be.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function tooLong(field: string, value: unknown): TessCacheError {
  const expected = `at most ${MAX_HEADER_BYTES} bytes of JSON, as safetensors allows`;
  const message = `${field}: the structure may take ${expected}. Put long lists of numbers into typed arrays.`;
  return new TessCacheError('UNSUPPORTED_VALUE', message, { field, expected, found: describe(value) });
}

class Decoder {
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

function corrupt(expected: string, found: string, cause?: unknown): TessCacheError {
  return new TessCacheError('CORRUPT', `structure: expected ${expected}, found ${found}`, {
    expected,
    found,
    cause,
  });
}
