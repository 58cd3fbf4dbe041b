/** Which entries are of a target: who asks for one star's of a hundred thousand need not look at all. */
import type { CatalogueEntry } from './catalogue.js';

export class TargetIndex {
  /** An array each: it takes a tenth of a Set's memory where most targets have one entry. */
  readonly #byTic = new Map<number, CatalogueEntry[]>();

  of(ticId: number): readonly CatalogueEntry[] {
    return this.#byTic.get(ticId) ?? [];
  }

  add(entry: CatalogueEntry): void {
    if (entry.ticId === undefined) return;
    const known = this.#byTic.get(entry.ticId);
    if (known === undefined) this.#byTic.set(entry.ticId, [entry]);
    else known.push(entry);
  }

  remove(entry: CatalogueEntry): void {
    const known = entry.ticId === undefined ? undefined : this.#byTic.get(entry.ticId);
    const at = known?.indexOf(entry) ?? -1;
    if (known === undefined || at < 0) return;
    const last = known.pop()!;
    if (last !== entry) known[at] = last;
    if (known.length === 0) this.#byTic.delete(entry.ticId!);
  }
}
