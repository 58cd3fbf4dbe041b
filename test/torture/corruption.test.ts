/**
 * The corruption matrix, through the whole cache and on the disk: whatever is done to a file, a read gives the right
 * value, a miss with its reason, or a typed error.
 */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { crc32 } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { decodeSidecar, encodeSidecar } from '../../src/disk/sidecar.js';
import { sealedFile, valueMetadata } from '../support/blobs.js';
import { blobPath, openCache, sidecarPath, soundKeys } from '../support/caches.js';
import { codeOf, errorOf } from '../support/errors.js';
import { faultyFileSystem } from '../support/faulty-file-system.js';
import { RemoteProcess } from '../support/remote-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { isLong, report } from '../support/torture.js';

/** The two tests that change every bit take some ten seconds, and many times that on a machine at work. */
const LONG_MS = 300_000;

/** The user that owns nothing. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

const VALUE = { n: new Float64Array([0, 1]), text: 'å' };
const LINEAGE = { kind: 'p', producer: 'p', version: '1', inputs: [], params: null };

let dir: string;
let blob: string;
let sidecar: string;
let soundBlob: Buffer;
let soundSidecar: Buffer;
beforeEach(async () => {
  dir = join(temporaryDirectory(), 'cache');
  await openCache(dir).put('k', VALUE);
  await openCache(dir).put('other', { other: 2 });
  [blob, sidecar] = [blobPath(dir, 'k'), sidecarPath(dir, 'k')];
  [soundBlob, soundSidecar] = [readFileSync(blob), readFileSync(sidecar)];
});

const figures = { blobs: 0, sidecars: 0 };
afterAll(() => {
  report('corruption', figures);
});

const quarantined = () => readdirSync(join(dir, 'quarantine')).filter((name) => !name.endsWith('.note.json'));

/** A read finds what stands in the place of the blob wanting, once, and moves it out of the way with a note. */
async function expectCorruptOnce(what: string, reason = 'corrupt'): Promise<void> {
  figures.blobs++;
  const before = existsSync(blob) && lstatSync(blob).isFile() ? readFileSync(blob) : undefined;
  const cache = openCache(dir, { now: () => 1_800_000_000 + figures.blobs });
  const miss = await cache.lookup('k');
  expect(miss, what).toMatchObject({ hit: false, reason });
  expect(await cache.lookup('k'), what).toMatchObject({ hit: false, reason: 'absent' });
  const newest = join(dir, 'quarantine', quarantined().sort().at(-1)!);
  if (before !== undefined) expect(readFileSync(newest).equals(before), what).toBe(true);
  const note = JSON.parse(readFileSync(`${newest}.note.json`, 'utf8')) as object;
  expect(note, what).toMatchObject({ path: blob, problem: (miss as { detail: string }).detail });
  expect(quarantined().length).toBeLessThanOrEqual(32);
}

async function expectNothingLeft(): Promise<void> {
  await openCache(dir).verify({ repair: true });
  expect(await soundKeys(dir)).toEqual(['other']);
  expect(await openCache(dir).get('other')).toEqual({ other: 2 });
}

function restore(): void {
  writeFileSync(blob, soundBlob);
  writeFileSync(sidecar, soundSidecar);
}

/** The value comes back whatever the sidecar is, and the sidecar is made anew. */
async function expectMended(
  what: string,
  modes: readonly object[] = [{ readOnly: true }, {}],
): Promise<void> {
  figures.sidecars++;
  const sound = decodeSidecar(soundSidecar)!;
  const told = { ...sound, createdAt: 0, accessedAt: 0 };
  const tells = (metadata: object | undefined) =>
    isDeepStrictEqual({ ...metadata, createdAt: 0, accessedAt: 0 }, told);
  for (const options of modes) {
    const cache = openCache(dir, options);
    const read = await cache.lookup('k');
    if (!read.hit || !isDeepStrictEqual(read.value, VALUE) || !tells(read.metadata)) {
      expect.fail(`${what}: ${JSON.stringify(read)}`);
    }
    if (!tells(await cache.metadata('k'))) expect.fail(`${what}: other metadata`);
  }
  if (!tells(decodeSidecar(readFileSync(sidecar)))) expect.fail(`${what}: not made anew`);
}

