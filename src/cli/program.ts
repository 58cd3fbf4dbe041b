/** The command line as a whole: options, the table of commands, and what becomes of errors. */
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { Command, CommanderError } from 'commander';
import { path, positiveInteger, size } from './arguments.js';
import type { CacheOptions, Cli, Define } from './command.js';
import { CommandFailure, errorRecord } from './failure.js';
import { Output } from './output.js';

interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Loaded only where the name stands on the command line: loading all of them takes longer than most do. */
  readonly load: () => Promise<Define>;
}

const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'ingest',
    summary: 'read FITS light curves, or folders of them, into the cache',
    load: async () => (await import('./commands/ingest.js')).defineIngest,
  },
  {
    name: 'ls',
    summary: 'list what is cached',
    load: async () => (await import('./commands/ls.js')).defineLs,
  },
  {
    name: 'show',
    summary: 'show one entry: metadata, provenance, numbers, a plot',
    load: async () => (await import('./commands/show.js')).defineShow,
  },
  {
    name: 'export',
    summary: 'write one entry to a file, as CSV or safetensors',
    load: async () => (await import('./commands/export.js')).defineExport,
  },
  {
    name: 'rm',
    summary: 'remove entries by key',
    load: async () => (await import('./commands/rm.js')).defineRm,
  },
  {
    name: 'clear',
    summary: 'remove all entries, or all that match',
    load: async () => (await import('./commands/clear.js')).defineClear,
  },
  {
    name: 'verify',
    summary: 'read every entry and check it',
    load: async () => (await import('./commands/verify.js')).defineVerify,
  },
  {
    name: 'stats',
    summary: 'how much is cached, of what, and the limits',
    load: async () => (await import('./commands/stats.js')).defineStats,
  },
  {
    name: 'explain',
    summary: 'why a key is in the cache, or why not',
    load: async () => (await import('./commands/explain.js')).defineExplain,
  },
  {
    name: 'log',
    summary: 'what came and what left, when, why and by whose hand',
    load: async () => (await import('./commands/log.js')).defineLog,
  },
  {
    name: 'pin',
    summary: 'keep entries from eviction, or list what is kept',
    load: async () => (await import('./commands/pin.js')).definePin,
  },
  {
    name: 'unpin',
    summary: 'end a pin',
    load: async () => (await import('./commands/unpin.js')).defineUnpin,
  },
  {
    name: 'invalidate',
    summary: 'remove an entry that is no longer right, and what was computed from it',
    load: async () => (await import('./commands/invalidate.js')).defineInvalidate,
  },
  {
    name: 'where',
    summary: 'print the cache directory, and the rule that chose it',
    load: async () => (await import('./commands/where.js')).defineWhere,
  },
];

const DONE = 0;
const FAILED = 1;
const WRONG_USAGE = 2;
/** Errors that the caller's own words caused. */
const USAGE_CODES: readonly string[] = ['USAGE', 'BAD_ARGUMENT', 'BAD_KEY'];

/** @returns the exit code */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const words = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : undefined);
  const output = new Output(words.includes('--json'));
  let exitCode = DONE;
  /** What commander writes: a help or a version. */
  let written = '';
  const program = new Command('tess-cache')
    .description('Caches TESS light curves and the products computed from them.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => (written += text),
      writeErr: (text) => (written += text),
      outputError: () => undefined,
    })
    .configureHelp({ showGlobalOptions: true })
    .option('--cache-dir <DIR>', "the cache's directory (default: see 'tess-cache where')", path)
    .option('--max-entries <N>', 'entries to keep at most', positiveInteger)
    .option('--max-bytes <SIZE>', 'bytes to keep at most: 1500, 500MB, 2GiB, ... (default: 4GiB)', size)
    .option('--json', 'print one JSON document to standard output')
    .version(version(), '--version', 'print the version')
    .helpOption('--help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command');
  const cli: Cli = {
    output,
    cacheOptions: () => {
      const { cacheDir, maxEntries, maxBytes } = program.opts<CacheOptions & { cacheDir?: string }>();
      return { dir: cacheDir, maxEntries, maxBytes };
    },
    fail: () => {
      exitCode = FAILED;
    },
  };
  try {
    for (const { name, summary, load } of COMMANDS) {
      const command = program
        .command(name)
        .summary(summary)
        .description(`${capitalized(summary)}.`);
      if (words.includes(name)) (await load())(command, cli);
    }
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return ofCommander(error, written, words, output);
    if (process.env.TESS_CACHE_DEBUG) output.message(inspect(error));
    const record = errorRecord(error);
    output.error(record, error instanceof CommandFailure ? error.hint : undefined);
    return USAGE_CODES.includes(record.code) ? WRONG_USAGE : FAILED;
  }
}

/** A help or a version that was asked for, or wrong usage. */
function ofCommander(
  { code, exitCode, message }: CommanderError,
  written: string,
  words: readonly string[],
  output: Output,
): number {
  if (exitCode === DONE) {
    const what = code === 'commander.version' ? 'version' : 'help';
    output.result({ [what]: written.trimEnd() }, () => written);
    return DONE;
  }
  if (code === 'commander.help') {
    output.message(written);
    output.error({ code: 'USAGE', message: 'a command is missing' });
    return WRONG_USAGE;
  }
  const command = COMMANDS.find(({ name }) => words.includes(name));
  const help = `tess-cache ${command === undefined ? '' : `${command.name} `}--help`;
  const text = message.replace(/^error: /, '').replaceAll('\n', ' ');
  output.error({ code: 'USAGE', message: text }, `See '${help}'.`);
  return WRONG_USAGE;
}

function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
