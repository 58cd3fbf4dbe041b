/** That a caller's in-place change of a light curve is a compile error: checked by tsc, not at run time. */
import { describe, expect, expectTypeOf, it } from 'vitest';
import { LightCurveData } from '../../src/light-curve/light-curve-data.js';
import { initOf } from './sample.js';

/* eslint-disable @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-member-access,
   @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-assignment -- none of it compiles */

/** Never called: each line would change the light curve, and must not compile. */
export function changes(data: LightCurveData): void {
  // @ts-expect-error -- elements are read-only
  data.flux[0] = 1;
  // @ts-expect-error -- elements are read-only
  data.quality[0]++;
  // @ts-expect-error -- elements are read-only
  data.validMask[0] = 0;
  // @ts-expect-error -- the array itself is read-only
  data.time = new Float64Array(1);
  // @ts-expect-error -- writes in place
  data.time.fill(0);
  // @ts-expect-error -- writes in place
  data.flux.set([1]);
  // @ts-expect-error -- writes in place
  data.fluxErr.sort();
  // @ts-expect-error -- writes in place
  data.flux.reverse();
  // @ts-expect-error -- writes in place
  data.flux.copyWithin(0, 1);
  // @ts-expect-error -- another view of the same memory
  new Float64Array(data.flux.buffer).fill(0);
  // @ts-expect-error -- a part of it is as read-only
  data.flux.subarray(1, 2)[0] = 1;
  // @ts-expect-error -- callbacks get no array to write to
  data.flux.forEach((value, i, array) => (array[i] = value * 2));
  // @ts-expect-error -- callbacks get no array to write to
  data.flux.map((value, i, array) => (array[i] = value));
  // @ts-expect-error -- no function that may write takes it
  ((writable: Float64Array) => writable.fill(0))(data.flux);
  // @ts-expect-error -- the numbers are read-only
  data.cadenceSeconds = 1;
  // @ts-expect-error -- derived numbers are read-only
  data.nValid = 1;
  // @ts-expect-error -- the provenance is read-only
  data.provenance!.author = 'somebody';
}

/* eslint-enable */

describe('arrays of a light curve', () => {
  const data = new LightCurveData(initOf(4));

  it('can be read, iterated, reduced and copied', () => {
    expect(data.flux[0]).toBe(1);
    expect([...data.flux]).toEqual([1, 1, 1, 1]);
    expect(data.flux.length + data.quality.length).toBe(8);
    expect(data.flux.reduce((total, value) => total + value, 0)).toBe(4);
    expect(Math.max(...data.flux.subarray(1, 3))).toBe(1);
    expectTypeOf(data.flux.slice()).toEqualTypeOf<ReturnType<Float64Array['slice']>>();
    const copy = data.flux.map((value) => value * 2);
    copy[0] = 7;
    expect([copy[0], data.flux[0]]).toEqual([7, 1]);
    expect(Float64Array.from(data.flux)).toEqual(data.flux);
  });

  it('are ordinary typed arrays at run time', () => {
    expect(data.flux).toBeInstanceOf(Float64Array);
    expect(data.quality).toBeInstanceOf(Int32Array);
    expect(data.validMask).toBeInstanceOf(Uint8Array);
  });
});
