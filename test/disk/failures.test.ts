/** Failures of the file system, and what stands in the place of files: typed errors or a miss, never a wrong value. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Miss } from '../../src/disk/reader.js';
import {
  blobPath,
  filesUnder,
  openCache,
  sidecarOf,
  sidecarPath,
  soundKeys,
  tickingClock,
} from '../support/caches.js';
import { errorOf } from '../support/errors.js';
import { faultyFileSystem, systemError } from '../support/faulty-file-system.js';
import { interceptFileSystem, recordingFileSystem, type FileCall } from '../support/recording-file-system.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

let dir: string;
beforeEach(async () => {
  dir = join(temporaryDirectory(), 'cache');
  await openCache(dir).put('k', { secret: 1 });
});

const failing = (code: string, which: (call: FileCall) => boolean) =>
  faultyFileSystem((call) => (which(call) ? code : undefined));
const onBlob = ({ name, path }: FileCall) => name !== 'lstat' && path === blobPath(dir, 'k');
const onSidecar = ({ path }: FileCall) => path === sidecarPath(dir, 'k');
/** Whatever changes the disk. */
const WRITES = ['write', 'rename', 'unlink', 'mkdir', 'link', 'rmdir', 'fsync'];
const onWrites = ({ name, args }: FileCall) =>
  WRITES.includes(name) || (name === 'open' && ((args[1] as number) & 3) !== 0);

describe('a read that the system fails', () => {
  it.each(['EIO', 'EACCES', 'EPERM', 'EMFILE', 'ENFILE', 'ENOMEM', 'ETIMEDOUT', 'ESTALE'])(
    'throws a typed error that names %s and says what to do; the entry stays',
    async (code) => {
      for (const call of ['open', 'fstat', 'read'] as const) {
        const fileSystem = failing(code, (each) => each.name === call && onBlob(each));
        const error = await errorOf(async () => openCache(dir, { fileSystem }).get('k'));
        expect(error).toMatchObject({ code: 'IO', key: 'k', found: code });
        expect(error.path).toContain(dir);
        expect((error.cause as NodeJS.ErrnoException).code).toBe(code);
        expect(error.message).toContain(code);
      }
      expect(await soundKeys(dir)).toEqual(['k']);
      expect(filesUnder(dir).filter((path) => path.startsWith('quarantine'))).toEqual([]);
      expect(await openCache(dir).get('k')).toEqual({ secret: 1 });
    },
  );

  it('is tried again where a network file system lost the file that was replaced', async () => {
    let left = 2;
    const fileSystem = failing('ESTALE', (call) => call.name === 'read' && onBlob(call) && left-- > 0);
    expect(await openCache(dir, { fileSystem }).get('k')).toEqual({ secret: 1 });
  });

  it('closes what it opened', async () => {
    for (const call of ['fstat', 'read'] as const) {
      const files = recordingFileSystem(failing('EIO', (each) => each.name === call && onBlob(each)));
      await errorOf(async () => openCache(dir, { fileSystem: files }).get('k'));
      const count = (name: string) => files.calls.filter((each) => each.name === name).length;
      expect(count('open')).toBe(count('close'));
    }
  });

  it.each(['EIO', 'EACCES', 'EROFS', 'ENOSPC', 'ESTALE'])(
    'is none where only the sidecar fails with %s',
    async (code) => {
      const fileSystem = failing(code, onSidecar);
      expect(await openCache(dir, { fileSystem }).get('k')).toEqual({ secret: 1 });
      expect(await soundKeys(dir)).toEqual(['k']);
    },
  );
});

