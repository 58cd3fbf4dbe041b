// What it costs to start the command at all.
import { runCommand } from '../child.mjs';
import { interleave } from '../measure.mjs';
import { ratioGoal, unmeasured } from '../report.mjs';

export const title = 'starting the command';

export async function run({ subject: { command }, workspace, rounds }) {
  const goal = 'tess-cache where <= 2.2 x node -e 0';
  if (command === undefined) return { tables: [], goals: [unmeasured(goal, 'this build has no command')] };
  const dir = workspace.make('where');
  const turn = (args) => async (indices) => indices.map(() => runCommand(args));
  const times = await interleave(
    [
      { name: 'node -e 0', turn: turn(['-e', '0']) },
      { name: 'tess-cache where', turn: turn([command, '--cache-dir', dir, 'where']) },
    ],
    { rounds: rounds(25), acts: 1 },
  );
  return {
    tables: [{ title: 'a whole process', times, subject: 'tess-cache where' }],
    goals: [ratioGoal(goal, times.get('tess-cache where'), times.get('node -e 0'), 2.2)],
  };
}
