import { types } from 'node:util';

/** Most members of objects, arrays, Maps and Sets looked at in one value: some 0.1 s. */
const MAX_MEMBERS = 1_000_000;

/**
 * Bytes of the typed arrays (and Buffers, DataViews, ArrayBuffers) reachable from `value` through the elements of
 * arrays, Maps and Sets and the enumerable properties of objects, class instances included. Getters are not
 * called, and private fields can't be seen. Each array counts once; views of one buffer count for no more than
 * the buffer has. The nearest members are looked at first, and no more than a million of them.
 */
export function typedArrayBytes(value: unknown): number {
  const bytesByBuffer = new Map<ArrayBufferLike, number>();
  const seen = new Set<object>();
  const queue: object[] = [];
  const meet = (member: unknown): void => {
    if (typeof member !== 'object' || member === null || seen.has(member)) return;
    seen.add(member);
    if (ArrayBuffer.isView(member)) {
      bytesByBuffer.set(member.buffer, (bytesByBuffer.get(member.buffer) ?? 0) + member.byteLength);
    } else if (types.isAnyArrayBuffer(member)) {
      bytesByBuffer.set(member, member.byteLength);
    } else {
      queue.push(member);
    }
  };

  meet(value);
  let left = MAX_MEMBERS;
  for (const object of queue) {
    for (const member of membersOf(object)) {
      if (left-- === 0) return total(bytesByBuffer);
      meet(member);
    }
  }
  return total(bytesByBuffer);
}

function* membersOf(object: object): Iterable<unknown> {
  if (Array.isArray(object) || types.isSet(object)) {
    yield* object as Iterable<unknown>;
  } else if (types.isMap(object)) {
    for (const [key, member] of object) {
      yield key;
      yield member;
    }
  } else {
    for (const key of Object.keys(object)) yield Object.getOwnPropertyDescriptor(object, key)?.value;
  }
}

function total(bytesByBuffer: ReadonlyMap<ArrayBufferLike, number>): number {
  let sum = 0;
  for (const [buffer, bytes] of bytesByBuffer) sum += Math.min(bytes, buffer.byteLength);
  return sum;
}
