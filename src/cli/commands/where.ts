import type { Command } from 'commander';
import { locate } from '../../disk/location.js';
import { examples, type Cli } from '../command.js';

export function defineWhere(command: Command, cli: Cli): void {
  command.addHelpText('after', examples('where', 'where --json', '--cache-dir ~/tess where')).action(() => {
    const location = locate(cli.cacheOptions().dir);
    // The directory alone, for `cd "$(tess-cache where)"`.
    cli.output.result(location, () => location.dir);
    cli.output.note(`chosen by: ${RULES[location.rule]}`);
  });
}

const RULES = {
  BITTR_TESS_VETTER_CACHE_DIR: 'the variable BITTR_TESS_VETTER_CACHE_DIR',
  BITTR_TESS_VETTER_CACHE_ROOT: 'the variable BITTR_TESS_VETTER_CACHE_ROOT',
  'working directory': 'the working directory, as no variable says otherwise',
  given: 'the option --cache-dir',
} as const;
