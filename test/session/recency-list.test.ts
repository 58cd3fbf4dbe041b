import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecencyList } from '../../src/session/recency-list.js';

describe('RecencyList', () => {
  it('keeps slots in the order of their use', () => {
    const step = fc.tuple(fc.constantFrom('add', 'add', 'touch', 'remove'), fc.nat());
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const list = new RecencyList({ now: 0 });
        let model: number[] = [];
        for (const [operation, n] of steps) {
          if (operation === 'add') {
            const added = list.add();
            expect(model).not.toContain(added);
            model.push(added);
          } else if (model.length > 0) {
            const slot = model[n % model.length];
            model = model.filter((other) => other !== slot);
            if (operation === 'touch') {
              list.touch(slot);
              model.push(slot);
            } else {
              list.remove(slot);
            }
          }
          expect(list.size).toBe(model.length);
          const uses = model.map((slot) => list.usedAt(slot));
          expect(uses).toEqual(uses.toSorted((a, b) => a - b));
        }
        const drained: number[] = [];
        while (list.size > 0) {
          drained.push(list.oldest);
          list.remove(list.oldest);
        }
        expect(drained).toEqual(model);
        expect(list.oldest).toBe(0);
      }),
    );
  });

  it('grows, and hands out again what was given back', () => {
    const list = new RecencyList({ now: 0 });
    const slots = Array.from({ length: 5000 }, () => list.add());
    expect(new Set(slots).size).toBe(5000);
    expect(slots.map((slot) => list.usedAt(slot))).toEqual(slots.map((_, i) => i + 1));
    list.touch(slots[0]);
    expect(list.oldest).toBe(slots[1]);
    list.remove(slots[777]);
    expect(list.add()).toBe(slots[777]);
    expect(list.size).toBe(5000);
    list.clear();
    expect([list.size, list.oldest]).toEqual([0, 0]);
    const again = list.add();
    expect([list.size, list.oldest]).toEqual([1, again]);
  });
});
