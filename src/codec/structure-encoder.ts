/** Any value -> a structure and its tensors. */
import { types } from 'node:util';
import { TessCacheError, describe } from '../errors.js';
import { isWellFormed } from '../ref/well-formed.js';
import { memoryOf } from './memory.js';
import { ITEM_BYTES, MAX_HEADER_BYTES, type Dtype, type Tensor } from './safetensors.js';
import { ARRAY_TYPES, MAX_DEPTH, type Json } from './structure-types.js';

const SUPPORTED =
  'null, booleans, numbers, bigints, strings, dates, typed arrays, and arrays, maps, sets and plain objects of them';

export class Encoder {
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

export function tooLong(field: string, value: unknown): TessCacheError {
  const expected = `at most ${MAX_HEADER_BYTES} bytes of JSON, as safetensors allows`;
  const message = `${field}: the structure may take ${expected}. Put long lists of numbers into typed arrays.`;
  return new TessCacheError('UNSUPPORTED_VALUE', message, { field, expected, found: describe(value) });
}
