/**
 * Every operation, failed or killed at every one of its system calls. Then another process must find the old value,
 * the new one or nothing, every other entry as it was, and no trace that stays.
 */
import { constants } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TessCacheError } from '../../src/errors.js';
import { nodeFileSystem, type FileSystem } from '../../src/disk/file-system.js';
import { PersistentCache } from '../../src/disk/persistent-cache.js';
import { filesUnder } from '../support/caches.js';
import { Killed, systemError } from '../support/faulty-file-system.js';
import { interceptFileSystem, type FileCall } from '../support/recording-file-system.js';
import { isLong, report } from '../support/torture.js';
import {
  LEFTOVER,
  VERBS,
  damagedFiles,
  layDown,
  mayOnFullDisk,
  openFor,
  orphanTemporaries,
  outcomes,
  soundFiles,
  unexpected,
  worldDirectory,
  type Verb,
} from './world.js';

const CODES = ['ENOSPC', 'EACCES', 'EROFS', 'EIO', 'ESTALE', 'ENOENT', 'EPERM', 'EMFILE'] as const;
/**
 * What happens at the call: an error, the end of the process, its end in the middle of a write; or from that call
 * on the disk is full or broken.
 */
type Fault = (typeof CODES)[number] | 'kill' | 'torn write' | 'short write' | 'full disk' | 'broken disk';
const KILLS: readonly Fault[] = ['kill', 'torn write'];
const ENDS = ['kill', 'full disk', 'broken disk'] as const;
const ENDS_OF_A_WRITE = ['kill', 'torn write', 'short write', 'full disk', 'broken disk'] as const;

interface Stage {
  readonly files: FileSystem;
  /** From now on calls are counted, and number `at` meets the fault. */
  readonly arm: (at: number, fault: Fault | undefined) => void;
  /** No more faults; the dead stay dead. */
  readonly disarm: () => void;
  readonly calls: FileCall[];
}

function stage(): Stage {
  const calls: FileCall[] = [];
  let [isArmed, isDead] = [false, false];
  let target = -1;
  let planned: Fault | undefined;
  const files = interceptFileSystem((call, perform) => {
    if (isDead) return die(call, perform);
    if (!isArmed) return perform();
    calls.push(call);
    const reached = calls.length - 1;
    if (planned === 'full disk' && reached >= target && takesSpace(call)) throw systemError('ENOSPC', call);
    if (planned === 'broken disk' && reached >= target && call.name !== 'close')
      throw systemError('EIO', call);
    if (planned === undefined || planned.endsWith('disk') || reached !== target) return perform();
    if (call.name === 'write' && (planned === 'short write' || planned === 'torn write')) {
      const [fd, bytes, offset, length, position] = call.args as Parameters<FileSystem['write']>;
      const written = nodeFileSystem.write(fd, bytes, offset, Math.ceil(length / 2), position);
      if (planned === 'short write') return written;
    }
    if (planned === 'short write') return perform();
    if (!KILLS.includes(planned)) throw systemError(planned, call);
    isDead = true;
    return die(call, perform);
  });
  const arm = (at: number, fault: Fault | undefined) => {
    calls.length = 0;
    [isArmed, target, planned] = [true, at, fault];
  };
  const disarm = () => {
    isArmed = false;
  };
  return { files, arm, disarm, calls };
}

function takesSpace({ name, args }: FileCall): boolean {
  if (name === 'open') return ((args[1] as number) & constants.O_CREAT) !== 0;
  return ['write', 'mkdir', 'rename', 'link'].includes(name);
}

function die(call: FileCall, perform: () => unknown): never {
  // What the kernel does for the dead: no descriptor stays open.
  if (call.name === 'close') perform();
  throw new Killed('killed');
}

