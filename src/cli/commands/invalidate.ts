import type { Command } from 'commander';
import { PersistentCache } from '../../disk/persistent-cache.js';
import { examples, type Cli } from '../command.js';
import { notFound } from '../reading.js';
import { count, printable } from '../text.js';

export function defineInvalidate(command: Command, cli: Cli): void {
  command
    .argument('<KEY>', 'of an entry that is no longer right')
    .option('--downstream', 'also all that was computed from it, to any depth')
    .addHelpText(
      'after',
      examples('invalidate lc:25155310:1:pdcsap --downstream', 'ls --made-from lc:25155310:1:pdcsap'),
    )
    .action(async (key: string, { downstream = false }: { downstream?: boolean }) => {
      const cache = new PersistentCache(cli.cacheOptions());
      const keys = await cache.invalidate(key, { downstream });
      if (keys.length === 0) throw await notFound(cache, key);
      cli.output.result({ removed: keys.length, keys }, () =>
        [
          `removed ${count(keys.length, 'entry', 'entries')}`,
          ...keys.map((each) => `  ${printable(each)}`),
        ].join('\n'),
      );
    });
}
