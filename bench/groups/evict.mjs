// A put that must evict, in a full cache, beside a put into an empty one.
import { interleave, median, quantile, timed } from '../measure.mjs';
import { filling } from '../payload.mjs';
import { duration, ratioGoal } from '../report.mjs';

export const title = 'a put that must evict';
const ACTS = 10;

export async function run({ subject, workspace, rounds, entries, filled }) {
  const { PersistentCache } = subject;
  const { dir } = await filled();
  const full = new PersistentCache({ dir, maxEntries: entries, maxBytes: Infinity });
  const empty = new PersistentCache({ dir: workspace.make('empty') });
  const start = performance.now();
  let next = entries;
  const put = (cache, index) => {
    const { key, value } = filling(index);
    return cache.put(key, value);
  };
  await put(full, next++);
  const first = (performance.now() - start) * 1000;
  const times = await interleave(
    [
      { name: 'into an empty cache', turn: timed((i) => put(empty, i)) },
      { name: `evicting, ${entries} entries`, turn: timed(() => put(full, next++)) },
    ],
    { rounds: rounds(200), acts: ACTS, warmUp: 10 },
  );
  const kept = (await full.stats()).entries;
  if (kept !== entries) throw new Error(`${kept} entries after evictions, not ${entries}`);
  await full.close();
  await empty.close();
  const evicting = times.get(`evicting, ${entries} entries`);
  const p99 = quantile(evicting, 0.99);
  return {
    tables: [
      {
        title: 'put of a small value',
        times,
        notes: [
          `The first put of a process that finds ${entries} entries, which reads the catalogue: ${duration(first)}.`,
        ],
      },
    ],
    goals: [
      ratioGoal(
        `a put that must evict, with ${entries} entries: <= 1.3 x a put into an empty cache (median)`,
        evicting,
        times.get('into an empty cache'),
        1.3,
      ),
      {
        goal: 'a put that must evict: p99 <= 20 x median',
        found: `${(p99 / median(evicting)).toFixed(1)} x (${duration(p99)})`,
        met: p99 <= 20 * median(evicting),
      },
    ],
  };
}
