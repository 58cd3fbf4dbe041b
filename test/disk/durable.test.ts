import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { blobPath, openCache, soundKeys } from '../support/caches.js';
import { errorOf } from '../support/errors.js';
import { faultyFileSystem } from '../support/faulty-file-system.js';
import { recordingFileSystem } from '../support/recording-file-system.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

let dir: string;
beforeEach(() => {
  dir = join(temporaryDirectory(), 'cache');
});

describe('a durable put', () => {
  it('has its bytes on the disk before its name, and its name before it returns', async () => {
    const files = recordingFileSystem();
    await openCache(dir, { durable: true, fileSystem: files }).put('k', 1);
    const calls = files.calls.map(({ name, path, to }) => ({ name, path: to ?? path }));
    const renamed = calls.findIndex(({ name, path }) => name === 'rename' && path === blobPath(dir, 'k'));
    const temporary = files.calls[renamed].path;
    const written = calls.findIndex(({ name, path }) => name === 'fsync' && path === temporary);
    expect(written).toBeGreaterThan(-1);
    expect(written).toBeLessThan(renamed);
    expect(calls.slice(0, written).some(({ name, path }) => name === 'write' && path === temporary)).toBe(
      true,
    );
    const named = calls.slice(renamed).filter(({ name }) => name === 'fsync');
    expect(named.map(({ path }) => path)).toEqual(
      expect.arrayContaining([dirname(blobPath(dir, 'k')), join(dir, 'data'), dir, dirname(dir)]),
    );
  });

  it('fails where the disk does not take it, and leaves the old value', async () => {
    await openCache(dir).put('k', 'old');
    const fileSystem = faultyFileSystem(({ name, path }) => {
      return name === 'fsync' && path.includes('tmp') ? 'EIO' : undefined;
    });
    const error = await errorOf(async () => openCache(dir, { durable: true, fileSystem }).put('k', 'new'));
    expect(error).toMatchObject({ code: 'IO', found: 'EIO' });
    expect(await openCache(dir).get('k')).toBe('old');
    expect(await soundKeys(dir)).toEqual(['k']);
  });

  it('makes do where a directory cannot be synced on this file system', async () => {
    const fileSystem = faultyFileSystem(({ name, path }) => {
      return name === 'fsync' && !path.includes('tmp') ? 'EINVAL' : undefined;
    });
    await openCache(dir, { durable: true, fileSystem }).put('k', 1);
    expect(await soundKeys(dir)).toEqual(['k']);
  });
});

describe('an ordinary put', () => {
  it('waits for no disk', async () => {
    const files = recordingFileSystem();
    await openCache(dir, { fileSystem: files }).put('k', 1);
    expect(files.calls.map(({ name }) => name)).not.toContain('fsync');
  });
});