describe('a put that the system fails', () => {
  it.each(['EIO', 'EACCES', 'EROFS', 'EMFILE', 'EPERM'])(
    'with %s leaves the old value and nothing else',
    async (code) => {
      for (const call of ['open', 'write', 'rename'] as const) {
        const fileSystem = failing(code, ({ name, path }) => name === call && path.includes('/tmp/'));
        const error = await errorOf(async () => openCache(dir, { fileSystem }).put('k', 'new'));
        expect(error).toMatchObject({ code: 'IO', found: code, key: 'k' });
        expect(await openCache(dir).get('k')).toEqual({ secret: 1 });
        expect(await soundKeys(dir)).toEqual(['k']);
      }
    },
  );

  it('is none where the journal cannot be written', async () => {
    const fileSystem = failing('EIO', ({ path }) => path.endsWith('journal'));
    await openCache(dir, { fileSystem, maxEntries: 1 }).put('new', 1);
    expect(await soundKeys(dir)).toEqual(['new']);
  });

  it('leaves no temporary file where only the sidecar cannot be put in place', async () => {
    const fileSystem = failing('EIO', ({ name, to }) => name === 'rename' && to === sidecarPath(dir, 'new'));
    const cache = openCache(dir, { fileSystem });
    for (let i = 0; i < 3; i++) await cache.put('new', i);
    expect(readdirSync(join(dir, 'tmp'))).toEqual([]);
    expect(await openCache(dir).get('new')).toBe(2);
    expect(await soundKeys(dir)).toEqual(['k', 'new']);
  });

  it('removes what a short write left', async () => {
    const fileSystem = interceptFileSystem((call, perform) => {
      if (call.name !== 'write' || !call.path.includes('/tmp/')) return perform();
      const [fd, bytes, offset, length, position] = call.args as [number, Uint8Array, number, number, null];
      if (length < 8) throw Object.assign(new Error('full'), { code: 'ENOSPC', errno: -28 });
      return recordingFileSystem().write(fd, bytes, offset, length >> 1, position);
    });
    const error = await errorOf(async () => openCache(dir, { fileSystem }).put('k', 'new'));
    expect(error.code).toBe('NO_SPACE');
    expect(await soundKeys(dir)).toEqual(['k']);
    expect(await openCache(dir).get('k')).toEqual({ secret: 1 });
  });
});

describe('a cache where nothing can be written', () => {
  it.each(['EROFS', 'EACCES', 'EPERM'])('is read all the same, with %s at every write', async (code) => {
    const before = readFileSync(sidecarPath(dir, 'k'));
    const cache = openCache(dir, { fileSystem: failing(code, onWrites) });
    expect(await cache.get('k')).toEqual({ secret: 1 });
    expect(await cache.lookup('k')).toMatchObject({ hit: true, metadata: { key: 'k' } });
    expect(await cache.keys()).toEqual(['k']);
    expect(await cache.entries()).toHaveLength(1);
    expect((await cache.stats()).entries).toBe(1);
    expect((await cache.verify()).problems).toEqual([]);
    expect(await cache.metadata('k')).toMatchObject({ key: 'k' });
    expect(await errorOf(async () => cache.put('k', 2))).toMatchObject({ code: 'IO', found: code });
    expect(await errorOf(async () => cache.delete('k'))).toMatchObject({ code: 'IO', found: code });
    expect(readFileSync(sidecarPath(dir, 'k')).equals(before)).toBe(true);
  });

  it('is read without its sidecars and its journal too', async () => {
    rmSync(join(dir, 'meta'), { recursive: true });
    rmSync(join(dir, 'journal'));
    for (const options of [{ fileSystem: failing('EROFS', onWrites) }, { readOnly: true }]) {
      const cache = openCache(dir, options);
      expect(await cache.lookup('k')).toMatchObject({
        hit: true,
        value: { secret: 1 },
        metadata: { key: 'k' },
      });
      expect(await cache.keys()).toEqual(['k']);
      expect((await cache.entries()).map(({ key }) => key)).toEqual(['k']);
    }
    expect(existsSync(join(dir, 'meta'))).toBe(false);
  });

  it('gives a miss for what is corrupt, though it cannot move it', async () => {
    truncateSync(blobPath(dir, 'k'), 20);
    for (const options of [{ fileSystem: failing('EROFS', onWrites) }, { readOnly: true }]) {
      const cache = openCache(dir, options);
      for (let i = 0; i < 2; i++)
        expect(await cache.lookup('k')).toMatchObject({ hit: false, reason: 'corrupt' });
    }
    expect(existsSync(blobPath(dir, 'k'))).toBe(true);
  });
});

