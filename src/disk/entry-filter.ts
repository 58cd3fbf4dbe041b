/** Which entries of many: what a caller asks for, checked. */
import type { EntryKind } from '../codec/blob.js';
import { TessCacheError, describe } from '../errors.js';
import type { CatalogueEntry } from './catalogue.js';

/** All given conditions must hold. */
export interface EntryFilter {
  readonly ticId?: number;
  readonly sector?: number;
  readonly kind?: EntryKind;
  /** What the key starts with. */
  readonly prefix?: string;
}

const CONDITIONS: Readonly<
  Record<keyof EntryFilter, readonly [expected: string, isRight: (value: unknown) => boolean]>
> = {
  ticId: ['an integer', Number.isSafeInteger],
  sector: ['an integer', Number.isSafeInteger],
  kind: ["'lightcurve' or 'value'", (value) => value === 'lightcurve' || value === 'value'],
  prefix: ['a string', (value) => typeof value === 'string'],
};

/**
 * A misspelt condition must not count as none: `clear` would remove everything.
 *
 * @throws TessCacheError BAD_ARGUMENT naming the condition
 */
export function checkFilter(filter: EntryFilter): EntryFilter {
  const isPlain =
    typeof filter === 'object' &&
    filter !== null &&
    [Object.prototype, null].includes(Object.getPrototypeOf(filter) as object | null);
  if (!isPlain) throw bad('filter', 'a plain object', filter);
  for (const [name, value] of Object.entries(filter)) {
    if (!Object.hasOwn(CONDITIONS, name)) {
      throw bad(`filter.${name}`, `one of ${Object.keys(CONDITIONS).join(', ')}`, value);
    }
    const [expected, isRight] = CONDITIONS[name as keyof EntryFilter];
    if (value !== undefined && !isRight(value)) throw bad(`filter.${name}`, expected, value);
  }
  return filter;
}

/**
 * For what can't be undone: where a star's number got lost on the way, its filter must not stand for every star.
 *
 * @throws TessCacheError BAD_ARGUMENT for conditions that are all undefined, too
 */
export function checkClearFilter(filter: EntryFilter): EntryFilter {
  const conditions = Object.entries(checkFilter(filter));
  if (conditions.length > 0 && conditions.every(([, value]) => value === undefined)) {
    throw bad(`filter.${conditions[0][0]}`, 'a value (to remove all there is, give no filter)', undefined);
  }
  return filter;
}

export function matches(entry: CatalogueEntry, { ticId, sector, kind, prefix }: EntryFilter): boolean {
  return (
    (ticId === undefined || entry.ticId === ticId) &&
    (sector === undefined || entry.sector === sector) &&
    (kind === undefined || entry.kind === kind) &&
    (prefix === undefined || entry.key.startsWith(prefix))
  );
}

function bad(field: string, expected: string, value: unknown): TessCacheError {
  const found = describe(value);
  return new TessCacheError('BAD_ARGUMENT', `${field} must be ${expected}, got ${found}`, {
    field,
    expected,
    found,
  });
}
