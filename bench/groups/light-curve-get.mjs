// A get of a light curve: verified by this process before, and for the first time.
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { interleave, sleep, timed } from '../measure.mjs';
import { blobPath, lightCurve } from '../payload.mjs';
import { aheadGoal, ratioGoal } from '../report.mjs';
import { closeRivals, openRivals } from '../rivals/index.mjs';

export const title = 'get of a light curve';
const CURVES = 20;
const ACTS = 20;

export async function run({ subject, workspace, skipped, rounds }) {
  const { PersistentCache, makeDataRef } = subject;
  const dir = workspace.make('get');
  const cache = new PersistentCache({ dir });
  const keys = [];
  for (let i = 0; i < CURVES; i++) {
    const curve = lightCurve(subject, i);
    keys.push(makeDataRef(curve.ticId, curve.sector));
    await cache.put(keys[i], curve);
  }
  const paths = keys.map((key) => blobPath(dir, key));
  const payload = readFileSync(paths[0]);
  const rivals = await openRivals(workspace, payload, skipped);
  for (const rival of rivals) await rival.puts(keys);
  // Beyond the time in which a file may still change without its times moving, so that it counts as verified.
  await sleep(100);
  for (const key of keys) await cache.get(key);

  const of = (list, index) => list[index % CURVES];
  const times = await interleave(
    [
      { name: 'readFileSync', turn: timed((i) => readFileSync(of(paths, i))) },
      { name: 'open, fstat, read, close', turn: timed((i) => readPlainly(of(paths, i))) },
      { name: 'tess-cache', turn: timed((i) => cache.get(of(keys, i))) },
      {
        name: 'tess-cache, first get',
        turn: (indices) => {
          const fresh = new PersistentCache({ dir });
          return timed((i) => fresh.get(of(keys, i)))(indices);
        },
      },
      ...rivals.map(({ name, gets, every }) => ({
        name,
        every,
        turn: (indices) => gets(indices.map((i) => of(keys, i))),
      })),
    ],
    { rounds: rounds(30), acts: ACTS },
  );
  await closeRivals(rivals);
  await cache.close();

  const raw = times.get('readFileSync');
  const lru = rivals.map(({ name }) => name).filter((name) => name.endsWith('with LRU'));
  return {
    tables: [
      {
        title: `get of a light curve (${(payload.length / 1000).toFixed(0)} KB)`,
        times,
        subject: 'tess-cache',
        notes: [
          'First get: by an instance that has not seen the file; the checksum over all of it is computed.',
        ],
      },
    ],
    goals: [
      ratioGoal(
        'get, file already verified by this process: <= 1.15 x readFileSync of the same file',
        times.get('tess-cache'),
        raw,
        1.15,
      ),
      ratioGoal(
        'first get in a process, full integrity check: <= 1.7 x readFileSync',
        times.get('tess-cache, first get'),
        raw,
        1.7,
      ),
      aheadGoal('first get: ahead of diskcache with LRU', times, 'tess-cache, first get', lru),
    ],
  };
}

/** What any reader of a file has to do, into memory of its own. */
function readPlainly(path) {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.allocUnsafeSlow(fstatSync(fd).size);
    readSync(fd, bytes, 0, bytes.length, 0);
    return bytes;
  } finally {
    closeSync(fd);
  }
}