describe('readOnly', () => {
  it('writes nothing, whatever is asked for', async () => {
    const files = recordingFileSystem();
    const cache = openCache(dir, { readOnly: true, fileSystem: files });
    expect(await cache.get('k')).toEqual({ secret: 1 });
    await cache.lookup('k');
    await cache.keys();
    await cache.entries();
    await cache.stats();
    await cache.verify();
    const refused: (() => Promise<unknown>)[] = [
      async () => cache.put('k', 2),
      async () => cache.set('k', 2),
      async () => cache.delete('k'),
      async () => cache.clear(),
      async () => cache.clear({ ticId: 1 }),
      async () => cache.verify({ repair: true }),
      async () => cache.pin(['k'], { name: 'p' }),
      async () => cache.unpin('p'),
      async () => cache.invalidate('k'),
    ];
    for (const call of refused) {
      expect(await errorOf(call)).toMatchObject({ code: 'READ_ONLY', path: dir });
    }
    expect(files.calls.filter(onWrites)).toEqual([]);
  });

  it('on a directory that is not there finds nothing and makes nothing', async () => {
    const missing = join(dir, 'not', 'there');
    const cache = openCache(missing, { readOnly: true });
    expect(await cache.get('k')).toBeUndefined();
    expect(await cache.keys()).toEqual([]);
    expect((await cache.verify()).checked).toBe(0);
    expect((await cache.stats()).entries).toBe(0);
    expect(existsSync(missing)).toBe(false);
  });

  it('sees what others write', async () => {
    const cache = openCache(dir, { readOnly: true });
    expect(await cache.keys()).toEqual(['k']);
    await openCache(dir).put('new', 1);
    expect(await cache.keys()).toEqual(['k', 'new']);
    expect(await cache.get('new')).toBe(1);
  });
});

describe('in the place of a blob', () => {
  const elsewhere = () => {
    const path = join(temporaryDirectory(), 'elsewhere');
    writeFileSync(path, readFileSync(blobPath(dir, 'k')));
    return path;
  };
  const OBSTACLES: readonly (readonly [what: string, place: (path: string) => void])[] = [
    [
      'a link to a sound blob',
      (path) => {
        const target = elsewhere();
        rmSync(path);
        symlinkSync(target, path);
      },
    ],
    [
      'a link to nothing',
      (path) => {
        rmSync(path);
        symlinkSync('/nonexistent', path);
      },
    ],
    [
      'a link to itself',
      (path) => {
        rmSync(path);
        symlinkSync(path, path);
      },
    ],
    [
      'an empty directory',
      (path) => {
        rmSync(path);
        mkdirSync(path);
      },
    ],
    [
      'a full directory',
      (path) => {
        rmSync(path);
        mkdirSync(join(path, 'x'), { recursive: true });
      },
    ],
    [
      'a pipe that nobody writes to',
      (path) => {
        rmSync(path);
        execFileSync('mkfifo', [path]);
      },
    ],
    [
      'an empty file',
      (path) => {
        truncateSync(path);
      },
    ],
    [
      'a sparse file of a terabyte',
      (path) => {
        truncateSync(path, 2 ** 40);
      },
    ],
    [
      'a sparse file of 8 GiB',
      (path) => {
        truncateSync(path, 2 ** 33);
      },
    ],
  ];

  it.each(OBSTACLES)('%s is a corrupt miss, goes to quarantine, and gives way', async (_what, place) => {
    place(blobPath(dir, 'k'));
    const cache = openCache(dir);
    expect(await cache.lookup('k')).toMatchObject({ hit: false, reason: 'corrupt' });
    expect(await cache.lookup('k')).toMatchObject({ hit: false, reason: 'absent' });
    expect(filesUnder(dir).some((path) => path.endsWith('.note.json'))).toBe(true);
    await cache.put('k', 2);
    expect(await soundKeys(dir)).toEqual(['k']);
  });

  it.each(OBSTACLES)('%s is replaced by a put, removed by a delete and a clear', async (_what, place) => {
    place(blobPath(dir, 'k'));
    await openCache(dir).put('k', 2);
    expect(await openCache(dir).get('k')).toBe(2);
    expect(await soundKeys(dir)).toEqual(['k']);
    place(blobPath(dir, 'k'));
    await openCache(dir).delete('k');
    expect(await soundKeys(dir)).toEqual([]);
    await openCache(dir).put('k', 3);
    place(blobPath(dir, 'k'));
    await openCache(dir).clear();
    expect(await soundKeys(dir)).toEqual([]);
  });

  it.each(OBSTACLES)('%s does not keep another entry from being evicted', async (_what, place) => {
    const cache = openCache(dir, { maxEntries: 2, now: tickingClock(4_000_000_000) });
    await cache.put('a', 1);
    place(blobPath(dir, 'k'));
    await cache.put('b', 2);
    await cache.put('c', 3);
    await openCache(dir).verify({ repair: true });
    expect(await soundKeys(dir)).toEqual(['b', 'c']);
  });
});

