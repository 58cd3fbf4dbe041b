import { describe, expect, it } from 'vitest';
import { typedArrayBytes } from '../../src/session/typed-array-bytes.js';
import { lightCurve } from './support.js';

describe('typedArrayBytes', () => {
  it('is nothing for what holds no arrays', () => {
    for (const value of [
      null,
      undefined,
      1,
      1n,
      'text',
      true,
      {},
      [],
      [1, 'a'],
      new Map(),
      new Date(),
      () => 1,
    ]) {
      expect(typedArrayBytes(value)).toBe(0);
    }
  });

  it('counts arrays of every type', () => {
    expect(typedArrayBytes(new Float64Array(3))).toBe(24);
    expect(typedArrayBytes(new Int16Array(3))).toBe(6);
    expect(typedArrayBytes(new BigUint64Array(3))).toBe(24);
    expect(typedArrayBytes(Buffer.alloc(3))).toBe(3);
    expect(typedArrayBytes(new DataView(new ArrayBuffer(8), 3))).toBe(5);
    expect(typedArrayBytes(new ArrayBuffer(8))).toBe(8);
    expect(typedArrayBytes(new Uint8Array(new SharedArrayBuffer(8)))).toBe(8);
  });

  it('counts the columns of a light curve', () => {
    expect(typedArrayBytes(lightCurve(100))).toBe(2900);
  });

  it('finds them in objects, class instances, arrays, Maps and Sets', () => {
    class Periodogram {
      period = new Float64Array(2);
      power = new Float32Array(2);
    }
    const value = {
      list: [[new Uint8Array(1)]],
      map: new Map<unknown, unknown>([[new Uint8Array(2), { deep: new Uint8Array(4) }]]),
      set: new Set([new Uint8Array(8)]),
      fit: new Periodogram(),
      curve: lightCurve(1),
    };
    expect(typedArrayBytes(value)).toBe(15 + 24 + 29);
  });

  it('counts an array once, and views for no more than their buffer', () => {
    const array = new Float64Array(10);
    expect(typedArrayBytes([array, array, { again: array }])).toBe(80);
    expect(typedArrayBytes([array, new Uint8Array(array.buffer)])).toBe(80);
    expect(typedArrayBytes([array.buffer, array])).toBe(80);
    const part = array.subarray(0, 2);
    expect(typedArrayBytes([part, part, new Map([[part, part]])])).toBe(16);
    expect(typedArrayBytes([array.subarray(0, 2), array.subarray(5, 6)])).toBe(24);
    expect(typedArrayBytes(array.subarray(2, 4))).toBe(16);
  });

  it('ends on cycles, great depth and huge holes', () => {
    const cycle: unknown[] = [new Uint8Array(1)];
    cycle.push(cycle, new Map([[cycle, cycle]]));
    expect(typedArrayBytes(cycle)).toBe(1);

    let deep: unknown = new Uint8Array(1);
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(typedArrayBytes(deep)).toBe(1);

    const sparse: unknown[] = [];
    sparse[4_000_000_000] = 1;
    expect(typedArrayBytes({ sparse, near: new Uint8Array(1) })).toBe(1);
  });

  it('calls no getter', () => {
    const value = {
      get boom(): never {
        throw new Error('called');
      },
      array: new Uint8Array(1),
    };
    expect(typedArrayBytes(value)).toBe(1);
  });
});
