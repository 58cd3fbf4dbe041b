import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { PersistentCache, type EntryFilter } from '../../disk/persistent-cache.js';
import { examples, type Cli } from '../command.js';
import { CommandFailure } from '../failure.js';
import { addFilterOptions, filterOf, type FilterOptions } from '../filters.js';
import { openToRead } from '../reading.js';
import { count, formatSize } from '../text.js';

export function defineClear(command: Command, cli: Cli): void {
  addFilterOptions(command)
    .option('--yes', "don't ask")
    .addHelpText('after', examples('clear', 'clear --tic 25155310 --yes', 'clear --kind value --yes'))
    .action(async ({ yes, ...options }: FilterOptions & { yes?: boolean }) => {
      const filter = filterOf(options);
      const { dir } = openToRead(cli);
      const cache = new PersistentCache(cli.cacheOptions());
      const matching = await cache.entries(filter);
      if (matching.length > 0 && yes !== true && !(await isConfirmed(matching, filter, dir))) {
        cli.fail();
        cli.output.result({ removed: 0 }, () => 'nothing was removed');
        return;
      }
      // Even where nothing is listed: a blob that can't be read has no metadata.
      const removed = existsSync(dir) ? await cache.clear(filter) : 0;
      cli.output.result({ removed }, () => `removed ${count(removed, 'entry', 'entries')}`);
    });
}

/** @throws CommandFailure USAGE where there is nobody to ask */
async function isConfirmed(
  matching: readonly { readonly bytes: number }[],
  filter: EntryFilter,
  dir: string,
): Promise<boolean> {
  const size = formatSize(matching.reduce((sum, { bytes }) => sum + bytes, 0));
  const isAll = Object.keys(filter).length === 0;
  const what = `${isAll ? 'all ' : ''}${count(matching.length, 'entry', 'entries')} (${size})`;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    const message = `this would remove ${what}: pass --yes where there is no terminal to ask on`;
    throw new CommandFailure({ code: 'USAGE', message });
  }
  const answer = await ask(`Remove ${what} from ${dir}? [y/N] `);
  return /^y(es)?$/i.test(answer.trim());
}

/** One line from the terminal; empty at the end of input. */
async function ask(question: string): Promise<string> {
  process.stderr.write(question);
  // Not as a terminal, which readline would take Ctrl-C away from.
  const lines = createInterface({ input: process.stdin, terminal: false });
  try {
    for await (const line of lines) return line;
    process.stderr.write('\n');
    return '';
  } finally {
    lines.close();
  }
}
