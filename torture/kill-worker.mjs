/**
 * A process that uses two caches at random until it is killed, and writes down what it does: each line before or
 * after the deed, in one append, which a kill can't tear apart.
 *
 *   begin put KEY N | ack put KEY N | begin delete KEY | ack delete KEY | begin clear PREFIX | ack clear PREFIX
 *   got KEY BY N    | violation TEXT
 *
 * Before each deed it prints a dot: the driver counts them.
 */
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { below, randomFrom } from './random.mjs';
import { faultOf, makeValue } from './self-checking-value.mjs';

/** @type {import('./kills.mjs').Orders} */
const orders = JSON.parse(process.argv[2]);
const { module, dir, slot, by, firstN, seed, writers, limits, sharedKeys, ownKeys } = orders;
/** @type {typeof import('../src/index.js')} */
const { PersistentCache } = await import(module);

/** Full at all times: each put evicts. */
const crowded = new PersistentCache({ dir: join(dir, 'crowded'), ...limits });
/** Nothing ever leaves it: what was put must be there. */
const kept = new PersistentCache({ dir: join(dir, 'kept') });
const STDOUT = 1;
const random = randomFrom(seed);
const log = openSync(orders.log, 'a');
/** Of keys in `kept`: the latest put that this process knows to be complete. @type {Map<string, number>} */
const known = new Map(orders.known);
let n = firstN;

/** @param {string} line */
function note(line) {
  writeSync(log, `${line}\n`);
}

const sharedKey = () => `shared:${below(random, sharedKeys)}`;

/**
 * @param {import('../src/index.js').PersistentCache} cache
 * @param {string} key
 */
async function put(cache, key) {
  const value = makeValue(key, by, n++, random);
  note(`begin put ${key} ${value.n}`);
  await cache.put(key, value);
  note(`ack put ${key} ${value.n}`);
  if (cache === kept) known.set(key, value.n);
}

/**
 * @param {import('../src/index.js').PersistentCache} cache
 * @param {string} key
 */
async function get(cache, key) {
  const found = await cache.lookup(key);
  if (!found.hit) {
    if (found.reason !== 'absent') note(`violation miss of ${key}: ${found.reason}, ${found.detail}`);
    else if (known.has(key)) note(`violation lost: ${key} is absent after put ${known.get(key)}`);
    return;
  }
  const fault = faultOf(key, found.value);
  if (fault !== undefined) return note(`violation ${fault}`);
  const value = /** @type {import('./self-checking-value.mjs').SelfChecking} */ (found.value);
  note(`got ${key} ${value.by} ${value.n}`);
  if (cache !== kept) return;
  const last = known.get(key) ?? 0;
  if (value.n < last) note(`violation lost: ${key} is back at put ${value.n} after ${last}`);
  known.set(key, value.n);
}

/** @type {readonly (readonly [share: number, act: () => Promise<void>])[]} */
const deeds = [
  [0.3, async () => put(crowded, sharedKey())],
  [0.28, async () => get(crowded, sharedKey())],
  [0.2, async () => put(kept, `own:${slot}:${below(random, ownKeys)}`)],
  [0.16, async () => get(kept, `own:${below(random, writers)}:${below(random, ownKeys)}`)],
  [
    0.05,
    async () => {
      const key = sharedKey();
      note(`begin delete ${key}`);
      await crowded.delete(key);
      note(`ack delete ${key}`);
    },
  ],
  [
    0.01,
    async () => {
      const prefix = `shared:${below(random, 10)}`;
      note(`begin clear ${prefix}`);
      await crowded.clear({ prefix });
      note(`ack clear ${prefix}`);
    },
  ],
];

// The first use of a cache takes long, and nothing of it is worth a kill.
await crowded.has('shared:0');
for (;;) {
  writeSync(STDOUT, '.');
  let share = random();
  const [, act] = deeds.find(([part]) => (share -= part) < 0) ?? deeds[0];
  try {
    await act();
  } catch (error) {
    const { code, message } = /** @type {Error & { code?: string }} */ (error);
    note(`violation threw: ${code} ${message.replaceAll('\n', ' ')}`);
  }
}
