import { Option, type Command } from 'commander';
import type { HistoryEvent } from '../../disk/history.js';
import { positiveInteger } from '../arguments.js';
import { examples, type Cli } from '../command.js';
import { whatHappened } from '../explanation-text.js';
import { openToRead } from '../reading.js';
import { renderTable } from '../table.js';
import { formatTime } from '../text.js';

const EVENTS: readonly HistoryEvent['event'][] = [
  'put',
  'evicted',
  'replaced',
  'deleted',
  'cleared',
  'quarantined',
  'invalidated',
];

interface LogOptions {
  readonly key?: string;
  readonly event?: HistoryEvent['event'];
  readonly last?: number;
}

export function defineLog(command: Command, cli: Cli): void {
  command
    .option('--key <KEY>', 'only of this entry')
    .addOption(new Option('--event <EVENT>', 'only of this kind').choices(EVENTS))
    .option('--last <N>', 'the last so many (default: 100)', positiveInteger)
    .addHelpText(
      'after',
      examples('log', 'log --event evicted --last 20', 'log --key lc:25155310:1:pdcsap --json'),
    )
    .action(async ({ key, event, last }: LogOptions) => {
      const events = await openToRead(cli).history({ key, event, limit: last });
      cli.output.result(events, () => {
        const rows = events.map((each) => [formatTime(each.at), each.key, whatHappened(each)]);
        const columns = [{ head: 'WHEN' }, { head: 'KEY', shrinks: 'end' }, { head: 'WHAT' }] as const;
        return rows.length === 0 ? '' : renderTable(columns, rows, process.stdout.columns).text;
      });
    });
}
