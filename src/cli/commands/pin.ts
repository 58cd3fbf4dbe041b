import type { Command } from 'commander';
import type { Pin } from '../../disk/pins.js';
import { PersistentCache } from '../../disk/persistent-cache.js';
import { duration } from '../arguments.js';
import { examples, type Cli } from '../command.js';
import { CommandFailure } from '../failure.js';
import { openToRead } from '../reading.js';
import { renderTable } from '../table.js';
import { count, formatTime } from '../text.js';

interface PinOptions {
  readonly name?: string;
  readonly expires?: number;
}

export function definePin(command: Command, cli: Cli): void {
  command
    .argument('[KEY...]', 'to keep from eviction; without any, the pins that hold are listed')
    .option('--name <NAME>', 'by which it is unpinned')
    .option('--expires <TIME>', 'it ends by itself after 90s, 30min, 12h, 7d, ...', duration)
    .addHelpText(
      'after',
      examples(
        'pin lc:25155310:1:pdcsap lc:25155310:2:pdcsap --name run-7 --expires 12h',
        'pin',
        'unpin run-7',
      ),
    )
    .action(async (keys: string[], { name, expires }: PinOptions) => {
      if (keys.length === 0) {
        const pins = await openToRead(cli).pins();
        cli.output.result(pins.map(pinRecord), () => tableOf(pins));
        return;
      }
      if (name === undefined) {
        throw new CommandFailure({ code: 'USAGE', message: 'a pin needs a name' }, 'Pass --name NAME.');
      }
      const cache = new PersistentCache(cli.cacheOptions());
      await cache.pin(keys, { name, expiresInSeconds: expires });
      const pin = (await cache.pins()).find((each) => each.name === name);
      cli.output.result(
        { pinned: keys.length, ...(pin && pinRecord(pin)) },
        () => `pinned ${count(keys.length, 'key')}`,
      );
    });
}

function pinRecord({ name, keys, createdAt, expiresAt }: Pin): Record<string, unknown> {
  return { name, keys, created_at: createdAt, expires_at: expiresAt ?? null };
}

function tableOf(pins: readonly Pin[]): string {
  if (pins.length === 0) return '';
  const rows = pins.flatMap(({ name, keys, expiresAt }) =>
    keys.map((key) => [name, expiresAt === undefined ? 'never' : formatTime(expiresAt), key]),
  );
  return renderTable(
    [{ head: 'PIN' }, { head: 'EXPIRES' }, { head: 'KEY', shrinks: 'end' }],
    rows,
    process.stdout.columns,
  ).text;
}