/** Does it, with the fault at call `at`. Returns the calls that were made; undefined where there are fewer. */
async function endure(verb: Verb, dir: string, isWarm: boolean, at: number, fault: Fault | undefined) {
  const here = `${verb.name}${isWarm ? ', warm' : ''}, ${fault} at call ${at}`;
  layDown(verb.files === 'damaged' ? await damagedFiles() : await soundFiles(), dir);
  const { files, arm, disarm, calls } = stage();
  const cache = await openFor(verb, dir, isWarm, files);
  arm(at, fault);
  let error: unknown;
  try {
    await verb.act(cache);
  } catch (caught) {
    error = caught;
  }
  disarm();
  if (calls.length <= at) return undefined;
  const where = `${here} (${calls[at].name} ${calls[at].path.slice(dir.length + 1)})`;
  const isKill = fault !== undefined && KILLS.includes(fault);
  checkError(where, error, isKill);

  // Where a process lives on, only what it could not unlink stays behind it.
  if (!isKill && calls[at].name !== 'unlink' && fault !== 'broken disk') {
    const left = filesUnder(dir).filter((path) => path.startsWith('tmp') && !path.includes(LEFTOVER));
    expect(left, `${where}: left in tmp/`).toEqual([]);
  }
  const isFull = fault === 'ENOSPC' || fault === 'full disk';
  const onFault = isFull ? mayOnFullDisk(verb) : fault === undefined ? {} : verb.mayOnFault;
  if (fault === 'full disk' && error !== undefined) expect(error, where).toMatchObject({ code: 'NO_SPACE' });
  expect(unexpected([verb.may, onFault], await outcomes(dir)), where).toEqual([]);
  if (!isKill) {
    await cache.put('after', 1);
    expect(await cache.get('after'), where).toBe(1);
  }

  orphanTemporaries(dir);
  const next = new PersistentCache({ ...verb.options, dir });
  await next.put('after', 1);
  expect(
    filesUnder(dir).filter((path) => path.startsWith('tmp')),
    `${where}: outlived a clean-up`,
  ).toEqual([]);
  if (verb.options?.maxEntries !== undefined) {
    expect((await next.keys()).length, where).toBeLessThanOrEqual(verb.options.maxEntries);
  }
  if (verb.files === 'damaged') await next.verify({ repair: true });
  const { problems, ok } = await new PersistentCache({ dir }).verify();
  expect(problems, where).toEqual([]);
  expect(await next.keys(), where).toHaveLength(ok);
  return calls;
}

function checkError(where: string, error: unknown, isKill: boolean): void {
  if (error === undefined) return;
  if (isKill) {
    expect(error, where).toBeInstanceOf(Killed);
    return;
  }
  expect(error, where).toBeInstanceOf(TessCacheError);
  const { code, message, cause, path } = error as TessCacheError;
  expect(['IO', 'NO_SPACE'], where).toContain(code);
  expect(message, where).not.toContain('See the cause');
  expect(message, where).toMatch(/ failed with E[A-Z]+ at .+\. .+\./);
  expect(cause, where).toBeInstanceOf(Error);
  expect(path, where).toBeTypeOf('string');
}

let cases = 0;

async function endureAll(verb: Verb): Promise<void> {
  const dir = worldDirectory();
  for (const isWarm of [false, true]) {
    const calls = await endure(verb, dir, isWarm, 0, undefined);
    for (let at = 0; at < calls!.length; at++) {
      for (const fault of faultsAt(VERBS.indexOf(verb) + at + Number(isWarm), calls![at])) {
        await endure(verb, dir, isWarm, at, fault);
        cases++;
      }
    }
  }
}

/** All of them in the long form; in the short one each in its turn, another at the next call. */
function faultsAt(turn: number, { name }: FileCall): readonly Fault[] {
  const ends = name === 'write' ? ENDS_OF_A_WRITE : ENDS;
  if (isLong) return [...CODES, ...ends];
  return turn % 2 === 0 ? [ends[(turn >> 1) % ends.length]] : [CODES[(turn >> 1) % CODES.length]];
}

describe('an operation that fails or is killed at any of its system calls', () => {
  it.each(VERBS)('$name', async (verb) => {
    await endureAll(verb);
    report('faults', { cases });
  });
});
