import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { nodeFileSystem } from '../../src/disk/file-system.js';
import { Layout } from '../../src/disk/layout.js';
import { Lease, LeaseWatch } from '../../src/disk/lease.js';
import { machineTag } from '../../src/disk/process-identity.js';
import { checkKey, digestOf } from '../../src/ref/key.js';
import { faultyFileSystem } from '../support/faulty-file-system.js';
import { interceptFileSystem } from '../support/recording-file-system.js';
import { RemoteProcess, type Remote } from '../support/remote-process.js';
import { compiledSources } from '../support/source-files.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const KEY = 'bls:1:1:some-product';
const DIGEST = digestOf(checkKey(KEY));
const hasProc = existsSync('/proc/self/stat');

/** A directory, what is needed to take a lease in it, and a clock that stands still. */
function place(files = nodeFileSystem) {
  const dir = temporaryDirectory();
  const layout = new Layout(dir);
  const clock = { ms: 1_000_000 };
  const path = join(layout.leases, `${DIGEST}.json`);
  return {
    ...{ dir, layout, clock, path },
    acquire: () => Lease.acquire(files, layout, DIGEST),
    watch: () => new LeaseWatch(files, layout, DIGEST, () => clock.ms),
    /** Writes a lease of somebody's. */
    write: (holder: object | string) => {
      mkdirSync(layout.leases, { recursive: true });
      const text = typeof holder === 'string' ? holder : JSON.stringify(holder);
      writeFileSync(path, `${text.padEnd(127)}\n`);
    },
  };
}

/** Takes the lease in another process, which keeps it. */
const takeLease = ({ tessCache }: Remote, [dir, key]: [string, string]) =>
  new tessCache.PersistentCache({ dir }).lease(key) !== undefined;

/** State of a process as in proc(5). */
const stateOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1][0];
const untilStateIs = async (pid: number, state: string) => {
  while (stateOf(pid) !== state) await new Promise(setImmediate);
};

describe('Lease', () => {
  it('has one holder until it is given back', () => {
    const { acquire, watch } = place();
    const lease = acquire();
    expect(lease).toBeInstanceOf(Lease);
    expect(acquire()).toBeUndefined();
    expect(watch().look()).toBe('held');
    lease!.release();
    expect(watch().look()).toBe('free');
    expect(acquire()).toBeInstanceOf(Lease);
  });

  it('is given back by its holder only, and beats for its holder only', () => {
    const { acquire, path } = place();
    const first = acquire()!;
    unlinkSync(path);
    const second = acquire()!;
    const text = readFileSync(path, 'utf8');
    first.beat();
    first.release();
    expect(readFileSync(path, 'utf8')).toBe(text);
    second.beat();
    expect(readFileSync(path, 'utf8')).not.toBe(text);
    expect(readFileSync(path, 'utf8')).toHaveLength(128);
    second.release();
    expect(existsSync(path)).toBe(false);
  });

  it('leaves nothing behind where it cannot be written', () => {
    const full = faultyFileSystem(({ name }) => (name === 'write' ? 'ENOSPC' : undefined));
    const { acquire, path } = place(full);
    expect(acquire).toThrow('ENOSPC');
    expect(existsSync(path)).toBe(false);
  });

  it.each(['open', 'read', 'unlink'] as const)(
    'is no failure of the holder where %s fails at its end',
    (call) => {
      let broken = false;
      const { acquire } = place(
        faultyFileSystem(({ name }) => (broken && name === call ? 'EIO' : undefined)),
      );
      const lease = acquire()!;
      broken = true;
      expect(() => {
        lease.beat();
        lease.release();
      }).not.toThrow();
    },
  );
});

