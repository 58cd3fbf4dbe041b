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
import { MAX_HEADER_BYTES, type Tensor } from './safetensors.js';
import { Decoder, corrupt } from './structure-decoder.js';
import { Encoder, tooLong } from './structure-encoder.js';
import type { Json } from './structure-types.js';

export { MAX_DEPTH } from './structure-types.js';

export interface Encoded {
  /** The structure as JSON text. */
  readonly json: string;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

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

function toJson(structure: Json): string | undefined {
  try {
    return JSON.stringify(structure);
  } catch (error) {
    // Longer than a string can be.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
