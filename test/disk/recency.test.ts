import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecencyQueue } from '../../src/disk/recency.js';

interface Entry {
  readonly name: number;
  readonly accessedAt: number;
}

/** Entries with bounds that others' accesses have overtaken, and a queue of them. */
function makeQueue(bounds: readonly number[]) {
  const present = new Set<Entry>(bounds.map((accessedAt, name) => ({ name, accessedAt })));
  const queue = new RecencyQueue<Entry>(
    () => present,
    () => present.size,
    (entry) => present.has(entry),
  );
  return { present, queue };
}

describe('a queue by recency', () => {
  it('gives what sorting by the true times gives, though it only knows lower bounds', () => {
    const times = fc.array(fc.tuple(fc.nat(50), fc.nat(50)), { maxLength: 40 });
    fc.assert(
      fc.property(times, (pairs) => {
        const { present, queue } = makeQueue(pairs.map(([bound]) => bound));
        // Distinct, so that there is one right order.
        const actual = pairs.map(([bound, later], name) => (bound + later) * 1000 + name);
        const taken: number[] = [];
        for (;;) {
          const entry = queue.take(({ name }) => actual[name]);
          if (entry === undefined) break;
          present.delete(entry);
          taken.push(entry.name);
        }
        expect(taken).toEqual(pairs.map((_, name) => name).sort((a, b) => actual[a] - actual[b]));
      }),
    );
  });

  it('keeps that order while entries come, go and are read', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('add' as const) }),
      fc.record({ do: fc.constant('read' as const), which: fc.nat(30) }),
      fc.record({ do: fc.constant('remove' as const), which: fc.nat(30) }),
      fc.record({ do: fc.constant('take' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { present, queue } = makeQueue([]);
        const actual = new Map<Entry, number>();
        let now = 0;
        for (const each of steps) {
          now++;
          const entries = [...present];
          if (each.do === 'add') {
            const entry = { name: now, accessedAt: now };
            present.add(entry);
            actual.set(entry, now);
            queue.add(entry);
          } else if (each.do === 'take') {
            const expected = entries.sort((a, b) => actual.get(a)! - actual.get(b)!).at(0);
            expect(queue.take((entry) => actual.get(entry))).toBe(expected);
            if (expected !== undefined) present.delete(expected);
          } else if (entries.length > 0) {
            const entry = entries[each.which % entries.length];
            if (each.do === 'read') actual.set(entry, now);
            else present.delete(entry);
          }
        }
      }),
    );
  });

  it('asks for the true time of few entries only', () => {
    const { present, queue } = makeQueue(Array.from({ length: 1000 }, (_, i) => i));
    let asked = 0;
    for (let round = 0; round < 100; round++) {
      present.delete(
        queue.take(({ accessedAt }) => {
          asked++;
          return accessedAt;
        })!,
      );
    }
    expect(asked).toBe(100);
  });

  it('goes by the bound where the true time is unknown or earlier', () => {
    const { queue } = makeQueue([3, 1, 2]);
    expect(queue.take(() => undefined)?.name).toBe(1);
    expect(queue.take(() => 0)?.name).toBe(2);
  });

  it('forgets what has left without being taken', () => {
    const { present, queue } = makeQueue([1]);
    for (let round = 0; round < 5000; round++) {
      const entry = { name: round, accessedAt: round };
      present.add(entry);
      queue.add(entry);
      present.delete(entry);
    }
    expect(queue.take(() => undefined)?.name).toBe(0);
    expect(queue.take(() => undefined)).toBeUndefined();
  });
});
