// node bench/scaling.mjs [--top 5] [--budget SECONDS] [--dist DIR]: how the cost of get, put, evicting put and
// listing grows from 10^2 to 10^top entries of a small value. Writes bench/scaling.json and docs/scaling.svg.
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, prepare } from './build.mjs';
import { describeMachine } from './machine.mjs';
import { interleave, median, timed } from './measure.mjs';
import { filling } from './payload.mjs';
import { plot } from './plot.mjs';
import { duration, renderHeader, renderSkipped } from './report.mjs';
import { RIVAL_NAMES, closeRivals, openRivals } from './rivals/index.mjs';
import { loadSubject } from './subject.mjs';
import { Workspace } from './workspace.mjs';

const { values: options } = parseArgs({
  options: {
    top: { type: 'string', default: '5' },
    budget: { type: 'string', default: '120' },
    dist: { type: 'string' },
  },
});
const TOP = Number(options.top);
/** Seconds that a rival may take to be filled from one size to the next; then its line ends. */
const BUDGET = Number(options.budget);
/** Bytes of a value, as the rivals store it. */
const VALUE_BYTES = 256;
const FILL_CHUNK = 10_000;
const PUTS = 60;
/** Keys that are read, spread over the cache. */
const READ = 200;

const subject = await loadSubject(
  options.dist === undefined ? prepare({ quick: false }) : resolve(options.dist),
);
const workspace = new Workspace();
workspace.require(10 ** TOP * 15e3, `scaling to 10^${TOP}`);
const skipped = new Map();
const machine = describeMachine(ROOT);
console.log(renderHeader(machine));

const rivals = await openRivals(
  workspace,
  Buffer.alloc(VALUE_BYTES, 7),
  skipped,
  RIVAL_NAMES.filter((name) => name !== 'diskcache'),
);
const contenders = [openSubject(), ...rivals].map((store) => ({ store, filled: 0, next: 0, rate: Infinity }));

/** Medians in microseconds: { operation: { name: [[entries, us], …] } } */
const series = { get: {}, put: {}, 'evicting put': {}, listing: {} };
let taking = contenders;
for (let power = 2; power <= TOP; power++) {
  const entries = 10 ** power;
  taking = taking.filter(({ store, filled, rate }) => {
    const seconds = (entries - filled) / rate;
    if (store.name !== 'tess-cache' && seconds > BUDGET) {
      skipped.set(
        `${store.name} from 10^${power} entries on`,
        `filling it would take ${Math.round(seconds)} s`,
      );
      return false;
    }
    return true;
  });
  for (const contender of taking) await fillUp(contender, entries);
  await measure(taking, entries);
}
await closeRivals(contenders.map(({ store }) => store));

const data = { machine, valueBytes: VALUE_BYTES, series, skipped: [...skipped] };
writeFileSync(join(ROOT, 'bench', 'scaling.json'), `${JSON.stringify(data, undefined, 1)}\n`);
writeFileSync(join(ROOT, 'docs', 'scaling.svg'), plot(data));
console.log(renderSkipped(skipped));

/** tess-cache behind the interface of the rivals. */
function openSubject() {
  const { PersistentCache } = subject;
  const dir = workspace.make('tess-cache');
  const cache = new PersistentCache({ dir, maxBytes: Infinity });
  const valueOf = (key) => filling(Number(key.slice(key.lastIndexOf(':') + 1))).value;
  const put = (into) => timed((key, value) => into.put(key, value), valueOf);
  return {
    name: 'tess-cache',
    gets: timed((key) => cache.get(key)),
    puts: put(cache),
    evictingPuts: async (keys) => {
      const full = new PersistentCache({ dir, maxEntries: (await cache.keys()).length, maxBytes: Infinity });
      // The first of an instance reads the catalogue, once.
      await put(full)(keys.slice(0, 1));
      return put(full)(keys.slice(1));
    },
    lists: async () => timed(() => cache.keys())([0]),
    close: () => cache.close(),
  };
}

function keyOf(index) {
  return `${filling(index).key}:${index}`;
}

async function fillUp(contender, entries) {
  const { store } = contender;
  const start = performance.now();
  const count = entries - contender.filled;
  for (; contender.filled < entries;) {
    const chunk = Math.min(FILL_CHUNK, entries - contender.filled);
    const keys = Array.from({ length: chunk }, (_, i) => keyOf(contender.filled + i));
    await (store.fill ?? store.puts)(keys);
    contender.filled += chunk;
  }
  const seconds = (performance.now() - start) / 1000;
  contender.rate = count / seconds;
  console.error(`${store.name}: ${entries} entries after ${seconds.toFixed(1)} s more`);
}

async function measure(taking, entries) {
  // Beyond any index that a filling reaches, and another one each time.
  const fresh = (contender, indices) => indices.map(() => keyOf(10 ** (TOP + 1) + contender.next++));
  // Of the youngest half: evictions take from the others.
  const old = (indices) => indices.map((i) => keyOf(entries - 1 - (((i % READ) * 7919) % (entries / 2))));
  // Once before, so that the system has them in memory: what it costs to read a disk is no cache's merit.
  for (const { store } of taking) await store.gets(old(Array.from({ length: READ }, (_, i) => i)));
  const gets = taking.map(({ store }) => ({ name: store.name, turn: (indices) => store.gets(old(indices)) }));
  const puts = taking.map((contender) => ({
    name: contender.store.name,
    turn: (indices) => contender.store.puts(fresh(contender, indices)),
  }));
  note('get', entries, await interleave(gets, { rounds: 40, acts: 10 }));
  note('put', entries, await interleave(puts, { rounds: PUTS / 5, acts: 5, warmUp: 1 }));
  for (const contender of taking) {
    const { name, evictingPuts, lists } = contender.store;
    const indices = Array.from({ length: PUTS });
    if (evictingPuts !== undefined) {
      note('evicting put', entries, new Map([[name, await evictingPuts(fresh(contender, indices))]]));
    }
    if (lists !== undefined) {
      const times = [];
      for (let i = 0; i < 5; i++) times.push(...(await lists()));
      note('listing', entries, new Map([[name, times]]));
    }
  }
}

function note(operation, entries, times) {
  for (const [name, taken] of times) {
    const middle = median(taken);
    (series[operation][name] ??= []).push([entries, Number(middle.toPrecision(4))]);
    console.log(`${operation}, ${entries} entries, ${name}: ${duration(middle)}`);
  }
}
