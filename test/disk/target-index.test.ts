import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CatalogueEntry } from '../../src/disk/catalogue.js';
import { TargetIndex } from '../../src/disk/target-index.js';
import { checkKey, digestOf } from '../../src/ref/key.js';

function entryOf(key: string, ticId: number | undefined): CatalogueEntry {
  return {
    digest: digestOf(checkKey(key)),
    key,
    kind: 'value',
    bytes: 1,
    accessedAt: 1,
    ticId,
    sector: undefined,
  };
}

it('has of each target the entries that came and have not left', () => {
  const ticId = fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined });
  const step = fc.record({ ticId, at: fc.nat({ max: 20 }), isRemoval: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const index = new TargetIndex();
      const present: CatalogueEntry[] = [];
      for (const [i, { ticId: of, at, isRemoval }] of steps.entries()) {
        if (isRemoval) {
          // Now and then of one that is not there any more.
          const [entry = entryOf('stranger', of)] = present.splice(at % (present.length + 1), 1);
          index.remove(entry);
          index.remove(entry);
        } else {
          present.push(entryOf(`k${i}`, of));
          index.add(present.at(-1)!);
        }
      }
      for (const of of [1, 2, 3]) {
        const expected = present.filter((entry) => entry.ticId === of).map(({ key }) => key);
        expect([...index.of(of)].map(({ key }) => key).sort()).toEqual(expected.sort());
      }
    }),
  );
});
