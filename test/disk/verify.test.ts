import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { nodeFileSystem } from '../../src/disk/file-system.js';
import { Layout } from '../../src/disk/layout.js';
import { decodeSidecar, encodeSidecar } from '../../src/disk/sidecar.js';
import { writeTemporary } from '../../src/disk/temporary.js';
import type { Problem, VerifyReport } from '../../src/disk/verify.js';
import { blobOf, reseal, sealedFile, valueMetadata } from '../support/blobs.js';
import { blobPath, filesUnder, openCache, sidecarPath, soundKeys } from '../support/caches.js';
import { codeOf } from '../support/errors.js';
import { faultyFileSystem } from '../support/faulty-file-system.js';
import { DATA_REF, fullProvenance, sampleLightCurve } from '../support/light-curves.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

let dir: string;
beforeEach(async () => {
  dir = join(temporaryDirectory(), 'cache');
  const cache = openCache(dir);
  await cache.put('k', { secret: 1 });
  await cache.put(DATA_REF, sampleLightCurve(8, { provenance: fullProvenance }));
  await cache.put('other', { other: 2 });
});

/** Changes the metadata in a sidecar and gives it a right check again. */
function lie(key: string, changes: object): void {
  const metadata = decodeSidecar(readFileSync(sidecarPath(dir, key)))!;
  writeFileSync(sidecarPath(dir, key), encodeSidecar({ ...metadata, ...changes }));
}

function age(path: string): void {
  utimesSync(path, 1_700_000_000, 1_700_000_000);
}

function replaceBySocket(path: string): void {
  rmSync(path, { recursive: true, force: true });
  // By its bare name: the address of a socket takes 107 bytes. No clean exit, which would remove it.
  const listen = 'require("net").createServer().listen(process.argv[1], () => process.reallyExit(0))';
  execFileSync(process.execPath, ['-e', listen, basename(path)], { cwd: dirname(path) });
}

function replaceByPipe(path: string): void {
  rmSync(path, { recursive: true, force: true });
  execFileSync('mkfifo', [path]);
}

function replaceByLink(path: string): void {
  const elsewhere = join(temporaryDirectory(), 'elsewhere');
  copyFileSync(path, elsewhere);
  rmSync(path);
  symlinkSync(elsewhere, path);
}

function replaceByDirectory(path: string): void {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(join(path, 'full'), { recursive: true });
}

/** Damages, the problem that each is, and the keys that are left after a repair. */
type Damage = readonly [what: string, problem: Problem, damage: () => void, lost?: string];

