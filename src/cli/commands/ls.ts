import type { Command } from 'commander';
import { toRecord, type EntryMetadata } from '../../disk/entry-metadata.js';
import { downstreamOf } from '../../disk/lineage-graph.js';
import type { PersistentCache } from '../../disk/persistent-cache.js';
import { examples, type Cli } from '../command.js';
import { addFilterOptions, filterOf, type FilterOptions } from '../filters.js';
import { notFound, openToRead } from '../reading.js';
import { renderTable, type RenderedTable, type TableColumn } from '../table.js';
import { count, formatAge, formatSize } from '../text.js';

const COLUMNS: readonly TableColumn[] = [
  { head: 'KEY', shrinks: 'end' },
  { head: 'KIND' },
  { head: 'TIC', align: 'right' },
  { head: 'SECTOR', align: 'right' },
  { head: 'SIZE', align: 'right' },
  { head: 'LAST ACCESS', align: 'right' },
];

export function defineLs(command: Command, cli: Cli): void {
  addFilterOptions(command)
    .addHelpText(
      'after',
      examples(
        'ls',
        'ls --tic 25155310 --kind lightcurve',
        'ls --made-from lc:25155310:1:pdcsap',
        "ls --json | jq -r '.[].key'",
      ),
    )
    .option('--inputs-of <KEY>', 'only what this product was computed from')
    .option('--made-from <KEY>', 'only what was computed from this, directly or not')
    .action(async ({ inputsOf, madeFrom, ...options }: FilterOptions & RelationOptions) => {
      const cache = openToRead(cli);
      const related = await relatives(cache, { inputsOf, madeFrom });
      const entries = (await cache.entries(filterOf(options)))
        .filter(({ key }) => related?.has(key) ?? true)
        .sort(byTarget);
      let isShortened = false;
      cli.output.result(entries.map(toRecord), () => {
        const table = tableOf(entries);
        ({ isShortened } = table);
        return entries.length === 0 ? '' : table.text;
      });
      const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
      cli.output.note(`${count(entries.length, 'entry', 'entries')}, ${formatSize(bytes)}`);
      if (isShortened)
        cli.output.note('Keys are shortened to fit the terminal; a pipe or --json gives them whole.');
    });
}

interface RelationOptions {
  readonly inputsOf?: string;
  readonly madeFrom?: string;
}

/** Keys of the entries related to another by lineage, or undefined where that isn't asked for. */
async function relatives(
  cache: PersistentCache,
  { inputsOf, madeFrom }: RelationOptions,
): Promise<ReadonlySet<string> | undefined> {
  const sets: ReadonlySet<string>[] = [];
  if (inputsOf !== undefined) {
    const metadata = await cache.metadata(inputsOf);
    if (metadata === undefined) throw await notFound(cache, inputsOf);
    sets.push(new Set(metadata.lineage?.inputs.map(({ key }) => key)));
  }
  if (madeFrom !== undefined) {
    sets.push(new Set(downstreamOf(madeFrom, await cache.entries({ kind: 'value' }))));
  }
  const [first, second = first] = sets;
  return first && new Set([...first].filter((key) => second.has(key)));
}

function tableOf(entries: readonly EntryMetadata[]): RenderedTable {
  const now = Date.now() / 1000;
  const rows = entries.map(({ key, kind, ticId, sector, bytes, accessedAt }) => [
    key,
    kind,
    String(ticId ?? '-'),
    String(sector ?? '-'),
    formatSize(bytes),
    formatAge(accessedAt, now),
  ]);
  return renderTable(COLUMNS, rows, process.stdout.columns);
}

/** Sector 2 before sector 10; what is of no star last. */
function byTarget(a: EntryMetadata, b: EntryMetadata): number {
  return (
    (a.ticId ?? Infinity) - (b.ticId ?? Infinity) ||
    (a.sector ?? Infinity) - (b.sector ?? Infinity) ||
    (a.key < b.key ? -1 : 1)
  );
}
