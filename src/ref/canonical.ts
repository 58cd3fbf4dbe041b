/**
 * One sequence of bytes for each parameter value, the same on every machine: what product refs are hashed from.
 *
 *   value   = "n"                                null
 *           | "u"                                undefined
 *           | "f" | "t"                          false, true
 *           | "d" float                          number
 *           | "i" text                           bigint, in decimal
 *           | "s" text                           string
 *           | "D" float                          Date, as milliseconds since the Unix epoch
 *           | "b" text count *OCTET              typed array: name of its type, bytes, little-endian elements
 *           | "a" count *value                   array
 *           | "o" count *( text value )          plain object, without the properties that are undefined
 *           | "m" count *( value value )         Map
 *           | "e" count *value                   Set
 *   text    = count *OCTET                       UTF-8; count is its bytes
 *   float   = 8OCTET                             IEEE 754, big-endian; every NaN is 7ff8000000000000
 *   count   = 8OCTET                             unsigned, big-endian
 *
 * The members of "o", "m" and "e" are sorted by their bytes. No value's encoding is the beginning of another's,
 * so encodings can be put one after the other without a separator.
 *
 * | equal                                             | told apart                                          |
 * |---------------------------------------------------|-----------------------------------------------------|
 * | objects but for the order of their properties     | 1, "1", 1n, true, [1], Date(1)                      |
 * | a property that is undefined, a missing one       | null, undefined, a missing property, "", 0          |
 * | plain objects with and without a prototype        | undefined in an array, a shorter array              |
 * | Maps and Sets but for the order of insertion      | arrays in another order                             |
 * | NaN and NaN, whatever their bits                  | 0 and -0 (1/x and atan2 differ between them)        |
 * | Buffer and Uint8Array of the same bytes           | a plain object and a Map, an array and a Set        |
 * | one object used twice, two equal objects          | Float64Array, Float32Array and array of one content |
 * |                                                   | strings of another case or Unicode normal form      |
 *
 * Where both could be argued, values are told apart: that costs a computation, and taking two for one would
 * return the product of another value.
 */
import { TessCacheError, describe } from '../errors.js';
import { isWellFormed } from './well-formed.js';

/** Deepest nesting: a typed error long before the stack ends. */
export const MAX_DEPTH = 200;

const FLOAT64_NAN = 0x7ff8000000000000n;
const FLOAT32_NAN = 0x7fc00000;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const PARAMETER =
  'null, a boolean, number, bigint, string, Date, typed array, array, plain object, Map or Set';

type NumericArray = ArrayBufferView & ArrayLike<number | bigint> & { readonly [Symbol.toStringTag]: string };
type ElementSetter = keyof DataView & `set${string}`;

const ELEMENT_SETTERS: ReadonlyMap<unknown, ElementSetter> = new Map<unknown, ElementSetter>([
  [Int8Array.prototype, 'setInt8'],
  [Uint8Array.prototype, 'setUint8'],
  [Uint8ClampedArray.prototype, 'setUint8'],
  [Buffer.prototype, 'setUint8'],
  [Int16Array.prototype, 'setInt16'],
  [Uint16Array.prototype, 'setUint16'],
  [Int32Array.prototype, 'setInt32'],
  [Uint32Array.prototype, 'setUint32'],
  [Float32Array.prototype, 'setFloat32'],
  [Float64Array.prototype, 'setFloat64'],
  [BigInt64Array.prototype, 'setBigInt64'],
  [BigUint64Array.prototype, 'setBigUint64'],
]);

/**
 * @param name what error messages call the value; its parts are named as in `params.periods[2]`
 * @throws TessCacheError BAD_ARGUMENT, with the part at fault as `field`: a function, a symbol, an instance of
 *   any other class, a cycle, nesting beyond `MAX_DEPTH`, a string with a lone surrogate, an array with holes,
 *   and anything with properties that the encoding would lose (keys that are symbols or not enumerable, further
 *   properties of an array, Map, Set or Date)
 */
export function canonicalBytes(value: unknown, name = 'value'): Buffer {
  return encode(value, name, []);
}

function encode(value: unknown, path: string, parents: readonly object[]): Buffer {
  switch (typeof value) {
    case 'undefined':
      return Buffer.from('u');
    case 'boolean':
      return Buffer.from(value ? 't' : 'f');
    case 'number':
      return tagged('d', float(value));
    case 'bigint':
      return tagged('i', text(String(value), path));
    case 'string':
      return tagged('s', text(value, path));
    case 'object':
      return value === null ? Buffer.from('n') : encodeObject(value, path, parents);
    default:
      throw bad(path, PARAMETER, describe(value));
  }
}

