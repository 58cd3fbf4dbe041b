/** What the commands that only read have in common. */
import { existsSync, statSync } from 'node:fs';
import { PersistentCache, type Hit } from '../disk/persistent-cache.js';
import type { Miss, MissReason } from '../disk/reader.js';
import { describe } from '../errors.js';
import { parseDataRef } from '../ref/data-ref.js';
import { nearestNames, type NearName } from '../ref/nearest.js';
import type { Cli } from './command.js';
import { CommandFailure } from './failure.js';
import { renderTable } from './table.js';

/** Looking into a cache is no use of its entries: it changes nothing, and needs no permission to write. */
export function openToRead(cli: Cli): PersistentCache {
  const cache = new PersistentCache({ ...cli.cacheOptions(), readOnly: true });
  if (!existsSync(cache.dir)) {
    cli.output.message(`There is no cache at ${cache.dir} yet; 'tess-cache ingest FILE' makes one.`);
  } else if (!statSync(cache.dir).isDirectory()) {
    throw new CommandFailure({ code: 'USAGE', message: `${cache.dir} is a file: no directory of a cache` });
  }
  return cache;
}

const ADVICE: Readonly<Record<Exclude<MissReason, 'absent'>, readonly [code: string, advice: string]>> = {
  corrupt: [
    'CORRUPT',
    "'tess-cache verify --repair' moves it out of the way; then ingest or compute it again.",
  ],
  mismatch: [
    'CORRUPT',
    "'tess-cache verify --repair' moves it out of the way; then ingest or compute it again.",
  ],
  'newer-format': ['NEWER_FORMAT', 'A later version of tess-cache reads it.'],
  stale: ['NOT_FOUND', 'Compute it again from the inputs that there are now.'],
};

/** @throws CommandFailure NOT_FOUND with the nearest names, CORRUPT or NEWER_FORMAT, each with what to do */
export async function requireEntry(cache: PersistentCache, key: string): Promise<Hit> {
  const found = await cache.lookup(key);
  if (found.hit) return found;
  throw found.reason === 'absent' ? await notFound(cache, key) : unusable(found);
}

function unusable({ key, reason, detail }: Miss): CommandFailure {
  const [code, advice] = ADVICE[reason as Exclude<MissReason, 'absent'>];
  const message = `the entry ${describe(key)} can't be used (${reason}): ${detail ?? 'no details'}`;
  return new CommandFailure({ code, message, reason, key }, advice);
}

export async function notFound(cache: PersistentCache, key: string): Promise<CommandFailure> {
  const nearest = near(key, await cache.keys());
  const message = `there is no entry ${describe(key)} in ${cache.dir}`;
  return new CommandFailure({ code: 'NOT_FOUND', message, key, nearest }, listed(nearest));
}

/** Some type just the number of the star. */
function near(key: string, keys: readonly string[]): NearName[] {
  const [, tic] = /^(?:TIC\s*)?([0-9]+)$/i.exec(key) ?? [];
  if (tic === undefined) return nearestNames(key, keys);
  const ofTarget = keys.filter((each) => parseDataRef(each)?.ticId === Number(tic));
  return ofTarget.map((each) => ({ key: each, difference: 'same TIC' }));
}

function listed(nearest: readonly NearName[]): string {
  if (nearest.length === 0) return "'tess-cache ls' lists what there is.";
  const rows = nearest.map(({ key, difference }) => [`  ${key}`, difference]);
  return `Nearest:\n${renderTable([{}, {}], rows).text}`;
}