/** Every damage to `bytes` of a sort that a disk or a careless copy does. */
function* damages(bytes: Buffer): Generator<[what: string, damaged: Buffer]> {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] ^= 1 << (bit & 7);
    yield [`bit ${bit}`, flipped];
  }
  for (let length = 0; length < bytes.length; length++) {
    yield [`cut to ${length} bytes`, bytes.subarray(0, length)];
    const zeroed = Buffer.from(bytes).fill(0, length);
    if (!zeroed.equals(bytes)) yield [`zeros from ${length} on`, zeroed];
  }
  for (const more of [Buffer.from('\0'), Buffer.from(' '), Buffer.from('\n'), Buffer.alloc(4096), bytes]) {
    yield [`${more.length} bytes more`, Buffer.concat([bytes, more])];
  }
}

describe('a small blob', () => {
  it(
    'of which any bit is flipped, any tail is cut or zeroed, or to which bytes are added, fails once',
    async () => {
      let n = 0;
      for (const [what, damaged] of damages(soundBlob)) {
        restore();
        writeFileSync(blob, damaged);
        if (n++ % 400 === 0) {
          const [problem] = (await openCache(dir, { readOnly: true }).verify()).problems;
          expect(problem, what).toMatchObject({ problem: 'corrupt', path: blob, repaired: false });
          expect(readFileSync(blob).equals(damaged), what).toBe(true);
        }
        await expectCorruptOnce(what);
        // Keeping it bounded takes most of the time: once is enough, at the end.
        if (n % 10 === 0 && n < soundBlob.length * 8) rmSync(join(dir, 'quarantine'), { recursive: true });
      }
      expect(n).toBeGreaterThan(soundBlob.length * 9);
      expect(quarantined()).toHaveLength(32);
      await expectNothingLeft();
    },
    LONG_MS,
  );

  it('gives way to a put after each, and to one before it was ever read', async () => {
    for (const length of [0, 7, 8, 60, soundBlob.length - 1]) {
      writeFileSync(blob, soundBlob.subarray(0, length));
      if (length % 2 === 0) await expectCorruptOnce(`${length} bytes`);
      await openCache(dir).put('k', VALUE);
      expect(await openCache(dir).get('k')).toEqual(VALUE);
      expect(await soundKeys(dir)).toEqual(['k', 'other']);
    }
  });

  it('that was swapped with another gives neither under the wrong name', async () => {
    const other = blobPath(dir, 'other');
    renameSync(blob, `${blob}.aside`);
    renameSync(other, blob);
    renameSync(`${blob}.aside`, other);
    const problems = (await openCache(dir, { readOnly: true }).verify()).problems;
    expect(problems.map(({ problem }) => problem)).toEqual(['mismatch', 'mismatch']);
    await expectCorruptOnce('swapped', 'mismatch');
    expect(await openCache(dir).lookup('other')).toMatchObject({ hit: false, reason: 'mismatch' });
    await openCache(dir).verify({ repair: true });
    expect(await soundKeys(dir)).toEqual([]);
  });

  it("under another key's name is a miss there, whatever the sidecar says, and a hit at its own", async () => {
    copyFileSync(blobPath(dir, 'other'), blob);
    copyFileSync(sidecarPath(dir, 'other'), sidecar);
    await expectCorruptOnce('a stranger', 'mismatch');
    expect(existsSync(sidecar)).toBe(false);
    await expectNothingLeft();
  });

  it('of a later format stays, is a miss that says so, and no problem', async () => {
    for (const version of ['2', '10', '999999999999']) {
      const later = sealedFile({ ...valueMetadata('k', '1'), format: `tess-cache/${version}` });
      writeFileSync(blob, later);
      for (let again = 0; again < 2; again++) {
        expect(await openCache(dir).lookup('k')).toMatchObject({ hit: false, reason: 'newer-format' });
      }
      expect((await openCache(dir).verify({ repair: true })).problems).toEqual([]);
      expect(readFileSync(blob).equals(later)).toBe(true);
    }
    expect(existsSync(join(dir, 'quarantine'))).toBe(false);
  });
});

