/** The options that choose entries, for every command that takes some of many. */
import { Option, type Command } from 'commander';
import type { EntryFilter } from '../disk/persistent-cache.js';
import { positiveInteger } from './arguments.js';

export interface FilterOptions {
  readonly tic?: number;
  readonly sector?: number;
  readonly kind?: 'lightcurve' | 'value';
  readonly prefix?: string;
}

export function addFilterOptions(command: Command): Command {
  return command
    .option('--tic <N>', 'only of this TIC id', positiveInteger)
    .option('--sector <N>', 'only of this sector', positiveInteger)
    .addOption(new Option('--kind <KIND>', 'only of this kind').choices(['lightcurve', 'value']))
    .option('--prefix <TEXT>', 'only keys that start with this');
}

/** Without the conditions that were not given: `clear` would ask what is meant by a filter of none but those. */
export function filterOf({ tic: ticId, sector, kind, prefix }: FilterOptions): EntryFilter {
  const conditions = Object.entries({ ticId, sector, kind, prefix });
  return Object.fromEntries(conditions.filter(([, value]) => value !== undefined));
}