describe('in the place of a sidecar', () => {
  const OBSTACLES: readonly (readonly [what: string, place: (path: string) => void])[] = [
    ['nothing', () => undefined],
    [
      'a link',
      (path) => {
        symlinkSync('/etc/hostname', path);
      },
    ],
    [
      'a link to itself',
      (path) => {
        symlinkSync(path, path);
      },
    ],
    [
      'a pipe that nobody writes to',
      (path) => {
        execFileSync('mkfifo', [path]);
      },
    ],
    [
      'an empty file',
      (path) => {
        writeFileSync(path, '');
      },
    ],
    [
      'a sparse file of a terabyte',
      (path) => {
        writeFileSync(path, '');
        truncateSync(path, 2 ** 40);
      },
    ],
  ];

  it.each(OBSTACLES)('%s is mended by a get', async (_what, place) => {
    rmSync(sidecarPath(dir, 'k'));
    place(sidecarPath(dir, 'k'));
    const cache = openCache(dir, { now: tickingClock(4_000_000_000) });
    expect(await cache.get('k')).toEqual({ secret: 1 });
    // A pipe would not answer.
    expect(lstatSync(sidecarPath(dir, 'k')).isFile()).toBe(true);
    expect(sidecarOf(dir, 'k')).toMatchObject({ key: 'k', accessed_at: 4_000_000_000 });
    expect(await soundKeys(dir)).toEqual(['k']);
  });

  it.each(OBSTACLES)('%s is no matter to a listing and a lookup', async (_what, place) => {
    rmSync(sidecarPath(dir, 'k'));
    place(sidecarPath(dir, 'k'));
    for (const options of [{ readOnly: true }, {}]) {
      const cache = openCache(dir, options);
      expect((await cache.entries()).map(({ key }) => key)).toEqual(['k']);
      expect(await cache.metadata('k')).toMatchObject({ key: 'k' });
      expect(await cache.lookup('k')).toMatchObject({ hit: true, metadata: { key: 'k' } });
    }
    expect(await soundKeys(dir)).toEqual(['k']);
  });

  it('a directory is no matter to a get, a put and a delete', async () => {
    rmSync(sidecarPath(dir, 'k'));
    mkdirSync(join(sidecarPath(dir, 'k'), 'x'), { recursive: true });
    const cache = openCache(dir);
    expect(await cache.get('k')).toEqual({ secret: 1 });
    await cache.put('k', 2);
    expect(await cache.get('k')).toBe(2);
    expect(await cache.keys()).toEqual(['k']);
    expect(await cache.delete('k')).toBe(true);
    expect(await cache.get('k')).toBeUndefined();
    await cache.verify({ repair: true });
    expect(await soundKeys(dir)).toEqual([]);
  });
});