describe('LeaseWatch', () => {
  it.runIf(hasProc)('waits for a thread that runs, however long it is silent', () => {
    const { acquire, watch, clock } = place();
    acquire();
    const seen = watch();
    expect(seen.look()).toBe('held');
    clock.ms += 24 * 3_600_000;
    expect(seen.look()).toBe('held');
  });

  it('takes it at once from a process that was killed', async () => {
    const { dir, watch, acquire } = place();
    const holder = await RemoteProcess.start();
    expect(await holder.run(takeLease, [dir, KEY])).toBe(true);
    expect(acquire()).toBeUndefined();
    expect(watch().look()).toBe('held');
    await holder.kill();
    expect(watch().look()).toBe('free');
    expect(acquire()).toBeInstanceOf(Lease);
  });

  it.runIf(hasProc)('takes it from a killed process whose parent never asks after it', async () => {
    const { dir, watch } = place();
    const program = `
      import { PersistentCache } from '${compiledSources()}/src/index.js';
      new PersistentCache({ dir: '${dir}' }).lease('${KEY}');
      console.log(process.pid);
      setInterval(() => undefined, 1e6);`;
    const command = `${process.execPath} --input-type=module -e "$PROGRAM" & exec sleep 1000`;
    const parent = spawn('sh', ['-c', command], { env: { PROGRAM: program } });
    onTestFinished(() => void parent.kill('SIGKILL'));
    const pid = Number(String((await once(parent.stdout, 'data'))[0]));
    expect(watch().look()).toBe('held');
    process.kill(pid, 'SIGKILL');
    await untilStateIs(pid, 'Z');
    expect(watch().look()).toBe('free');
  });

  it.runIf(hasProc)('takes it from a thread that was ended in a process that lives', async () => {
    const { dir, watch } = place();
    const program = `
      import { PersistentCache } from 'file://${compiledSources()}/src/index.js';
      import { parentPort } from 'node:worker_threads';
      new PersistentCache({ dir: '${dir}' }).lease('${KEY}');
      parentPort.on('message', () => undefined);
      parentPort.postMessage('held');`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`));
    await once(worker, 'message');
    expect(watch().look()).toBe('held');
    await worker.terminate();
    expect(watch().look()).toBe('free');
  });

  it.runIf(hasProc)('takes it from a process whose ids have gone to another', () => {
    const { watch, write } = place();
    const thread = `${process.pid}@1`;
    write({ machine: machineTag(), pid: process.pid, thread, token: 'x', beat: 0 });
    expect(watch().look()).toBe('free');
  });

  it.runIf(hasProc)('gives a process that was stopped ten beats', async () => {
    const { dir, watch, clock } = place();
    const holder = await RemoteProcess.start();
    await holder.run(takeLease, [dir, KEY]);
    const seen = watch();
    clock.ms += 60_000;
    expect(seen.look()).toBe('held');
    await holder.kill('SIGSTOP');
    await untilStateIs(holder.pid, 'T');
    clock.ms += 4_999;
    expect(seen.look()).toBe('held');
    clock.ms += 1;
    expect(seen.look()).toBe('free');
  });

  it('gives a holder on another machine ten beats from its last sign of life', () => {
    const { watch, write, clock } = place();
    const holder = { machine: 'ffffffff', pid: process.pid, thread: '1@1', token: 'x' };
    write({ ...holder, beat: 0 });
    const seen = watch();
    expect(seen.look()).toBe('held');
    clock.ms += 4_999;
    expect(seen.look()).toBe('held');
    write({ ...holder, beat: 1 });
    clock.ms += 4_999;
    expect(seen.look()).toBe('held');
    clock.ms += 4_999;
    expect(seen.look()).toBe('held');
    clock.ms += 1;
    expect(seen.look()).toBe('free');
  });

  it('gives a process that lives a minute where the system tells of no threads', () => {
    const { watch, write, clock } = place();
    write({ machine: machineTag(), pid: process.pid, thread: '', token: 'x', beat: 0 });
    const seen = watch();
    expect(seen.look()).toBe('held');
    clock.ms += 59_999;
    expect(seen.look()).toBe('held');
    clock.ms += 1;
    expect(seen.look()).toBe('free');
  });

  it.each(['', '{"machine"', 'null', '[]', '{}', '\u0000', '{"machine":1,"pid":"x"}'])(
    'takes what is no lease for one that is being made, for five seconds: %j',
    (rubbish) => {
      const { watch, write, clock, acquire } = place();
      write(rubbish);
      const seen = watch();
      expect(seen.look()).toBe('held');
      clock.ms += 5_000;
      expect(seen.look()).toBe('free');
      expect(acquire()).toBeInstanceOf(Lease);
    },
  );

  it('does not wait for what can never be a lease', () => {
    const { watch, layout, path, acquire } = place();
    mkdirSync(path, { recursive: true });
    expect(acquire()).toBeUndefined();
    expect(watch().look()).toBe('stuck');

    const other = place();
    mkdirSync(other.layout.leases, { recursive: true });
    symlinkSync(join(layout.dir, 'nowhere'), other.path);
    expect(other.acquire()).toBeUndefined();
    expect(other.watch().look()).toBe('stuck');
  });

  it('does not wait where a dead lease cannot be removed', () => {
    const { watch, write } = place(faultyFileSystem(({ name }) => (name === 'rename' ? 'EROFS' : undefined)));
    write({ machine: machineTag(), pid: process.pid, thread: `${process.pid}@1`, token: 'x', beat: 0 });
    expect(watch().look()).toBe(hasProc ? 'stuck' : 'held');
  });

  it.runIf(hasProc)('leaves a lease that came in place of the dead one', () => {
    let onRename = () => undefined as unknown;
    const files = interceptFileSystem(({ name }, perform) => {
      if (name === 'rename') onRename();
      return perform();
    });
    const { watch, write, path, layout, acquire } = place(files);
    write({ machine: machineTag(), pid: process.pid, thread: `${process.pid}@1`, token: 'x', beat: 0 });
    onRename = () => {
      onRename = () => undefined;
      unlinkSync(path);
      return acquire();
    };
    expect(watch().look()).toBe('free');
    expect(watch().look()).toBe('held');
    expect(readdirSync(layout.leases)).toEqual([`${DIGEST}.json`]);
  });
});
