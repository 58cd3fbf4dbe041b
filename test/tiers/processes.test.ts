import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { LightCurveData } from '../../src/light-curve/light-curve-data.js';
import { openCache as openPersistent, soundKeys } from '../support/caches.js';
import { DATA_REF } from '../support/light-curves.js';
import { RemoteProcess, type Remote } from '../support/remote-process.js';
import { compiledSources } from '../support/source-files.js';
import { MEAN, MEAN_REF, flat, place } from './support.js';

interface Task {
  readonly dir: string;
  readonly spec: typeof MEAN;
  /** Each computation adds a line with its process. */
  readonly log: string;
  /** Of a computation, milliseconds. */
  readonly takes: number;
  /** Whether it blocks its process. */
  readonly blocks: boolean;
}

/** Asks for the product when the test says go; the product says who computed it. */
const ask = async ({ tessCache, say, go }: Remote, { dir, spec, log, takes, blocks }: Task) => {
  const { appendFileSync } = process.getBuiltinModule('node:fs');
  const cache = tessCache.openCache({ sessionId: 'worker', dir });
  say('ready');
  await go();
  const product = await cache.getOrCompute(spec, async () => {
    appendFileSync(log, `${process.pid}\n`);
    say('computing');
    const start = performance.now();
    if (blocks) while (performance.now() - start < takes);
    else await new Promise((resolve) => setTimeout(resolve, takes));
    return { by: process.pid };
  });
  return { product, loads: cache.stats().loads };
};

/** Processes that are ready to ask. */
async function crowd(count: number, blocks: boolean, takes: (index: number) => number) {
  const { dir, open } = place();
  await open().put(DATA_REF, flat());
  const log = join(dir, 'computations.log');
  writeFileSync(log, '');
  const processes = await RemoteProcess.startMany(count);
  const asked = processes.map(async (each, index) =>
    each.run(ask, { dir, spec: MEAN, log, takes: takes(index), blocks }),
  );
  for (const each of processes) expect(await each.said()).toBe('ready');
  const computations = () => readFileSync(log, 'utf8').split('\n').filter(Boolean).map(Number);
  return { dir, processes, asked, computations };
}

describe.each([
  ['waits', false],
  ['blocks its process', true],
])('many processes that ask for one product, whose computation %s', (_, blocks) => {
  it('compute it once', async () => {
    const { dir, processes, asked, computations } = await crowd(8, blocks, () => 500);
    for (const each of processes) each.go();
    const answers = await Promise.all(asked);
    const [by] = computations();
    expect(computations()).toEqual([by]);
    expect(answers.map(({ product }) => product)).toEqual(answers.map(() => ({ by })));
    expect(answers.reduce((sum, { loads }) => sum + loads, 0)).toBe(1);
    expect(await soundKeys(dir)).toEqual([DATA_REF, MEAN_REF].sort());
  });

  it('finish within seconds when the one that computes is killed, and one of them computes', async () => {
    const { processes, asked, computations } = await crowd(5, blocks, (index) => (index === 0 ? 1e6 : 100));
    const [holder, ...others] = processes;
    holder.go();
    expect(await holder.said()).toBe('computing');
    const killed = expect(asked[0]).rejects.toMatchObject({ code: 'KILLED' });
    for (const each of others) each.go();
    await holder.kill();
    await killed;
    const start = performance.now();
    const answers = await Promise.all(asked.slice(1));
    expect(performance.now() - start).toBeLessThan(5000);
    const [first, second, ...more] = computations();
    expect([first, more]).toEqual([holder.pid, []]);
    expect(answers.map(({ product }) => product)).toEqual(answers.map(() => ({ by: second })));
  });
});

describe('many threads of one process', () => {
  it('compute it once', async () => {
    const { dir, open } = place();
    await open().put(DATA_REF, flat());
    const program = `
      import { parentPort } from 'node:worker_threads';
      import { openCache } from 'file://${compiledSources()}/src/index.js';
      const cache = openCache({ sessionId: 'thread', dir: ${JSON.stringify(dir)} });
      let computed = 0;
      await cache.getOrCompute(${JSON.stringify(MEAN)}, () => {
        computed++;
        const start = performance.now();
        while (performance.now() - start < 300);
        return { mean: 1 };
      });
      parentPort.postMessage(computed);`;
    const url = new URL(`data:text/javascript,${encodeURIComponent(program)}`);
    const counts = Array.from({ length: 4 }, async () => {
      const worker = new Worker(url);
      onTestFinished(async () => {
        await worker.terminate();
      });
      return ((await once(worker, 'message')) as [number])[0];
    });
    expect((await Promise.all(counts)).reduce((a, b) => a + b)).toBe(1);
  });
});