describe('a sidecar', () => {
  it(
    'of which any bit is flipped, any tail is cut or zeroed, or to which bytes are added, is made anew',
    async () => {
      let n = 0;
      for (const [what, damaged] of damages(soundSidecar)) {
        restore();
        writeFileSync(sidecar, damaged);
        // A repair every now and then, which takes longer.
        if (n++ % 400 === 0) {
          await openCache(dir).verify({ repair: true });
          expect(await soundKeys(dir), what).toEqual(['k', 'other']);
          writeFileSync(sidecar, damaged);
        }
        await expectMended(what, isLong || n % 50 === 0 ? undefined : [{}]);
      }
      expect(await soundKeys(dir)).toEqual(['k', 'other']);
      expect(existsSync(join(dir, 'quarantine'))).toBe(false);
    },
    LONG_MS,
  );

  const withRest = (rest: string) => {
    const check = crc32(Buffer.from(rest)).toString(16).padStart(8, '0');
    return Buffer.from(`{"accessed_at":${'1.000000'.padStart(20)},"check":"crc32:${check}",${rest}`);
  };
  const told = () => soundSidecar.toString('utf8').slice(61).trimEnd().slice(0, -1);
  const RUBBISH: readonly (readonly [what: string, make: () => Buffer | undefined])[] = [
    ['that is missing', () => undefined],
    ["that is another entry's", () => readFileSync(sidecarPath(dir, 'other'))],
    ['that is no JSON, with the right check', () => withRest(`${told()},}\n`)],
    ['that is an array, with the right check', () => withRest(`"checksum":[]}\n`)],
    ['whose key is a number, with the right check', () => withRest(`${told()},"key":5}\n`)],
    ['whose bytes are none, with the right check', () => withRest(`${told()},"bytes":1e999}\n`)],
    ['whose lineage has no keys', () => withRest(`${told()},"lineage":{"inputs":[null]}}\n`)],
    [
      'whose lineage is deeper than anybody can compare',
      () => {
        const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
        return withRest(`${told()},"lineage":${JSON.stringify(LINEAGE).replace('null', deep)}}\n`);
      },
    ],
  ];

  it.each(RUBBISH)(
    '%s is made anew, by a read and by a repair, and leads no listing astray',
    async (_what, make) => {
      const place = () => {
        const bytes = make();
        if (bytes === undefined) rmSync(sidecar);
        else writeFileSync(sidecar, bytes);
      };
      place();
      for (const options of [{ readOnly: true }, {}]) {
        const cache = openCache(dir, options);
        expect((await cache.entries()).map(({ key }) => key)).toEqual(['k', 'other']);
        expect(await cache.explain('k')).toMatchObject({ key: 'k' });
        if (options.readOnly !== true) expect(await cache.invalidate('x', { downstream: true })).toEqual([]);
      }
      place();
      await expectMended('after a read');
      place();
      const { problems } = await openCache(dir).verify({ repair: true });
      expect(problems).toMatchObject([{ path: sidecar, repaired: true }]);
      expect(await soundKeys(dir)).toEqual(['k', 'other']);
    },
  );

  it('that lies with the right checks is found by `verify`, and never changes the value', async () => {
    const sound = decodeSidecar(soundSidecar)!;
    for (const lie of [
      { bytes: 1 },
      { sha256: 'ab'.repeat(32) },
      { kind: 'lightcurve' as const },
      { ticId: 7 },
    ]) {
      writeFileSync(sidecar, encodeSidecar({ ...sound, ...lie }));
      expect(await openCache(dir).get('k')).toEqual(VALUE);
      const { problems } = await openCache(dir).verify({ repair: true });
      expect(problems).toMatchObject([{ problem: 'wrong-sidecar', key: 'k', repaired: true }]);
      expect(await soundKeys(dir)).toEqual(['k', 'other']);
    }
  });
});

describe('a blob whose lineage is deeper than anybody can write', () => {
  it('is corrupt, though its checksum is right', async () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const lineage = JSON.stringify(LINEAGE).replace('null', deep);
    writeFileSync(blob, sealedFile({ ...valueMetadata('k', '1'), lineage }));
    const { problems } = await openCache(dir, { readOnly: true }).verify();
    expect(problems).toMatchObject([{ problem: 'corrupt', path: blob }]);
    rmSync(sidecar);
    expect((await openCache(dir).entries()).map(({ key }) => key)).toEqual(['other']);
    await expectCorruptOnce('a deep lineage');
    await expectNothingLeft();
  });
});

