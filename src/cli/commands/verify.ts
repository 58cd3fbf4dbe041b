import type { Command } from 'commander';
import { PersistentCache } from '../../disk/persistent-cache.js';
import type { VerifyProblem, VerifyReport } from '../../disk/verify.js';
import { examples, type Cli } from '../command.js';
import { startProgress } from '../progress.js';
import { openToRead } from '../reading.js';
import { count, printable } from '../text.js';

/** Steps of the progress bar: the cache tells fractions. */
const PERCENT = 100;

const NOT_TRIED = "'tess-cache verify --repair' mends what can be mended.";
const NOT_REPAIRED =
  'What could not be repaired was left as it is: check the owner and mode of these paths, and the disk; then try again.';

export function defineVerify(command: Command, cli: Cli): void {
  command
    .option('--repair', 'mend what can be mended, and move what is corrupt to quarantine')
    .addHelpText(
      'after',
      `${examples('verify', 'verify --repair', 'verify --json | jq .problems')}

Exit code: 0 where there is no problem, or where all were repaired; 1 otherwise.`,
    )
    .action(async ({ repair = false }: { repair?: boolean }) => {
      const cache = repair ? new PersistentCache(cli.cacheOptions()) : openToRead(cli);
      const progress = await startProgress('verifying', PERCENT, '%');
      const report = await cache
        .verify({
          repair,
          onProgress: (fraction) => {
            progress.update(Math.floor(fraction * PERCENT));
          },
        })
        .finally(() => {
          progress.stop();
        });
      const unrepaired = report.problems.filter(({ repaired }) => !repaired).length;
      if (unrepaired > 0) cli.fail();
      cli.output.result(report, () => textOf(report));
      if (unrepaired > 0) cli.output.note(repair ? NOT_REPAIRED : NOT_TRIED);
    });
}

function textOf({ checked, ok, problems }: VerifyReport): string {
  const summary = `checked ${count(checked, 'entry', 'entries')}: ${ok} sound, ${count(problems.length, 'problem')}`;
  return [...problems.flatMap(describeProblem), summary].join('\n');
}

/** Whole, in lines of their own: a path or a reason that is shortened helps nobody. */
function describeProblem({ problem, key, path, detail, repaired }: VerifyProblem): string[] {
  const what = `${problem}${repaired ? ' (repaired)' : ''}: ${detail}`;
  return [
    printable(what),
    ...(key === undefined ? [] : [`  key   ${printable(key)}`]),
    `  path  ${printable(path)}`,
  ];
}