const DAMAGES: readonly Damage[] = [
  [
    'a flipped bit',
    'corrupt',
    () => {
      flip(blobPath(dir, 'k'), 100);
    },
    'k',
  ],
  [
    'an empty blob',
    'corrupt',
    () => {
      truncateSync(blobPath(dir, 'k'));
    },
    'k',
  ],
  [
    'a blob that was cut',
    'corrupt',
    () => {
      truncateSync(blobPath(dir, DATA_REF), 400);
    },
    DATA_REF,
  ],
  [
    'a blob that is a link',
    'corrupt',
    () => {
      replaceByLink(blobPath(dir, 'k'));
    },
    'k',
  ],
  [
    'a blob that is a directory',
    'corrupt',
    () => {
      replaceByDirectory(blobPath(dir, 'k'));
    },
    'k',
  ],
  [
    'a blob that is a pipe',
    'corrupt',
    () => {
      replaceByPipe(blobPath(dir, 'k'));
    },
    'k',
  ],
  [
    'a blob that is a socket',
    'corrupt',
    () => {
      replaceBySocket(blobPath(dir, 'k'));
    },
    'k',
  ],
  [
    "another program's safetensors file",
    'corrupt',
    () => {
      writeFileSync(blobPath(dir, 'k'), sealedFile({ format: 'pt' }));
    },
    'k',
  ],
  [
    "another key's blob",
    'mismatch',
    () => {
      copyFileSync(blobPath(dir, 'other'), blobPath(dir, 'k'));
    },
    'k',
  ],
  [
    "another star's light curve",
    'mismatch',
    () => {
      writeFileSync(blobPath(dir, DATA_REF), blobOf(DATA_REF, sampleLightCurve(8, { ticId: 7 })));
    },
    DATA_REF,
  ],
  [
    'a light curve of another author',
    'mismatch',
    () => {
      writeFileSync(
        blobPath(dir, DATA_REF),
        blobOf(DATA_REF, sampleLightCurve(8, { provenance: { author: 'qlp' } })),
      );
    },
    DATA_REF,
  ],
  [
    'a blob under a key that can be none',
    'mismatch',
    () => {
      writeFileSync(blobPath(dir, 'k'), sealedFile(valueMetadata('', '1')));
    },
    'k',
  ],
  [
    'no sidecar',
    'missing-sidecar',
    () => {
      rmSync(sidecarPath(dir, 'k'));
    },
  ],
  [
    'an empty sidecar',
    'wrong-sidecar',
    () => {
      truncateSync(sidecarPath(dir, 'k'));
    },
  ],
  [
    'a sidecar with a flipped bit',
    'wrong-sidecar',
    () => {
      flip(sidecarPath(dir, 'k'), 150);
    },
  ],
  [
    'a sidecar of another key',
    'wrong-sidecar',
    () => {
      copyFileSync(sidecarPath(dir, 'other'), sidecarPath(dir, 'k'));
    },
  ],
  [
    'a sidecar that lies about its size',
    'wrong-sidecar',
    () => {
      lie('k', { bytes: 1 });
    },
  ],
  [
    'a sidecar that lies about its digest',
    'wrong-sidecar',
    () => {
      lie('k', { sha256: 'ab'.repeat(32) });
    },
  ],
  [
    'a sidecar that lies about its star',
    'wrong-sidecar',
    () => {
      lie(DATA_REF, { ticId: 7 });
    },
  ],
  [
    'a sidecar that knows more than the blob',
    'wrong-sidecar',
    () => {
      lie('k', { author: 'spoc' });
    },
  ],
  [
    'a sidecar that is a link',
    'wrong-sidecar',
    () => {
      replaceByLink(sidecarPath(dir, 'k'));
    },
  ],
  [
    'a sidecar that is a directory',
    'wrong-sidecar',
    () => {
      replaceByDirectory(sidecarPath(dir, 'k'));
    },
  ],
  [
    'a sidecar that is a pipe',
    'wrong-sidecar',
    () => {
      replaceByPipe(sidecarPath(dir, 'k'));
    },
  ],
  [
    'a sidecar that is a socket',
    'wrong-sidecar',
    () => {
      replaceBySocket(sidecarPath(dir, 'k'));
    },
  ],
  [
    'a sidecar without a blob',
    'orphan-sidecar',
    () => {
      rmSync(blobPath(dir, 'k'));
    },
    'k',
  ],
  [
    'rubbish in place of a sidecar without a blob',
    'orphan-sidecar',
    () => {
      rmSync(blobPath(dir, 'k'));
      replaceByDirectory(sidecarPath(dir, 'k'));
    },
    'k',
  ],
  [
    'a temporary file of a dead process',
    'leftover',
    () => {
      writeFileSync(join(dir, 'tmp', '00000000-1-0-abc'), 'x');
      age(join(dir, 'tmp', '00000000-1-0-abc'));
    },
  ],
  [
    'a directory by the name of a temporary file',
    'leftover',
    () => {
      replaceByDirectory(join(dir, 'tmp', '00000000-1-0-abc'));
      age(join(dir, 'tmp', '00000000-1-0-abc'));
    },
  ],
  [
    'an old lease',
    'leftover',
    () => {
      mkdirSync(join(dir, 'leases'));
      writeFileSync(join(dir, 'leases', basename(sidecarPath(dir, 'k'))), '{}');
      age(join(dir, 'leases', basename(sidecarPath(dir, 'k'))));
    },
  ],
  [
    'any other file under tmp/',
    'stray',
    () => {
      writeFileSync(join(dir, 'tmp', 'notes'), 'x');
      age(join(dir, 'tmp', 'notes'));
    },
  ],
  [
    'a directory under tmp/',
    'stray',
    () => {
      replaceByDirectory(join(dir, 'tmp', 'x'));
      age(join(dir, 'tmp', 'x'));
    },
  ],
  [
    'a stray file in a shard',
    'stray',
    () => {
      writeFileSync(join(dirname(blobPath(dir, 'k')), 'notes.txt'), 'x');
    },
  ],
  [
    'a stray file with a long name',
    'stray',
    () => {
      writeFileSync(join(dirname(blobPath(dir, 'k')), 'ä'.repeat(120)), 'x');
    },
  ],
  [
    'a blob in another shard',
    'stray',
    () => {
      const name = blobPath(dir, 'k');
      const shard = join(dir, 'data', name.includes('/00/') ? '01' : '00');
      mkdirSync(shard, { recursive: true });
      linkSync(name, join(shard, name.slice(-76)));
    },
  ],
  [
    'a stray directory in a shard',
    'stray',
    () => {
      replaceByDirectory(join(dirname(sidecarPath(dir, 'k')), 'x'));
    },
  ],
  [
    'a stray file in data/',
    'stray',
    () => {
      writeFileSync(join(dir, 'data', 'zz'), 'x');
    },
  ],
  [
    'a file in place of a shard',
    'stray',
    () => {
      const shard = dirname(blobPath(dir, 'k'));
      rmSync(shard, { recursive: true });
      writeFileSync(shard, 'x');
    },
    'k',
  ],
  [
    'a file in place of tmp/',
    'stray',
    () => {
      rmSync(join(dir, 'tmp'), { recursive: true });
      writeFileSync(join(dir, 'tmp'), 'x');
    },
  ],
  [
    'a file in place of leases/',
    'stray',
    () => {
      writeFileSync(join(dir, 'leases'), 'x');
    },
  ],
  [
    'a file in place of a shard of meta/',
    'stray',
    () => {
      const shard = dirname(sidecarPath(dir, 'k'));
      rmSync(shard, { recursive: true });
      writeFileSync(shard, 'x');
    },
  ],
];

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] ^= 1;
  writeFileSync(path, bytes);
}