describe('what is no file', () => {
  const OBSTACLES: readonly (readonly [what: string, place: (path: string, sound: Buffer) => void])[] = [
    [
      'a link to the very bytes',
      (path, sound) => {
        const elsewhere = join(temporaryDirectory(), 'elsewhere');
        writeFileSync(elsewhere, sound);
        symlinkSync(elsewhere, path);
      },
    ],
    ['a dangling link', (path) => { symlinkSync(join(dir, 'nowhere'), path); }],
    ['a directory with something in it', (path) => { mkdirSync(join(path, 'full'), { recursive: true }); }],
    ['a pipe', (path) => { execFileSync('mkfifo', [path]); }],
    [
      'a socket',
      (path) => {
        // By its bare name: the address of a socket takes 107 bytes. No clean exit, which would remove it.
        const listen = 'require("net").createServer().listen(process.argv[1], () => process.reallyExit(0))';
        execFileSync(process.execPath, ['-e', listen, basename(path)], { cwd: dirname(path) });
      },
    ],
  ]; // prettier-ignore

  it.each(OBSTACLES)('%s in place of a blob fails once, and gives way', async (what, place) => {
    rmSync(blob);
    place(blob, soundBlob);
    await expectCorruptOnce(what);
    await openCache(dir).put('k', VALUE);
    expect(await openCache(dir).get('k')).toEqual(VALUE);
    expect(await soundKeys(dir)).toEqual(['k', 'other']);
  });

  it.each(OBSTACLES)(
    '%s in place of a sidecar keeps nobody from the value, and is repaired',
    async (_what, place) => {
      rmSync(sidecar);
      place(sidecar, soundSidecar);
      expect(await openCache(dir, { readOnly: true }).get('k')).toEqual(VALUE);
      expect(await openCache(dir).lookup('k')).toMatchObject({ hit: true, value: VALUE });
      await openCache(dir).verify({ repair: true });
      expect(await openCache(dir).get('k')).toEqual(VALUE);
      expect(await soundKeys(dir)).toEqual(['k', 'other']);
    },
  );
});

/**
 * What a process finds, of another user where this one is root: root is refused nothing. The cache belongs to it.
 */
async function findAsAnother() {
  if (isRoot) {
    const paths = readdirSync(dir, { recursive: true, encoding: 'utf8' });
    for (const path of [dirname(dir), dir, ...paths.map((each) => join(dir, each))])
      chownSync(path, NOBODY, NOBODY);
  }
  return async () =>
    (await RemoteProcess.start()).run(
      async ({ tessCache }, args) => {
        const cache = new tessCache.PersistentCache({ dir: args.dir });
        // Loads what it needs, while it may.
        await cache.has('k');
        if (args.isRoot) process.setegid!(args.nobody);
        if (args.isRoot) process.seteuid!(args.nobody);
        const read = await cache.lookup('k').catch((error: unknown) => {
          const { code, found } = error as { code: string; found: string };
          return { code, found };
        });
        const keys = (await cache.entries()).map(({ key }) => key);
        const { problems } = await cache.verify({ repair: true });
        return { read, keys, problems, other: await cache.get('other') };
      },
      { dir, isRoot, nobody: NOBODY },
    );
}

async function expectRefused(refuse: (path: string) => void): Promise<void> {
  const rest = { keys: ['k', 'other'], other: { other: 2 } };
  for (const [path, read] of [
    [blob, { code: 'IO', found: 'EACCES' }],
    [sidecar, { hit: true, value: VALUE }],
  ] as const) {
    const find = await findAsAnother();
    refuse(path);
    expect(await find()).toMatchObject({ ...rest, read, problems: [{ problem: 'unreadable', path }] });
    chmodSync(path, 0o600);
  }
  expect(readFileSync(blob).equals(soundBlob)).toBe(true);
  expect(await soundKeys(dir)).toEqual(['k', 'other']);
}

