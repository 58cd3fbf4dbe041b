/** Whether two values are the same bit for bit, for values of the sorts that a cache takes. */

/**
 * The place of the first difference, or undefined where there is none. Types, prototypes, the order of
 * properties and members, -0, and the bytes of typed arrays all count; NaN is NaN.
 */
export function firstDifference(a: unknown, b: unknown, place = 'value'): string | undefined {
  if (Object.is(a, b)) return undefined;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return place;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return `${place}: prototype`;
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return sameBytes(bytesOf(a), bytesOf(b), place);
  if (a instanceof ArrayBuffer && b instanceof ArrayBuffer) {
    return sameBytes(Buffer.from(a), Buffer.from(b), place);
  }
  if (a instanceof Date && b instanceof Date) {
    return Object.is(a.getTime(), b.getTime()) ? undefined : place;
  }
  return firstDifferenceOf(membersOf(a), membersOf(b), place);
}

function firstDifferenceOf(a: Members, b: Members, place: string): string | undefined {
  if (a.length !== b.length) return `${place}: ${a.length} or ${b.length} members`;
  for (const [index, [name, item]] of a.entries()) {
    const [otherName, otherItem] = b[index];
    const difference =
      firstDifference(name, otherName, `${place}: name ${index}`) ??
      firstDifference(item, otherItem, `${place}.${typeof name === 'string' ? name : index}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

type Members = readonly (readonly [name: unknown, item: unknown])[];

function membersOf(value: object): Members {
  if (value instanceof Map) return [...(value as Map<unknown, unknown>)];
  if (value instanceof Set) return [...(value as Set<unknown>)].map((item, index) => [index, item]);
  return Reflect.ownKeys(value).map((name) => [name, (value as Record<PropertyKey, unknown>)[name]]);
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function sameBytes(a: Buffer, b: Buffer, place: string): string | undefined {
  return a.equals(b) ? undefined : `${place}: bytes`;
}
