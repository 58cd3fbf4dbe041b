import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { summarize, summaryLines } from '../../src/cli/value-summary.js';
import { anyValue } from '../support/values.js';

describe('summarize', () => {
  it('tells types, lengths and a few numbers', () => {
    const summary = summarize({
      power: Float64Array.of(3, NaN, -1, Infinity),
      best: { period: 4.413, name: 'b' },
      sectors: [1, 2, 3, 4, 5],
      ids: BigInt64Array.of(5n, -7n),
      none: null,
    });
    expect(summary).toEqual({
      type: 'object',
      properties: {
        power: { type: 'Float64Array', length: 4, min: -1, max: 3, not_finite: 2 },
        best: {
          type: 'object',
          properties: { period: { type: 'number', value: 4.413 }, name: { type: 'string', value: 'b' } },
        },
        sectors: {
          type: 'array',
          length: 5,
          items: [1, 2, 3, 4].map((value) => ({ type: 'number', value })),
          more: 1,
        },
        ids: { type: 'BigInt64Array', length: 2, min: -7n, max: 5n },
        none: { type: 'null' },
      },
    });
    expect(summaryLines(summary).slice(0, 5)).toEqual([
      'value: object',
      '  power: Float64Array(4), -1 to 3, 2 not finite',
      '  best: object',
      '    period: number, 4.413',
      '    name: string, "b"',
    ]);
  });

  it('keeps a property that is named __proto__', () => {
    const value = JSON.parse('{"__proto__": 1}') as unknown;
    expect(JSON.stringify(summarize(value))).toBe(
      '{"type":"object","properties":{"__proto__":{"type":"number","value":1}}}',
    );
  });

  it('stays small, whatever the value', () => {
    const wide = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`p${i}`, [[i], [i]]]));
    let deep: unknown = 1;
    for (let level = 0; level < 400; level++) deep = [deep];
    for (const value of [wide, deep, { a: wide, b: wide }, 'x'.repeat(1e6), new Float64Array(0)]) {
      expect(summaryLines(summarize(value)).join('\n').length).toBeLessThan(30_000);
    }
  });

  it('has something to say of every value that a cache takes', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(summaryLines(summarize(value)).length).toBeGreaterThan(0);
      }),
    );
  });
});