const problemsOf = ({ problems }: VerifyReport) => problems.map(({ problem }) => problem);

describe('verify', () => {
  it('finds nothing in a sound cache', async () => {
    expect(await openCache(dir).verify()).toEqual({ checked: 3, ok: 3, problems: [] });
  });

  it.each(DAMAGES.map(([what, problem, damage, lost]) => ({ what, problem, damage, lost })))(
    'finds $what, changes nothing, repairs it, and is clean then',
    async ({ problem, damage, lost }) => {
      damage();
      const before = filesUnder(dir);
      const found = await openCache(dir, { readOnly: true }).verify();
      expect(problemsOf(found)).toContain(problem);
      for (const each of found.problems)
        expect(each).toMatchObject({ repaired: false, detail: expect.any(String) as string });
      expect(found.ok).toBeLessThanOrEqual(found.checked);
      expect(filesUnder(dir)).toEqual(before);

      const cache = openCache(dir);
      const repaired = await cache.verify({ repair: true });
      expect(problemsOf(repaired).sort()).toEqual(problemsOf(found).sort());
      for (const each of repaired.problems) expect(each).toMatchObject({ repaired: true });
      const left = ['k', DATA_REF, 'other'].filter((key) => key !== lost).sort();
      expect(await soundKeys(dir)).toEqual(left);
      expect(await cache.keys()).toEqual(left);
      for (const key of left) expect(await cache.has(key)).toBe(true);
      for (const key of left) expect(await cache.lookup(key)).toMatchObject({ hit: true });
    },
  );

  it.each(DAMAGES.map(([what, problem, damage, lost]) => ({ what, problem, damage, lost })))(
    'and `get` agree about $what',
    async ({ problem, damage, lost }) => {
      damage();
      for (const key of ['k', DATA_REF, 'other']) {
        const read = await openCache(dir).lookup(key);
        if (key !== lost) expect(read).toMatchObject({ hit: true });
        else if (problem === 'mismatch')
          expect(['mismatch', 'corrupt']).toContain((read as { reason: string }).reason);
        else expect(read).toMatchObject({ hit: false });
      }
      const after = await openCache(dir).verify();
      expect(problemsOf(after).filter((each) => each === 'corrupt')).toEqual([]);
    },
  );

  it('finds all problems at once, and says where', async () => {
    flip(blobPath(dir, 'k'), 100);
    rmSync(sidecarPath(dir, DATA_REF));
    rmSync(blobPath(dir, 'other'));
    const { checked, ok, problems } = await openCache(dir).verify();
    expect([checked, ok]).toEqual([2, 0]);
    const short = problems.map(({ problem, path, key }) => ({ problem, path, key }));
    expect(short).toEqual(
      expect.arrayContaining([
        // The sidecar still knows what is lost.
        { problem: 'corrupt', path: blobPath(dir, 'k'), key: 'k' },
        { problem: 'missing-sidecar', path: sidecarPath(dir, DATA_REF), key: DATA_REF },
        { problem: 'orphan-sidecar', path: sidecarPath(dir, 'other'), key: 'other' },
      ]),
    );
    expect(problems).toHaveLength(3);
  });

  it("tells of another key's blob by the key that is lost, and leaves the other's history alone", async () => {
    copyFileSync(blobPath(dir, 'other'), blobPath(dir, 'k'));
    const { problems } = await openCache(dir).verify({ repair: true });
    expect(problems).toMatchObject([{ problem: 'mismatch', key: 'k', path: blobPath(dir, 'k') }]);
    expect(problems[0].detail).toContain('"other"');
    const cache = openCache(dir);
    expect((await cache.history({ key: 'k' })).map(({ event }) => event)).toEqual(['put', 'quarantined']);
    expect((await cache.history({ key: 'other' })).map(({ event }) => event)).toEqual(['put']);
    expect(await cache.explain('other')).toMatchObject({ present: true });
  });

  it('rebuilds a sidecar from the blob with all that it says', async () => {
    const cache = openCache(dir);
    const before = await cache.metadata(DATA_REF);
    rmSync(sidecarPath(dir, DATA_REF));
    await cache.verify({ repair: true });
    const after = await cache.metadata(DATA_REF);
    expect({ ...after, createdAt: 0, accessedAt: 0 }).toEqual({ ...before, createdAt: 0, accessedAt: 0 });
    expect(Math.abs(after!.createdAt - before!.createdAt)).toBeLessThan(10);
  });

  it('leaves a blob that the system cannot read, and says so', async () => {
    const broken = blobPath(dir, 'k');
    const fileSystem = faultyFileSystem(({ name, path }) =>
      name === 'read' && path === broken ? 'EIO' : undefined,
    );
    for (const repair of [false, true]) {
      const { problems, checked, ok } = await openCache(dir, { fileSystem }).verify({ repair });
      expect(problems).toMatchObject([{ problem: 'unreadable', path: broken, repaired: false }]);
      expect(problems[0].detail).toMatch(/^EIO\. .+ try again/);
      expect([checked, ok]).toEqual([3, 2]);
    }
    expect(await soundKeys(dir)).toHaveLength(3);
  });

  it.each([
    ['a shard of data/', () => dirname(blobPath(dir, 'k')), 2],
    ['a shard of meta/', () => dirname(sidecarPath(dir, 'k')), 3],
    ['tmp/', () => join(dir, 'tmp'), 3],
  ])(
    'says that %s cannot be listed, takes nothing in it for gone, and reads the rest',
    async (_what, at, read) => {
      flip(blobPath(dir, 'other'), 100);
      const before = filesUnder(dir);
      const fileSystem = faultyFileSystem(({ name, path }) =>
        name === 'readdir' && path === at() ? 'EACCES' : undefined,
      );
      const { checked, problems } = await openCache(dir, { fileSystem, readOnly: true }).verify();
      expect(checked).toBe(read);
      expect(problems.map(({ problem, path }) => [problem, path])).toEqual(
        expect.arrayContaining([
          ['unreadable', at()],
          ['corrupt', blobPath(dir, 'other')],
        ]),
      );
      expect(problems).toHaveLength(2);
      expect(filesUnder(dir)).toEqual(before);
      const repaired = await openCache(dir, { fileSystem }).verify({ repair: true });
      expect(repaired.problems.filter((each) => !each.repaired)).toMatchObject([{ path: at() }]);
      expect(await openCache(dir).get('k')).toEqual({ secret: 1 });
      expect(await soundKeys(dir)).toEqual(['k', DATA_REF].sort());
    },
  );

  it('says that a sidecar cannot be read, by its own path', async () => {
    const fileSystem = faultyFileSystem(({ path }) => (path === sidecarPath(dir, 'k') ? 'EIO' : undefined));
    const { problems } = await openCache(dir, { fileSystem }).verify({ repair: true });
    expect(problems).toMatchObject([{ problem: 'unreadable', path: sidecarPath(dir, 'k'), repaired: false }]);
    expect(await soundKeys(dir)).toHaveLength(3);
  });

  it('tells of a file in place of data/ once, not of the shards that cannot be in it', async () => {
    rmSync(join(dir, 'data'), { recursive: true });
    writeFileSync(join(dir, 'data'), 'x');
    const { problems } = await openCache(dir).verify();
    expect(problems.map(({ path }) => path).filter((path) => path.startsWith(join(dir, 'data')))).toEqual([
      join(dir, 'data'),
    ]);
  });

  it('fails where a file stands in place of the cache', async () => {
    const path = join(temporaryDirectory(), 'file');
    writeFileSync(path, 'x');
    expect(await codeOf(async () => openCache(path).verify())).toBe('IO');
  });

  it("never deletes or overwrites what is somebody else's, however much of it there is", async () => {
    const names = Array.from({ length: 40 }, (_, i) => `measured-${i}.csv`);
    // Whose names in quarantine are the same.
    const alike = [join(dir, 'data', '00_x'), join(dir, 'data', '00', 'x')];
    mkdirSync(join(dir, 'data', '00'), { recursive: true });
    for (const path of [...names.map((name) => join(dir, 'data', name)), ...alike]) writeFileSync(path, path);
    await openCache(dir, { now: () => 1_800_000_000 }).verify({ repair: true });
    const kept = filesUnder(join(dir, 'quarantine')).filter((name) => !name.endsWith('.note.json'));
    const texts = kept.map((name) => readFileSync(join(dir, 'quarantine', name), 'utf8'));
    expect(texts.sort()).toEqual([...names.map((name) => join(dir, 'data', name)), ...alike].sort());
  });

  it('and a put and a clear leave a directory as it was that was given by mistake', async () => {
    const mistake = temporaryDirectory();
    const theirs = ['tmp/thesis.txt', 'leases/flat.pdf', 'data/stars.csv', 'meta/a.json', 'pins/x.json'];
    for (const path of theirs) {
      mkdirSync(dirname(join(mistake, path)), { recursive: true });
      writeFileSync(join(mistake, path), path);
      age(join(mistake, path));
    }
    const cache = openCache(mistake, { maxEntries: 1 });
    await cache.put('k', 1);
    await cache.put('l', 1);
    await cache.clear();
    await cache.verify();
    for (const path of theirs) expect(readFileSync(join(mistake, path), 'utf8')).toBe(path);
    // A repair moves them, and loses none.
    await cache.verify({ repair: true });
    const texts = filesUnder(mistake).map((path) => readFileSync(join(mistake, path), 'utf8'));
    expect(texts).toEqual(expect.arrayContaining(theirs));
  });

  it('says that it could not repair what it could not', async () => {
    flip(blobPath(dir, 'k'), 100);
    rmSync(blobPath(dir, 'other'));
    writeFileSync(join(dir, 'tmp', '00000000-1-0-abc'), 'x');
    age(join(dir, 'tmp', '00000000-1-0-abc'));
    writeFileSync(join(dir, 'data', 'zz'), 'x');
    const fileSystem = faultyFileSystem(({ name }) =>
      ['rename', 'unlink'].includes(name) ? 'EACCES' : undefined,
    );
    const { problems } = await openCache(dir, { fileSystem }).verify({ repair: true });
    expect(problems.map(({ problem, repaired }) => [problem, repaired]).sort()).toEqual([
      ['corrupt', false],
      ['leftover', false],
      ['orphan-sidecar', false],
      ['stray', false],
    ]);
  });

  it('leaves what a living process may be writing, for an hour', async () => {
    const { path } = writeTemporary(nodeFileSystem, new Layout(dir), [Buffer.from('half')], false);
    expect((await openCache(dir).verify({ repair: true })).problems).toEqual([]);
    expect(existsSync(path)).toBe(true);
    age(path);
    expect(problemsOf(await openCache(dir).verify({ repair: true }))).toEqual(['leftover']);
    expect(existsSync(path)).toBe(false);
  });

  it('takes a blob of a later format for sound, and leaves it', async () => {
    const file = sealedFile({ ...valueMetadata('k', '1'), format: 'tess-cache/2' });
    writeFileSync(blobPath(dir, 'k'), file);
    const { problems } = await openCache(dir).verify({ repair: true });
    expect(problems).toEqual([]);
    expect(readFileSync(blobPath(dir, 'k')).equals(file)).toBe(true);
  });

  it('takes a blob for corrupt whose light curve is none', async () => {
    const file = readFileSync(blobPath(dir, DATA_REF));
    file[file.length - 1] = 9;
    writeFileSync(blobPath(dir, DATA_REF), reseal(file));
    expect(problemsOf(await openCache(dir).verify())).toEqual(['corrupt']);
  });

  it('finds sidecars right whatever numbers the provenance has', async () => {
    const cache = openCache(dir);
    await cache.put(
      'odd',
      sampleLightCurve(1, { cadenceSeconds: NaN, provenance: { exptimeSeconds: Infinity } }),
    );
    await cache.put(
      'odder',
      sampleLightCurve(1, { cadenceSeconds: 5e-324, provenance: { exptimeSeconds: -0 } }),
    );
    expect((await cache.verify()).problems).toEqual([]);
  });

  it('finds sidecars right that were made for files of odd times', async () => {
    utimesSync(blobPath(dir, 'k'), -1e6, -1e6);
    rmSync(sidecarPath(dir, 'k'));
    await openCache(dir).verify({ repair: true });
    await soundKeys(dir);
  });

  it('tells of its progress, up to the end', async () => {
    const told: number[] = [];
    await openCache(dir).verify({ onProgress: (fraction) => told.push(fraction) });
    expect(told.at(-1)).toBe(1);
    expect(told).toEqual([...told].sort((a, b) => a - b));
  });

  it('may repair only where it may write', async () => {
    expect(await codeOf(async () => openCache(dir, { readOnly: true }).verify({ repair: true }))).toBe(
      'READ_ONLY',
    );
  });
});
