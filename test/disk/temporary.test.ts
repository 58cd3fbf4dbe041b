import { mkdirSync, readFileSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { nodeFileSystem } from '../../src/disk/file-system.js';
import { Layout } from '../../src/disk/layout.js';
import { machineTag } from '../../src/disk/process-identity.js';
import { findLeftovers, renameInto, writeTemporary } from '../../src/disk/temporary.js';
import { faultyFileSystem } from '../support/faulty-file-system.js';
import { recordingFileSystem } from '../support/recording-file-system.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

let layout: Layout;
beforeEach(() => {
  layout = new Layout(join(temporaryDirectory(), 'cache'));
});

describe('a temporary file', () => {
  it('holds all parts, under a name of its own, for its owner alone', () => {
    const parts = [Buffer.from('a'), Buffer.alloc(0), Buffer.from('bc')];
    const first = writeTemporary(nodeFileSystem, layout, parts, false);
    const second = writeTemporary(nodeFileSystem, layout, parts, true);
    expect(first.path).not.toBe(second.path);
    for (const { path, identity } of [first, second]) {
      expect(readFileSync(path, 'latin1')).toBe('abc');
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(identity).toMatchObject({ ino: statSync(path).ino, size: 3 });
    }
  });

  it('is synced to the disk where that is wanted', () => {
    const files = recordingFileSystem();
    writeTemporary(files, layout, [Buffer.from('a')], true);
    const names = files.calls.map(({ name }) => name);
    expect(names.indexOf('fsync')).toBeGreaterThan(names.lastIndexOf('write'));
    const lazy = recordingFileSystem();
    writeTemporary(lazy, layout, [Buffer.from('a')], false);
    expect(lazy.calls.map(({ name }) => name)).not.toContain('fsync');
  });

  it.each(['write', 'fsync', 'fstat', 'close'] as const)('is removed where its %s fails', (call) => {
    const files = faultyFileSystem(({ name }) => (name === call ? 'EIO' : undefined));
    expect(() => writeTemporary(files, layout, [Buffer.from('abc')], true)).toThrow('EIO');
    expect(readdirSync(layout.tmp)).toEqual([]);
  });

  it('is moved into a directory that is made for it', () => {
    const { path } = writeTemporary(nodeFileSystem, layout, [Buffer.from('abc')], false);
    const target = join(layout.dataShard('ab'), 'x');
    renameInto(nodeFileSystem, path, target);
    expect(readFileSync(target, 'latin1')).toBe('abc');
    expect(statSync(layout.dataShard('ab')).mode & 0o777).toBe(0o700);
  });
});

describe('leftovers', () => {
  const deadPid = () => spawnSync(process.execPath, ['-e', '']).pid;
  const now = () => Date.now() / 1000;
  const leave = (name: string, ageSeconds = 0) => {
    writeTemporary(nodeFileSystem, layout, [], false);
    const path = join(layout.tmp, name);
    writeFileSync(path, 'half');
    utimesSync(path, now() - ageSeconds, now() - ageSeconds);
    return path;
  };

  it('are the files of dead processes of this machine, at once', () => {
    const path = leave(`${machineTag()}-${deadPid()}-0-abcdef`);
    expect(findLeftovers(nodeFileSystem, layout, now())).toEqual([path]);
  });

  it.each([
    ['of this process', () => `${machineTag()}-${process.pid}-0-abcdef`],
    ['of another machine', () => `00000000-${deadPid()}-0-abcdef`],
  ])('are files %s after an hour only', (_what, name) => {
    const path = leave(name(), 3500);
    expect(findLeftovers(nodeFileSystem, layout, now())).toEqual([]);
    expect(findLeftovers(nodeFileSystem, layout, now() + 200)).toEqual([path]);
  });

  it('are leases that nobody has held for long, and what was put aside of them', () => {
    mkdirSync(layout.leases, { recursive: true });
    const paths = ['.0123456789abcdef', `${'0'.repeat(64)}.json`, 'notes.txt'].map((name) =>
      join(layout.leases, name),
    );
    for (const path of paths) writeFileSync(path, '{}');
    expect(findLeftovers(nodeFileSystem, layout, now())).toEqual([]);
    expect(findLeftovers(nodeFileSystem, layout, now() + 4000)).toEqual(paths.slice(0, 2));
  });

  it("are never somebody else's files, however old", () => {
    leave('thesis.txt', 1e6);
    expect(findLeftovers(nodeFileSystem, layout, now())).toEqual([]);
  });

  it('are none where there is no directory', () => {
    expect(findLeftovers(nodeFileSystem, layout, now())).toEqual([]);
  });
});
