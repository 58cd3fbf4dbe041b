import type { Command } from 'commander';
import { PersistentCache } from '../../disk/persistent-cache.js';
import { describe } from '../../errors.js';
import { examples, type Cli } from '../command.js';
import { CommandFailure } from '../failure.js';

export function defineUnpin(command: Command, cli: Cli): void {
  command
    .argument('<NAME>', 'of the pin')
    .addHelpText('after', examples('unpin run-7', 'pin'))
    .action(async (name: string) => {
      const unpinned = await new PersistentCache(cli.cacheOptions()).unpin(name);
      if (!unpinned) {
        const failure = { code: 'NOT_FOUND', message: `there is no pin ${describe(name)}` };
        throw new CommandFailure(failure, "'tess-cache pin' lists those that hold.");
      }
      cli.output.result({ unpinned: 1, name }, () => `unpinned ${describe(name)}`);
    });
}
