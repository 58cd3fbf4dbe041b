// The cache in memory beside lru-cache, which it would be otherwise.
import { interleave, median } from '../measure.mjs';
import { lightCurve } from '../payload.mjs';
import { duration, ratioGoal, unmeasured } from '../report.mjs';
import { withVersion } from '../rivals/version.mjs';

export const title = 'SessionCache';
const CURVES = 100;
/** Gets that make one time: one alone is too short to be timed. */
const BATCH = 100_000;
const SESSIONS = 1000;
const KEYS_A_SESSION = 1000;
const KEYS_TO_CLEAR = 10;
/** A clear that looked at every key would take as many times longer as there are more keys: 100,000. */
const NO_SCAN = 20;

export async function run({ subject, rounds }) {
  const goals = [
    "SessionCache get <= 1.3 x lru-cache's own get",
    'clear of a session: no scan of the 10^6 keys of other sessions',
  ];
  const { SessionCache, makeDataRef } = subject;
  if (SessionCache === undefined) {
    return { tables: [], goals: goals.map((goal) => unmeasured(goal, 'this build has no SessionCache')) };
  }
  const { LRUCache } = await import('lru-cache');
  const lru = new LRUCache({ max: CURVES });
  const session = new SessionCache('bench', { maxEntries: CURVES });
  const refs = [];
  for (let i = 0; i < CURVES; i++) {
    const curve = lightCurve(subject, i);
    refs.push(makeDataRef(curve.ticId, curve.sector));
    lru.set(refs[i], curve);
    session.put(refs[i], curve);
  }
  const lruName = withVersion('lru-cache');
  const times = await interleave(
    [
      { name: lruName, turn: batched(refs, (ref) => lru.get(ref)) },
      { name: 'tess-cache', turn: batched(refs, (ref) => session.get(ref)) },
    ],
    { rounds: rounds(60), acts: 1, warmUp: 5 },
  );
  SessionCache.clearAll();
  const clearing = await timesOfClear(SessionCache, rounds(30));
  const [alone, among] = [...clearing.values()].map(median);
  return {
    tables: [
      { title: 'get of a light curve that is in memory', times, subject: 'tess-cache' },
      { title: `clear of a session with ${KEYS_TO_CLEAR} keys`, times: clearing },
    ],
    goals: [
      ratioGoal(goals[0], times.get('tess-cache'), times.get(lruName), 1.3),
      {
        goal: goals[1],
        found: `${duration(among)}, ${duration(alone)} where there are no others`,
        met: among <= NO_SCAN * alone,
      },
    ],
  };
}

/** Microseconds of one get, as a mean over many. */
function batched(refs, get) {
  return async (indices) =>
    indices.map(() => {
      let found = 0;
      const start = performance.now();
      for (let i = 0, at = 0; i < BATCH; i++) {
        if (get(refs[at]) !== undefined) found++;
        at = at + 37 < refs.length ? at + 37 : at + 37 - refs.length;
      }
      const taken = performance.now() - start;
      if (found !== BATCH) throw new Error('a get missed');
      return (taken * 1000) / BATCH;
    });
}

async function timesOfClear(SessionCache, rounds) {
  const options = { maxEntries: SESSIONS * KEYS_A_SESSION + KEYS_TO_CLEAR, maxComputed: Infinity };
  const clear = () => {
    const session = new SessionCache('cleared', options);
    for (let key = 0; key < KEYS_TO_CLEAR; key++) session.putComputed(`product:${key}`, key);
    const start = performance.now();
    session.clear();
    return (performance.now() - start) * 1000;
  };
  const take = () => Array.from({ length: 10 * rounds }, clear);
  take();
  const alone = take();
  for (let id = 0; id < SESSIONS; id++) {
    const session = new SessionCache(`session ${id}`, options);
    for (let key = 0; key < KEYS_A_SESSION; key++) session.putComputed(`product:${key}`, key);
  }
  const among = take();
  SessionCache.clearAll();
  return new Map([
    ['no other sessions', alone],
    [`${SESSIONS * KEYS_A_SESSION} keys in ${SESSIONS} other sessions`, among],
  ]);
}
