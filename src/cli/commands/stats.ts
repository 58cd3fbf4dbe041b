import type { Command } from 'commander';
import type { CacheStats } from '../../disk/stats.js';
import { examples, type Cli } from '../command.js';
import { openToRead } from '../reading.js';
import { renderTable } from '../table.js';
import { count, formatAge, formatSize } from '../text.js';

export function defineStats(command: Command, cli: Cli): void {
  command.addHelpText('after', examples('stats', 'stats --json | jq .bytes')).action(async () => {
    const stats = await openToRead(cli).stats();
    cli.output.result(toRecord(stats), () => textOf(stats));
  });
}

/** What this process itself read and wrote, which is nothing, is left out. */
function toRecord({
  dir,
  entries,
  bytes,
  maxEntries,
  maxBytes,
  byKind,
  oldestAccess,
  newestAccess,
}: CacheStats) {
  return {
    dir,
    entries,
    bytes,
    max_entries: limitOrNull(maxEntries),
    max_bytes: limitOrNull(maxBytes),
    by_kind: byKind,
    oldest_access: oldestAccess ?? null,
    newest_access: newestAccess ?? null,
  };
}

function textOf({ dir, entries, bytes, maxEntries, maxBytes, byKind, ...stats }: CacheStats): string {
  const now = Date.now() / 1000;
  const age = (time: number | undefined) => (time === undefined ? '-' : formatAge(time, now));
  const rows = [
    ['directory', dir],
    ['entries', `${entries} of ${Number.isFinite(maxEntries) ? maxEntries : 'any number'}`],
    ['bytes', `${formatSize(bytes)} of ${Number.isFinite(maxBytes) ? formatSize(maxBytes) : 'any number'}`],
    ...Object.entries(byKind).map(([kind, tally]) => [
      `  ${kind}`,
      `${count(tally.entries, 'entry', 'entries')}, ${formatSize(tally.bytes)}`,
    ]),
    ['oldest access', age(stats.oldestAccess)],
    ['newest access', age(stats.newestAccess)],
  ];
  return renderTable([{}, {}], rows).text;
}

/** JSON has no Infinity: null is no limit. */
function limitOrNull(limit: number): number | null {
  return Number.isFinite(limit) ? limit : null;
}
