import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { medianInPlace, standardDeviation, sum } from '../../src/light-curve/statistics.js';

const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e150, max: 1e150 });
/** Many equal values, and orders that quickselect finds hard. */
const awkward = fc.oneof(
  fc.array(finite),
  fc.array(fc.constantFrom(1, 2, 3)),
  fc.array(finite).map((values) => values.sort((a, b) => a - b)),
  fc.array(finite).map((values) => values.sort((a, b) => b - a)),
);

describe('median', () => {
  it('is the middle of the sorted values, exactly', () => {
    fc.assert(
      fc.property(awkward, (values) => {
        const sorted = Float64Array.from(values).sort();
        const n = sorted.length;
        const upper = sorted[n >> 1];
        const expected = n === 0 ? NaN : n % 2 === 1 ? upper : (sorted[(n >> 1) - 1] + upper) / 2;
        // +0 is no other number than -0.
        expect(medianInPlace(Float64Array.from(values)) + 0).toBe(expected + 0);
      }),
    );
  });

  it('keeps the values, in another order', () => {
    fc.assert(
      fc.property(awkward, (values) => {
        const reordered = Float64Array.from(values);
        medianInPlace(reordered);
        expect(reordered.sort()).toEqual(Float64Array.from(values).sort());
      }),
    );
  });

  it('takes infinities for what they are', () => {
    expect(medianInPlace(Float64Array.of(Infinity, 1, -Infinity))).toBe(1);
    expect(medianInPlace(Float64Array.of(Infinity, Infinity))).toBe(Infinity);
  });

  it('takes time in proportion to the number of values, sorted ones too', () => {
    const sorted = Float64Array.from({ length: 500_000 }, (_, i) => i);
    const started = performance.now();
    expect(medianInPlace(sorted)).toBe(249_999.5);
    expect(medianInPlace(sorted.map((_, i) => (i % 2 === 0 ? i : -i)))).toBe(-0.5);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describe('sum', () => {
  /** Exact: integers of 1e-3 steps. */
  it('is that of exact arithmetic to the last digits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1e9, max: 1e9 })),
        fc.constantFrom(1, 2 ** -20, 2 ** 40),
        (integers, unit) => {
          const exact = integers.reduce((total, value) => total + BigInt(value), 0n);
          expect(sum(integers.map((value) => value * unit))).toBe(Number(exact) * unit);
        },
      ),
    );
  });

  it('does not lose small terms beside large ones', () => {
    expect(sum([1, 1e100, 1, -1e100])).toBe(2);
    expect(sum(new Float64Array(100_000).fill(0.1))).toBe(10_000);
  });

  it('of nothing is 0', () => {
    expect(sum([])).toBe(0);
  });
});

describe('standard deviation', () => {
  it('is that of the population', () => {
    expect(standardDeviation(Float64Array.of(2, 4, 4, 4, 5, 5, 7, 9))).toBe(2);
    expect(standardDeviation(Float64Array.of(3))).toBe(0);
    expect(standardDeviation(new Float64Array(0))).toBeNaN();
  });

  it('keeps its digits where the mean is large', () => {
    const values = Float64Array.from({ length: 1000 }, (_, i) => 1e9 + (i % 2));
    expect(standardDeviation(values)).toBeCloseTo(0.5, 12);
  });
});
