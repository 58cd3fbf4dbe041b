/** What a command of tess-cache is made of. */
import type { Command } from 'commander';
import type { PersistentCacheOptions } from '../disk/options.js';
import type { Output } from './output.js';

/** What the options before and after every command say. */
export type CacheOptions = Pick<PersistentCacheOptions, 'dir' | 'maxEntries' | 'maxBytes'>;

export interface Cli {
  readonly output: Output;
  /** Known when a command acts, not when it is defined. */
  cacheOptions(): CacheOptions;
  /** Makes the exit code 1: something failed, or a problem was found. */
  fail(): void;
}

/** Gives `command` its arguments, options, examples and action. */
export type Define = (command: Command, cli: Cli) => void;

/** Text for the end of a command's help. */
export function examples(...lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  $ tess-cache ${line}`)].join('\n');
}
