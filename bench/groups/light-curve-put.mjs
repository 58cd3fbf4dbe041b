// A put of a light curve: atomic, with SHA-256, checksum and sidecar.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { takeIntoUse } from '../filled.mjs';
import { interleave, timed } from '../measure.mjs';
import { blobPath, lightCurve } from '../payload.mjs';
import { aheadGoal, ratioGoal } from '../report.mjs';
import { closeRivals, openRivals } from '../rivals/index.mjs';

export const title = 'put of a light curve';
const ACTS = 10;
/** Names that are put again and again in the second table. */
const REPLACED = 20;

export async function run({ subject, workspace, skipped, rounds }) {
  const { PersistentCache, makeDataRef } = subject;
  const dir = await takeIntoUse(subject, workspace.make('put'));
  const cache = new PersistentCache({ dir });
  const durableDir = await takeIntoUse(subject, workspace.make('put-durable'));
  const durable = new PersistentCache({ dir: durableDir, durable: true });
  const curve = (index) => lightCurve(subject, index);
  const put = (into) => timed((_, data) => into.put(makeDataRef(data.ticId, data.sector), data), curve);
  await put(cache)([-1]);
  const { ticId, sector } = curve(-1);
  const payload = readFileSync(blobPath(dir, makeDataRef(ticId, sector)));
  workspace.require(rounds(60) * ACTS * payload.length * 10, 'the put group');
  const rivals = await openRivals(workspace, payload, skipped);
  const rawDir = workspace.make('raw');
  const writeAndRename = (name) => {
    const temporary = join(rawDir, `tmp-${name}`);
    writeFileSync(temporary, payload);
    renameSync(temporary, join(rawDir, String(name)));
  };

  const times = await interleave(
    [
      { name: 'write + rename', turn: timed(writeAndRename) },
      { name: 'tess-cache', turn: put(cache) },
      { name: 'tess-cache, durable (fsync)', turn: put(durable), every: 5 },
      ...rivals.map(({ name, puts, every }) => ({
        name,
        every,
        turn: (indices) => puts(indices.map((i) => `lc:${i}:1:pdcsap`)),
      })),
    ],
    { rounds: rounds(30), acts: ACTS, warmUp: 4 },
  );
  // By itself: a file system may do more where a file is replaced, and go on doing so afterwards.
  const again = (turn) => (indices) => turn(indices.map((i) => i % REPLACED));
  const replacing = await interleave(
    [
      { name: 'write + rename', turn: again(timed(writeAndRename)) },
      { name: 'tess-cache', turn: again(put(cache)) },
    ],
    { rounds: rounds(20), acts: ACTS, warmUp: REPLACED / ACTS },
  );
  await closeRivals(rivals);
  await cache.close();
  await durable.close();

  const names = rivals.map(({ name }) => name);
  const size = `${(payload.length / 1000).toFixed(0)} KB`;
  return {
    tables: [
      {
        title: `put of a light curve (${size}) under a new key`,
        times,
        subject: 'tess-cache',
        notes: [
          'lmdb waits until its commit is on the disk, as `durable` does; the others do not.',
          'Into caches in use: tess-cache has its 256 directories, and makes none in these puts.',
        ],
      },
      {
        title: `put of a light curve (${size}) that replaces another`,
        times: replacing,
        subject: 'tess-cache',
      },
    ],
    goals: [
      ratioGoal(
        'put, atomic, with SHA-256, checksum and sidecar: <= 2.2 x write + rename of the same bytes',
        times.get('tess-cache'),
        times.get('write + rename'),
        2.2,
      ),
      aheadGoal('put: ahead of every rival', times, 'tess-cache', names),
    ],
  };
}