describe('an input that another process puts anew all the time', () => {
  const PUTS = 400;
  const DOUBLE = { kind: 'double', inputs: [MEAN_REF, DATA_REF], version: '1' };

  /** Puts light curves of flux 1, 2, 3 …, and writes down each that is in its place. */
  const writeInput = async (
    { tessCache }: Remote,
    { dir, key, puts }: { dir: string; key: string; puts: number },
  ) => {
    const { renameSync, writeFileSync } = process.getBuiltinModule('node:fs');
    const cache = tessCache.openCache({ sessionId: 'writer', dir });
    const { ticId, sector } = tessCache.parseDataRef(key)!;
    const [fluxErr, quality, validMask] = [
      new Float64Array(64),
      new Int32Array(64),
      new Uint8Array(64).fill(1),
    ];
    const time = Float64Array.from({ length: 64 }, (_, i) => 1325 + i / 720);
    for (let version = 1; version <= puts; version++) {
      const flux = new Float64Array(64).fill(version);
      const init = { time, flux, fluxErr, quality, validMask, ticId, sector, cadenceSeconds: 120 };
      await cache.put(key, new tessCache.LightCurveData(init));
      writeFileSync(`${dir}/version.new`, String(version));
      renameSync(`${dir}/version.new`, `${dir}/version`);
      // Others are to have their turn.
      await new Promise((resolve) => setTimeout(resolve, version % 5));
    }
  };

  /** Asks for products of it, and tells of those of an input that was no longer there when they were asked for. */
  const readProducts = async (
    { tessCache }: Remote,
    { dir, mean, double, puts }: { dir: string; mean: typeof MEAN; double: typeof MEAN; puts: number },
  ) => {
    const { readFileSync } = process.getBuiltinModule('node:fs');
    const newest = () => Number(readFileSync(`${dir}/version`, 'utf8'));
    const wrong: string[] = [];
    const seen = new Set<number>();
    let checked = 0;
    const check = (what: string, since: number, version: number) => {
      checked++;
      seen.add(version);
      if (version < since || version > puts)
        wrong.push(`${what} of version ${version}, though ${since} was there before`);
    };
    const fluxOf = (input: unknown) => (input as { flux: Float64Array }).flux[3];
    const work = async (sessionId: string) => {
      const cache = tessCache.openCache({ sessionId, dir });
      while (newest() < puts) {
        let since = newest();
        const product = await cache.getOrCompute(mean, async ([input]) => {
          if (Math.random() < 0.5) await new Promise(setImmediate);
          return { version: fluxOf(input) };
        });
        check('mean', since, product.version);
        since = newest();
        try {
          type Inputs = readonly [{ version: number }, LightCurveData];
          const [first, second] = await cache.getOrCompute(double, ([product, input]: Inputs) => {
            return [product.version, fluxOf(input)];
          });
          check('double', since, first);
          if (first !== second) wrong.push(`double of versions ${first} and ${second}`);
        } catch (error) {
          // The mean has become stale in between.
          if ((error as { code?: string }).code !== 'INPUT_MISSING') throw error;
        }
        if (Math.random() < 0.1) cache.session.clear();
      }
    };
    await Promise.all(['a', 'a', 'b', 'c'].map(work));
    return { wrong, checked, versions: seen.size };
  };

  it('never leads to an old product, in any of the processes that compute from it', async () => {
    const { dir, open } = place();
    await open().put(DATA_REF, flat(0, 64));
    writeFileSync(join(dir, 'version'), '0');
    const [writer, ...readers] = await RemoteProcess.startMany(4);
    const reading = readers.map(async (each) =>
      each.run(readProducts, { dir, mean: MEAN, double: DOUBLE, puts: PUTS }),
    );
    await writer.run(writeInput, { dir, key: DATA_REF, puts: PUTS });
    for (const { wrong, checked, versions } of await Promise.all(reading)) {
      expect(wrong).toEqual([]);
      expect(checked).toBeGreaterThan(50);
      expect(versions).toBeGreaterThan(10);
    }
    await soundKeys(dir);
  });
});

describe('what one process does', () => {
  it('is seen by what another has in memory', async () => {
    const { dir, open } = place();
    const cache = open();
    const other = await RemoteProcess.start();
    const put = async ({ tessCache }: Remote, [dir, value]: [string, number]) => {
      const cache = tessCache.openCache({ sessionId: 'other', dir });
      await cache.put('key', { value });
    };
    for (const value of [1, 2, 3]) {
      await other.run(put, [dir, value]);
      expect(await cache.get('key')).toEqual({ value });
      expect(await cache.get('key')).toEqual({ value });
    }
    expect(cache.stats().hits).toEqual({ memory: 3, disk: 3 });
    const invalidate = async ({ tessCache }: Remote, dir: string) =>
      tessCache.openCache({ sessionId: 'other', dir }).invalidate('key');
    expect(await other.run(invalidate, dir)).toEqual(['key']);
    expect(await cache.get('key')).toBeUndefined();
  });

  it('is explained by another: what was evicted, by which limit, by which put, and when', async () => {
    const { dir, open } = place();
    await open().put(DATA_REF, flat());
    const other = await RemoteProcess.start();
    const fill = async ({ tessCache }: Remote, dir: string) => {
      const cache = tessCache.openCache({ sessionId: 'other', dir, maxEntries: 2 });
      for (const key of ['a', 'b']) await cache.put(key, key);
      return Date.now() / 1000;
    };
    const until = await other.run(fill, dir);
    const explanation = await open().explain(DATA_REF);
    expect(explanation).toMatchObject({
      ...{ present: false, reason: 'absent' },
      left: { event: 'evicted', limit: 'max_entries', by: 'b', pid: other.pid },
    });
    expect(explanation.history.map(({ event, pid }) => [event, pid])).toEqual([
      ['put', process.pid],
      ['evicted', other.pid],
    ]);
    expect(Math.abs(explanation.left!.at - until)).toBeLessThan(5);
    await other.kill();
    expect((await openPersistent(dir).explain(DATA_REF)).left?.by).toBe('b');
  });
});