function encodeObject(value: object, path: string, parents: readonly object[]): Buffer {
  if (parents.includes(value)) throw bad(path, 'a value that does not contain itself', 'a cycle');
  if (parents.length === MAX_DEPTH) throw bad(path, `at most ${MAX_DEPTH} levels of nesting`, 'more');
  const within = [...parents, value];
  const part = (member: unknown, place: string): Buffer => encode(member, path + place, within);

  const prototype: unknown = Object.getPrototypeOf(value);
  const setter = ELEMENT_SETTERS.get(prototype);
  if (setter !== undefined) return encodeTypedArray(value as NumericArray, setter, path);
  switch (prototype) {
    case null:
    case Object.prototype: {
      const entries = Object.entries(value);
      checkKeys(value, entries.length, path);
      const properties = entries
        .filter(([, member]) => member !== undefined)
        .map(([key, member]) => {
          const place = IDENTIFIER.test(key) ? `.${key}` : `[${describe(key)}]`;
          return Buffer.concat([text(key, path + place), part(member, place)]);
        });
      return collection('o', sorted(properties));
    }
    case Array.prototype: {
      const array = value as readonly unknown[];
      checkKeys(array, array.length + 1, path);
      const members = Array.from(array, (member, i) => {
        if (!Object.hasOwn(array, i)) throw bad(`${path}[${i}]`, 'a value, or undefined', 'a hole');
        return part(member, `[${i}]`);
      });
      return collection('a', members);
    }
    case Map.prototype: {
      checkKeys(value, 0, path);
      const entries = Array.from(value as ReadonlyMap<unknown, unknown>, ([key, member], i) =>
        Buffer.concat([part(key, `.keys()[${i}]`), part(member, `.values()[${i}]`)]),
      );
      return collection('m', sorted(entries));
    }
    case Set.prototype: {
      checkKeys(value, 0, path);
      const members = Array.from(value as ReadonlySet<unknown>, (member, i) =>
        part(member, `.values()[${i}]`),
      );
      return collection('e', sorted(members));
    }
    case Date.prototype:
      checkKeys(value, 0, path);
      return tagged('D', float((value as Date).getTime()));
    default:
      throw bad(path, PARAMETER, describe(value));
  }
}

function encodeTypedArray(array: NumericArray, setter: ElementSetter, path: string): Buffer {
  const bytes = Buffer.alloc(array.byteLength);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const write = view[setter].bind(view) as (at: number, element: number | bigint, littleEndian: true) => void;
  const size = array.byteLength / array.length;
  for (let i = 0; i < array.length; i++) {
    const element = array[i];
    if (!Number.isNaN(element)) write(i * size, element, true);
    else if (size === 8) view.setBigUint64(i * size, FLOAT64_NAN, true);
    else view.setUint32(i * size, FLOAT32_NAN, true);
  }
  return Buffer.concat([Buffer.from('b'), text(array[Symbol.toStringTag], path), count(bytes.length), bytes]);
}

function tagged(tag: string, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(tag), content]);
}

function collection(tag: string, members: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from(tag), count(members.length), ...members]);
}

function sorted(members: Buffer[]): Buffer[] {
  return members.sort((a, b) => Buffer.compare(a, b));
}

function count(n: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(n));
  return bytes;
}

function float(x: number): Buffer {
  const bytes = Buffer.alloc(8);
  if (Number.isNaN(x)) bytes.writeBigUInt64BE(FLOAT64_NAN);
  else bytes.writeDoubleBE(x);
  return bytes;
}

function text(characters: string, path: string): Buffer {
  if (!isWellFormed(characters)) throw bad(path, 'well-formed Unicode', 'a lone surrogate');
  const bytes = Buffer.from(characters, 'utf8');
  return Buffer.concat([count(bytes.length), bytes]);
}

/** Keys that the encoding would lose: symbols, hidden properties, names on an array, Map, Set or Date. */
function checkKeys(value: object, expected: number, path: string): void {
  if (Reflect.ownKeys(value).length === expected) return;
  throw bad(path, 'no hidden, symbol-keyed or additional properties, and no holes', describe(value));
}

function bad(path: string, expected: string, found: string): TessCacheError {
  return new TessCacheError('BAD_ARGUMENT', `${path}: expected ${expected}, got ${found}`, {
    field: path,
    expected,
    found,
  });
}
