// A cache with 100,000 entries: cold processes, listings, memory.
import { runChild, runCommand } from '../child.mjs';
import { fill } from '../filled.mjs';
import { interleave, median } from '../measure.mjs';
import { filling } from '../payload.mjs';
import { limitGoal, ratioGoal, unmeasured } from '../report.mjs';

export const title = 'a cache with many entries';
const FEW = 10;

export async function run({ subject, workspace, rounds, entries, filled }) {
  const many = await filled();
  const few = await fill(subject, workspace.make('few'), FEW);
  const { dist, command } = subject;
  const child = (use, dir, argument) => (indices) =>
    indices.map((i) => runChild('cold', [use, dist, dir, argument(i)]));
  // Of the later half, which no other group evicts.
  const keyOf = (i) => filling(entries - 1 - ((i * 7919) % (entries / 2))).key;
  const ticOf = (i) => filling(entries - 1 - ((i * 7919) % (entries / 2))).value.ticId;
  const cold = (turn) => async (indices) => turn(indices).map((taken) => taken.cold);

  const opening = await interleave(
    [
      { name: `${FEW} entries`, turn: cold(child('get', few.dir, (i) => filling(i % FEW).key)) },
      { name: `${entries} entries`, turn: cold(child('get', many.dir, keyOf)) },
    ],
    { rounds: rounds(25), acts: 1 },
  );
  const warm = { keys: [], tic: [] };
  const listing = await interleave(
    ['keys', 'tic'].map((use) => ({
      name: use === 'keys' ? 'keys()' : 'entries of one TIC',
      turn: async (indices) => {
        const taken = child(use, many.dir, ticOf)(indices);
        warm[use].push(...taken.flatMap((one) => one.warm));
        return taken.map((one) => one.cold);
      },
    })),
    { rounds: rounds(10), acts: 1, warmUp: 1 },
  );
  listing.set('keys(), ten times again', warm.keys);
  listing.set('entries of one TIC, ten times again', warm.tic);
  const list = (i) => runCommand([command, '--cache-dir', many.dir, 'ls', '--tic', ticOf(i)]);
  if (command !== undefined)
    listing.set(
      'tess-cache ls --tic N',
      Array.from({ length: rounds(10) }, (_, i) => list(i)),
    );
  const { count, bytes, callsOfAGet } = runChild('memory', [dist, many.dir, keyOf(1)], ['--expose-gc']);

  const callsText = Object.entries(callsOfAGet).map(([name, n]) => `${n} ${name}`);
  const plain = ['open', 'fstat', 'read', 'write', 'close'];
  const lsGoal = 'tess-cache ls --tic N <= 600 ms in all';
  return {
    tables: [
      { title: `cold process: open and one get (without starting Node)`, times: opening },
      { title: `listing ${entries} entries in a cold process`, times: listing },
    ],
    goals: [
      ratioGoal(
        `cold process, ${entries} entries: open and one get <= 1.5 x the same with ${FEW}`,
        opening.get(`${entries} entries`),
        opening.get(`${FEW} entries`),
        1.5,
      ),
      limitGoal(`keys() of ${entries} <= 400 ms, cold`, median(listing.get('keys()')), 400e3),
      limitGoal(
        `entries of one TIC among ${entries} <= 400 ms cold`,
        median(listing.get('entries of one TIC')),
        400e3,
      ),
      limitGoal('entries of one TIC <= 5 ms warm', median(warm.tic), 5e3),
      command === undefined
        ? unmeasured(lsGoal, 'this build has no command')
        : limitGoal(lsGoal, median(listing.get('tess-cache ls --tic N')), 600e3),
      {
        goal: 'memory per catalogued entry <= 400 bytes',
        found: `${(bytes / count).toFixed(0)} bytes`,
        met: bytes / count <= 400,
      },
      {
        goal: 'no work at all for callers who only get: a get opens its two files, and looks at nothing else',
        found: `calls of a get among ${entries}: ${callsText.join(', ')}`,
        met: Object.keys(callsOfAGet).every((name) => plain.includes(name)) && callsOfAGet.open === 2,
      },
    ],
  };
}