describe('quarantine', () => {
  const kept = () => filesUnder(join(dir, 'quarantine'));

  it('keeps what was found, with a note of what was wrong', async () => {
    const rubbish = Buffer.from('rubbish');
    writeFileSync(blobPath(dir, 'k'), rubbish);
    const miss = (await openCache(dir, { now: () => 1_790_000_000 }).lookup('k')) as Miss;
    const [file, note] = kept();
    expect(note).toBe(`${file}.note.json`);
    expect(readFileSync(join(dir, 'quarantine', file)).equals(rubbish)).toBe(true);
    expect(JSON.parse(readFileSync(join(dir, 'quarantine', note), 'utf8'))).toMatchObject({
      path: blobPath(dir, 'k'),
      problem: miss.detail,
      pid: process.pid,
    });
    expect(statSync(join(dir, 'quarantine')).mode & 0o777).toBe(0o700);
  });

  it('is bounded: the last 32 are kept, each with its note', async () => {
    const cache = openCache(dir, { now: tickingClock() });
    for (let i = 0; i < 40; i++) {
      writeFileSync(blobPath(dir, 'k'), `rubbish ${i}`);
      await cache.get('k');
      mkdirSync(dirname(blobPath(dir, 'k')), { recursive: true });
    }
    const files = kept().filter((name) => !name.endsWith('.note.json'));
    expect(files).toHaveLength(32);
    expect(kept()).toHaveLength(64);
    expect(readFileSync(join(dir, 'quarantine', files[0]), 'utf8')).toBe('rubbish 8');
  });

  it('is bounded in bytes, notes included', async () => {
    const cache = openCache(dir, { now: tickingClock() });
    for (let i = 0; i < 3; i++) {
      writeFileSync(blobPath(dir, 'k'), '');
      truncateSync(blobPath(dir, 'k'), 150 * 1024 ** 2);
      await cache.get('k');
    }
    expect(kept()).toHaveLength(2);
  });

  it.each([
    [
      'rubbish',
      () => {
        writeFileSync(blobPath(dir, 'k'), 'rubbish');
      },
      'EIO',
    ],
    [
      'rubbish, without hard links',
      () => {
        writeFileSync(blobPath(dir, 'k'), 'rubbish');
      },
      'EPERM',
    ],
    [
      'a link',
      () => {
        rmSync(blobPath(dir, 'k'));
        symlinkSync('/nonexistent', blobPath(dir, 'k'));
      },
      'EIO',
    ],
    [
      'a directory',
      () => {
        rmSync(blobPath(dir, 'k'));
        mkdirSync(blobPath(dir, 'k'));
      },
      'EIO',
    ],
  ])('never takes what another process has just put in place of %s', async (_what, place, linkFails) => {
    place();
    const other = openCache(dir);
    await other.has('k');
    let raced = false;
    // At the very moment at which the blob is to be moved away, and once more after it was.
    const fileSystem = interceptFileSystem((call, perform) => {
      if (call.name === 'link' && linkFails === 'EPERM') throw systemError('EPERM', call);
      if (call.name !== 'rename' || call.path !== blobPath(dir, 'k') || raced) return perform();
      raced = true;
      rmSync(call.path, { recursive: true, force: true });
      writeFileSync(`${call.path}.new`, readFileSync(blobPath(dir, 'new')));
      execFileSync('mv', [`${call.path}.new`, call.path]);
      return perform();
    });
    await other.put('new', 1);
    await openCache(dir, { fileSystem }).get('k');
    expect(raced).toBe(true);
    expect(readFileSync(blobPath(dir, 'k')).equals(readFileSync(blobPath(dir, 'new')))).toBe(true);
  });

  it('does not even move what another process has put before it looks', async () => {
    writeFileSync(blobPath(dir, 'k'), 'rubbish');
    const other = openCache(dir);
    await other.put('other', 1);
    let put: Promise<unknown> | undefined;
    const files = recordingFileSystem(
      interceptFileSystem((call, perform) => {
        const result = perform();
        if (call.name === 'close' && call.path === blobPath(dir, 'k')) put ??= other.put('k', 'new');
        return result;
      }),
    );
    expect(await openCache(dir, { fileSystem: files }).lookup('k')).toMatchObject({ reason: 'corrupt' });
    await put;
    // Nor its sidecar.
    const paths = [blobPath(dir, 'k'), sidecarPath(dir, 'k')];
    const changes = files.calls.filter(({ name, path }) => WRITES.includes(name) && paths.includes(path));
    expect(changes).toEqual([]);
    expect(await soundKeys(dir)).toEqual(['k', 'other']);
    expect(await other.get('k')).toBe('new');
  });

  it('does not take away what is put after it', async () => {
    writeFileSync(blobPath(dir, 'k'), 'rubbish');
    const sound = openCache(dir);
    await sound.put('other', 1);
    let pending: Promise<unknown> | undefined;
    const fileSystem = interceptFileSystem((call, perform) => {
      const result = perform();
      // A put is one step of this process: it is done when `put` returns its promise.
      if (call.name === 'rename' && call.path === blobPath(dir, 'k')) pending = sound.put('k', 'new');
      return result;
    });
    expect(await openCache(dir, { fileSystem }).lookup('k')).toMatchObject({ hit: false, reason: 'corrupt' });
    expect(pending).toBeDefined();
    await pending;
    expect(await openCache(dir).get('k')).toBe('new');
    expect(await soundKeys(dir)).toEqual(['k', 'other']);
  });
});
