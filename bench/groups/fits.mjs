// FITS files to light curves, and folders of them into a cache.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeSimulatedStar } from '../../examples/simulated-star.mjs';
import { ROOT } from '../build.mjs';
import { interleave, median, timed } from '../measure.mjs';
import { limitGoal, unmeasured } from '../report.mjs';
import { PythonWorker } from '../rivals/python.mjs';

export const title = 'FITS files';
const SECTORS = [1, 2, 3];
/** Ways to read a light curve with astropy; the goal was set beside one that took as long as Table.read does. */
const ASTROPY = {
  table: 'four columns by Table.read',
  all: 'what readLightCurve reads and checks',
  columns: 'four columns by fits.open alone',
};
/** Rounds of five files before any is measured: the engine has compiled the reader after about 30 files. */
const WARM_UP = 6;
/** How much more memory may be in use at the end of a long ingest than of one a fifth as long. */
const FLAT = 1.25;
/**
 * Files after which memory stands where it stays: 30 files leave a peak of about 105 MiB, 100 of 125, 500 and
 * 1000 of 140. Against a shorter ingest, even one that leaks nothing would seem to grow.
 */
const SETTLED = 100;
const PEAK = /^VmHWM:\s+(\d+) kB$/m;

export async function run({ subject, workspace, skipped, rounds, ingestFiles }) {
  const { readLightCurve, command } = subject;
  const goals = {
    file: 'FITS to LightCurveData <= 4 ms a file',
    astropy: 'FITS to LightCurveData >= 6 x astropy (Table.read)',
    rate: `ingest of ${ingestFiles} files >= 150 files/s`,
    memory: 'ingest: flat memory',
  };
  if (readLightCurve === undefined) {
    const missing = Object.values(goals).map((goal) => unmeasured(goal, 'this build has no readLightCurve'));
    return { tables: [], goals: missing };
  }
  workspace.require(ingestFiles * 4e6, 'the FITS group');
  const dir = workspace.make('fits');
  const paths = writeFiles(dir, ingestFiles);
  const real = realFiles();
  const read = real.length > 0 ? real : paths.slice(0, 30);
  const of = (index) => read[index % read.length];
  const contenders = [
    { name: 'tess-cache', turn: timed((i) => readLightCurve(of(i))) },
    { name: 'readFileSync alone', turn: timed((i) => readFileSync(of(i))) },
  ];
  const astropy = await startAstropy(skipped);
  if (astropy !== undefined) {
    for (const [how, words] of Object.entries(ASTROPY)) {
      const turn = (indices) => astropy.worker.ask({ op: 'fits', how, paths: indices.map(of) });
      contenders.push({ name: `${astropy.version}, ${words}`, turn });
    }
  }
  const times = await interleave(contenders, { rounds: rounds(12), acts: 5, warmUp: WARM_UP });
  astropy?.worker.stop();

  const own = median(times.get('tess-cache'));
  const ratio = (how) => median(times.get(`${astropy.version}, ${ASTROPY[how]}`)) / own;
  const measured = [
    limitGoal(goals.file, own, 4e3),
    astropy === undefined
      ? unmeasured(goals.astropy, 'astropy is not installed')
      : {
          goal: goals.astropy,
          found: Object.entries(ASTROPY)
            .map(([how, words]) => `${ratio(how).toFixed(1)} x ${words}`)
            .join('; '),
          met: ratio('table') >= 6,
        },
  ];
  if (command === undefined) {
    measured.push(unmeasured(goals.rate, 'no command'), unmeasured(goals.memory, 'no command'));
  } else {
    measured.push(...(await ingest(goals, command, workspace, dir, paths)));
  }
  const size = statSync(read[0]).size / 1e6;
  workspace.discard(dir);
  const title = `a light curve from a ${real.length > 0 ? 'real' : 'simulated'} SPOC file of ${size.toFixed(1)} MB`;
  return { tables: [{ title, times, subject: 'tess-cache' }], goals: measured };
}

/** SPOC's own files, beside the project, where they are there. */
function realFiles() {
  const dir = join(ROOT, '..', 'shared', 'fits');
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((name) => name.endsWith('0120-s_lc.fits'))
    .map((name) => join(dir, name));
}

/** In folders of a fifth each, so that the first of them can be ingested alone. */
function writeFiles(dir, count) {
  const paths = [];
  for (let star = 0; paths.length < count; star++) {
    const folder = join(dir, String(Math.floor((5 * paths.length) / count)));
    paths.push(...writeSimulatedStar(folder, { ticId: 9000000001 + star, sectors: SECTORS }).files);
  }
  return paths;
}

async function startAstropy(skipped) {
  try {
    return await PythonWorker.start('astropy');
  } catch (error) {
    skipped.set('astropy', error.message);
    return undefined;
  }
}

async function ingest(goals, command, workspace, dir, paths) {
  const long = await ingestFolder(command, workspace.make('ingest'), dir);
  const rate = paths.length / long.seconds;
  return [
    {
      goal: goals.rate,
      found: `${rate.toFixed(0)} files/s (${paths.length} in ${long.seconds.toFixed(2)} s)`,
      met: rate >= 150,
    },
    await flatness(goals.memory, long.peak, command, workspace, join(dir, readdirSync(dir).sort()[0])),
  ];
}

/** @param part a folder with a fifth of the files whose ingest had this `peak` */
async function flatness(goal, peak, command, workspace, part) {
  if (peak === undefined) return unmeasured(goal, 'this system does not tell');
  const found = `peak ${(peak / 2 ** 20).toFixed(0)} MiB`;
  if (readdirSync(part).length < SETTLED) {
    return unmeasured(goal, `${found}, but it takes ${5 * SETTLED} files to tell whether it grows`);
  }
  const short = await ingestFolder(command, workspace.make('ingest'), part);
  const growth = peak / short.peak;
  return {
    goal,
    found: `${found}, ${growth.toFixed(2)} x that of a fifth of the files`,
    met: growth <= FLAT,
  };
}

/** @returns seconds, and the largest memory seen, bytes, where the system tells */
async function ingestFolder(command, cacheDir, folder) {
  const start = performance.now();
  const child = spawn(process.execPath, [command, '--cache-dir', cacheDir, 'ingest', folder], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let peak;
  let messages = '';
  child.stderr.on('data', (text) => (messages += text));
  const watch = setInterval(() => {
    const status = `/proc/${child.pid}/status`;
    if (!existsSync(status)) return;
    const found = PEAK.exec(readFileSync(status, 'utf8'));
    if (found !== null) peak = Number(found[1]) * 1024;
  }, 20);
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`ingest ended with ${code}: ${messages.slice(-500)}`);
  return { seconds: (performance.now() - start) / 1000, peak };
}
