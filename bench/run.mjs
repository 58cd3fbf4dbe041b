// npm run bench [-- --quick] [-- --only GROUP …]: tess-cache beside its rivals and beside its goals.
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT, prepare } from './build.mjs';
import { fill } from './filled.mjs';
import { describeMachine } from './machine.mjs';
import { renderGoals, renderHeader, renderSkipped, renderTable, unmeasured } from './report.mjs';
import { loadSubject } from './subject.mjs';
import { Workspace } from './workspace.mjs';

/**
 * About in the order of the goals. Those that remove many files come late: ext4 without a journal makes a new file
 * the slower, the more have been removed in the last half minute.
 */
const GROUPS = [
  'light-curve-get',
  'small',
  'light-curve-put',
  'evict',
  'catalogue',
  'session',
  'fits',
  'command',
];
const RESULTS = join(ROOT, 'bench', 'results.md');

const HELP = `npm run bench                    everything, some minutes; writes bench/results.md
npm run bench -- --quick         fewer rounds, 10,000 entries for 100,000: under two minutes, prints only
npm run bench -- --only GROUP    one group, or several (--only small --only evict); prints only
npm run bench -- --dist DIR      measures that build: one of another commit, to compare

groups: ${GROUPS.join(', ')}`;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    dist: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const { quick, only = GROUPS } = options;
const unknown = only.find((group) => !GROUPS.includes(group));
if (options.help || unknown !== undefined) {
  console.log(unknown === undefined ? HELP : `no group ${unknown}\n\n${HELP}`);
  process.exit(unknown === undefined ? 0 : 2);
}

const dist = options.dist === undefined ? prepare({ quick }) : resolve(options.dist);
const subject = await loadSubject(dist);
const workspace = new Workspace();
const entries = quick ? 10_000 : 100_000;
workspace.require(entries * 12e3 + 500e6, 'the benchmark');

let filling;
const bench = {
  subject,
  workspace,
  /** Name and reason of each rival that is missing. */
  skipped: new Map(),
  rounds: (full) => (quick ? Math.max(5, Math.round(full / 4)) : full),
  entries,
  ingestFiles: quick ? 150 : 501,
  /** A cache with `entries` entries, made at the first call. */
  filled: () => (filling ??= fill(subject, workspace.make('filled'), entries)),
};

const started = performance.now();
const head = `# Benchmark\n\n${renderHeader(describeMachine(ROOT))}\n`;
console.log(head);
const tables = [];
const goals = [];
for (const name of GROUPS.filter((group) => only.includes(group))) {
  const { run, title } = await import(`./groups/${name}.mjs`);
  console.error(`${title} …`);
  try {
    const found = await run(bench);
    for (const table of found.tables) {
      tables.push(renderTable(table));
      console.log(tables.at(-1));
    }
    goals.push(...found.goals);
  } catch (error) {
    // The other groups are worth having all the same.
    console.error(error);
    goals.push(unmeasured(title, `failed: ${String(error.message).split('\n')[0]}`));
    process.exitCode = 1;
  }
}
const goalsText = `## Goals\n\n${renderGoals(goals)}\n`;
const skippedText = renderSkipped(bench.skipped);
console.log(goalsText);
if (skippedText !== '') console.log(skippedText);
console.error(`took ${((performance.now() - started) / 1000).toFixed(0)} s`);

if (!quick && options.only === undefined) {
  const intro = `Written by \`npm run bench\`. All times of a table are of one loop, in which its rows take turns; only ratios
within a table compare. Page cache warm, all checks of the cache on, no row tuned.
`;
  const reasons =
    'Why some are not met: [docs/performance.md](../docs/performance.md#what-is-not-reached-and-why).\n';
  const parts = [head, intro, goalsText, reasons, '## Figures\n', ...tables, skippedText];
  writeFileSync(
    RESULTS,
    `${parts
      .filter((part) => part !== '')
      .join('\n')
      .trimEnd()}\n`,
  );
  console.error(`written: ${RESULTS}`);
}
