import type { Command } from 'commander';
import { PersistentCache } from '../../disk/persistent-cache.js';
import { checkKey } from '../../ref/key.js';
import { examples, type Cli } from '../command.js';
import { notFound } from '../reading.js';
import { count } from '../text.js';

export function defineRm(command: Command, cli: Cli): void {
  command
    .argument('<KEY...>', 'of the entries')
    .addHelpText(
      'after',
      examples('rm lc:25155310:1:pdcsap', 'rm lc:25155310:1:pdcsap lc:25155310:2:pdcsap --json'),
    )
    .action(async (keys: string[]) => {
      const cache = new PersistentCache(cli.cacheOptions());
      // Before the first is removed: one key that can't be a key is wrong usage.
      for (const key of keys) checkKey(key);
      let removed = 0;
      const missing: string[] = [];
      for (const key of new Set(keys)) {
        if (await cache.delete(key)) removed++;
        else missing.push(key);
      }
      cli.output.result(
        { removed, ...(missing.length > 0 && { missing }) },
        () => `removed ${count(removed, 'entry', 'entries')}`,
      );
      if (missing.length > 0) cli.fail();
      for (const key of missing) {
        const { message, hint } = await notFound(cache, key);
        cli.output.message(`tess-cache: ${message}\n${hint ?? ''}`);
      }
    });
}
