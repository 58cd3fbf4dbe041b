// Get and put of a product of one kilobyte.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { takeIntoUse } from '../filled.mjs';
import { interleave, median, sleep, timed } from '../measure.mjs';
import { product } from '../payload.mjs';
import { duration, limitGoal } from '../report.mjs';
import { closeRivals, openRivals } from '../rivals/index.mjs';

export const title = 'get and put of 1 KB';
/** Names that are read, of those that were put. */
const READ = 200;
const ACTS = 20;
/** The goal for a put was set where writing and renaming a file of this size takes this long. */
const RAW_OF_THE_GOAL_US = 50;

export async function run({ subject, workspace, skipped, rounds }) {
  const { PersistentCache } = subject;
  const cache = new PersistentCache({ dir: await takeIntoUse(subject, workspace.make('small')) });
  const key = (i) => `fit:${25155310 + i}:1:0123456789abcdef0123456789abcdef`;
  const payload = Buffer.alloc(1024, 7);
  const rivals = await openRivals(workspace, payload, skipped);
  const rawDir = workspace.make('raw');
  const rawPath = (i) => join(rawDir, String(i));

  const puts = await interleave(
    [
      {
        name: 'write + rename',
        turn: timed((i) => {
          const temporary = join(rawDir, `tmp-${i}`);
          writeFileSync(temporary, payload);
          renameSync(temporary, rawPath(i));
        }),
      },
      { name: 'tess-cache', turn: timed((i, value) => cache.put(key(i), value), product) },
      ...rivals.map((rival) => ({ ...rival, turn: (indices) => rival.puts(indices.map(key)) })),
    ],
    { rounds: rounds(40), acts: ACTS, warmUp: 10 },
  );
  // Those that take part in few rounds only have not put all.
  for (const { puts: putAll, every } of rivals) {
    if (every !== undefined) await putAll(Array.from({ length: READ }, (_, i) => key(i)));
  }
  await sleep(100);
  const read = (indices) => indices.map((i) => i % READ);
  for (let i = 0; i < READ; i++) await cache.get(key(i));
  const gets = await interleave(
    [
      { name: 'readFileSync', turn: timed((i) => readFileSync(rawPath(i % READ))) },
      { name: 'tess-cache', turn: timed((i) => cache.get(key(i % READ))) },
      ...rivals.map((rival) => ({ ...rival, turn: (indices) => rival.gets(read(indices).map(key)) })),
    ],
    { rounds: rounds(60), acts: ACTS, warmUp: 10 },
  );
  await closeRivals(rivals);
  await cache.close();

  const raw = median(puts.get('write + rename'));
  const putLimit = (200 * raw) / RAW_OF_THE_GOAL_US;
  return {
    tables: [
      { title: 'get of 1 KB', times: gets, subject: 'tess-cache' },
      { title: 'put of 1 KB under a new key', times: puts, subject: 'tess-cache' },
    ],
    goals: [
      limitGoal('1 KB: get <= 60 us', median(gets.get('tess-cache')), 60),
      limitGoal(
        `1 KB: put <= 200 us where write + rename is 50 us (it is ${duration(raw)} here: <= ${duration(putLimit)})`,
        median(puts.get('tess-cache')),
        putLimit,
      ),
    ],
  };
}