describe('what the system refuses', () => {
  const REFUSALS = ['EACCES', 'EPERM', 'EIO', 'EMFILE', 'ESTALE'];

  it.each(REFUSALS)(
    '%s for a blob is a typed error, not a miss, and costs nobody the entry',
    async (code) => {
      for (const call of ['open', 'read', 'fstat'] as const) {
        const fileSystem = faultyFileSystem(({ name, path }) =>
          name === call && path === blob ? code : undefined,
        );
        const cache = openCache(dir, { fileSystem });
        for (let again = 0; again < 2; again++) {
          const error = await errorOf(async () => cache.get('k'));
          expect(error).toMatchObject({ code: 'IO', key: 'k' });
          expect((error.cause as NodeJS.ErrnoException).code).toBe(code);
        }
        expect(await cache.keys()).toEqual(['k', 'other']);
        expect((await cache.entries()).map(({ key }) => key)).toEqual(['k', 'other']);
        expect(await cache.get('other')).toEqual({ other: 2 });
        const { problems } = await cache.verify({ repair: true });
        expect(problems).toMatchObject([{ problem: 'unreadable', path: blob, repaired: false }]);
        // What it was, and what to do about it.
        expect(problems[0].detail).toMatch(new RegExp(`^${code}\\. .+\\.$`));
        expect(readFileSync(blob).equals(soundBlob)).toBe(true);
      }
      expect(existsSync(join(dir, 'quarantine'))).toBe(false);
      expect(await openCache(dir).get('k')).toEqual(VALUE);
      expect(await soundKeys(dir)).toEqual(['k', 'other']);
    },
  );

  it.each(REFUSALS)('%s for a sidecar is no reason to fail a get', async (code) => {
    const fileSystem = faultyFileSystem(({ path }) => (path === sidecar ? code : undefined));
    const cache = openCache(dir, { fileSystem });
    expect(await cache.get('k')).toEqual(VALUE);
    expect(await cache.lookup('k')).toMatchObject({ hit: true, value: VALUE, metadata: { key: 'k' } });
    expect((await cache.entries()).map(({ key }) => key)).toEqual(['k', 'other']);
    expect(readFileSync(sidecar, 'latin1').slice(61)).toBe(soundSidecar.toString('latin1').slice(61));
    expect(await openCache(dir).get('k')).toEqual(VALUE);
    expect(await soundKeys(dir)).toEqual(['k', 'other']);
  });

  it('a file without permission is a typed error or the value, and costs nobody the entry', async () => {
    await expectRefused((path) => { chmodSync(path, 0); }); // prettier-ignore
  });

  it.runIf(isRoot)('so is a file of another owner', async () => {
    await expectRefused((path) => { chownSync(path, 0, 0); }); // prettier-ignore
  });

  it('a quarantine that cannot be had leaves a corrupt blob a miss each time, and in its place', async () => {
    truncateSync(blob, 50);
    const fileSystem = faultyFileSystem(({ name }) => (name === 'rename' ? 'EROFS' : undefined));
    const cache = openCache(dir, { fileSystem });
    for (let again = 0; again < 2; again++) {
      expect(await cache.lookup('k')).toMatchObject({ hit: false, reason: 'corrupt' });
    }
    expect(readFileSync(blob)).toHaveLength(50);
  });
});

describe('beside the entries', () => {
  it('a pin longer than any text, a journal of rubbish and a lease of rubbish stand in no way', async () => {
    const pins = join(dir, 'pins');
    mkdirSync(pins, { recursive: true });
    writeFileSync(join(pins, `${'ab'.repeat(16)}.json`), '');
    truncateSync(join(pins, `${'ab'.repeat(16)}.json`), 2 ** 40);
    appendFileSync(join(dir, 'journal'), Buffer.alloc(10_000, 0xff));
    mkdirSync(join(dir, 'leases'), { recursive: true });
    writeFileSync(join(dir, 'leases', basename(sidecar)), '{"machine":"');
    const cache = openCache(dir, { maxEntries: 2 });
    expect(await cache.pins()).toEqual([]);
    await cache.put('third', 3);
    expect(await soundKeys(dir)).toEqual(['other', 'third']);
    expect(await codeOf(async () => cache.pin([''], { name: 'x' }))).toBe('BAD_KEY');
  });
});
