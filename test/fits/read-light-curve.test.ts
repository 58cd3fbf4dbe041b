import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import type { Card } from '../../examples/fits-writer.mjs';
import { looksLikeFits, readLightCurve } from '../../src/fits/read-light-curve.js';
import type { ReadOptions } from '../../src/fits/read-options.js';
import { medianInPlace } from '../../src/light-curve/statistics.js';
import {
  BTJD_CARDS,
  ROWS,
  TIC,
  VALID_ROWS,
  column,
  constant,
  custom,
  errorOf,
  fileOf,
  quality,
  spoc,
  times,
} from './fixtures.js';

const scratch = mkdtempSync(join(tmpdir(), 'tess-cache-fits-'));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

function written(name: string, bytes: Uint8Array): string {
  const path = join(scratch, name);
  writeFileSync(path, bytes);
  return path;
}

describe('the rows', () => {
  it('are all kept; valid are those with time, flux, error and no bit of the mask', () => {
    const { validMask, quality: bits, nPoints, nValid } = readLightCurve(spoc());
    expect([nPoints, nValid]).toEqual([ROWS, VALID_ROWS]);
    expect([...validMask].flatMap((valid, i) => (valid === 0 ? [i] : []))).toEqual([3, 5, 7, 8]);
    expect([bits[7], bits[8], bits[9]]).toEqual([128, 32, 16]);
  });

  it('follow the mask of the caller', () => {
    expect(readLightCurve(spoc(), { qualityMask: 0 }).nValid).toBe(VALID_ROWS + 2);
    expect(readLightCurve(spoc(), { qualityMask: 16 }).nValid).toBe(VALID_ROWS + 1);
    expect(readLightCurve(spoc(), { qualityMask: 0xffffffff }).nValid).toBe(VALID_ROWS - 1);
    expect(readLightCurve(spoc(), { qualityMask: 175 }).provenance!.qualityMask).toBe(175);
  });

  it('may be none', () => {
    const none = new Float64Array(0);
    const names = ['TIME', 'SAP_FLUX', 'SAP_FLUX_ERR', 'PDCSAP_FLUX', 'PDCSAP_FLUX_ERR', 'QUALITY'];
    const columns = names.map((name) => column(name, name === 'QUALITY' ? 'J' : 'D', none));
    const data = readLightCurve(spoc(120, { columns }));
    expect(data).toMatchObject({ nPoints: 0, nValid: 0, durationDays: 0, cadenceSeconds: NaN });
    // The exposure time is the header's where no cadence can be measured.
    expect(data.provenance).toMatchObject({ normalized: false, exptimeSeconds: 120 });
  });
});

describe('the flux', () => {
  it('is widened to float64 before its median is taken', () => {
    // The mean of two neighbouring float32 values is none.
    const above = 1 + 2 ** -23;
    const columns = [
      column('TIME', 'D', [1325.1, 1325.2, 1325.3, 1325.4], 'btjd'),
      column('FLUX', 'E', [1, above, 1, above]),
      column('FLUX_ERR', 'E', [1, 1, 1, 1]),
      column('QUALITY', 'J', [0, 0, 0, 0]),
    ];
    const data = readLightCurve(custom({ columns }), { sector: 1 });
    expect(data.provenance!.medianRawFlux).toBe((1 + above) / 2);
    expect(data.flux[1]).toBe(above / ((1 + above) / 2));
  });

  it('and its error are divided by the median of the valid raw flux, unless the caller says otherwise', () => {
    const raw = readLightCurve(spoc(), { normalize: false });
    const median = medianInPlace(raw.flux.filter((_, i) => raw.validMask[i] === 1));
    expect(raw.provenance).toMatchObject({ medianRawFlux: median, normalized: false });
    const data = readLightCurve(spoc());
    expect(data.provenance).toMatchObject({ medianRawFlux: median, normalized: true });
    data.flux.forEach((value, i) => {
      expect(value).toBe(raw.flux[i] / median);
      expect(data.fluxErr[i]).toBe(raw.fluxErr[i] / median);
    });
  });

  it.each([
    ['negative', -5],
    ['zero', 0],
  ])('stays raw where its median is %s, and the provenance says so', (_, level) => {
    const columns = [
      column('TIME', 'D', times(120), 'btjd'),
      column('FLUX', 'D', constant(level)),
      column('FLUX_ERR', 'D', constant(2)),
      column('QUALITY', 'J', quality()),
    ];
    const data = readLightCurve(custom({ columns }), { sector: 1 });
    expect(data.flux[0]).toBe(level);
    expect(data.fluxErr[0]).toBe(2);
    expect(data.provenance).toMatchObject({ normalized: false, medianRawFlux: level });
    expect(data.provenance!.notes).toEqual([
      'NEXTEND announces 2 extensions, there are 1',
      `flux left raw: the median of the valid flux is ${level}`,
    ]);
  });

  it('that the file does not have is refused with those it has', () => {
    for (const fluxType of ['kspsap', '__proto__', 'constructor', '']) {
      expect(errorOf(() => readLightCurve(spoc(), { fluxType }))).toMatchObject({
        code: 'BAD_ARGUMENT',
        field: 'fluxType',
        expected: 'one of pdcsap, sap',
      });
    }
  });
});

describe('the identity', () => {
  const nameless: Card[] = [
    ['TELESCOP', 'TESS'],
    ['ORIGIN', 'NASA/Ames'],
  ];

  it('that the file lacks is asked for by the name of the option', () => {
    const noSector = errorOf(() => readLightCurve(custom()));
    expect(noSector).toMatchObject({ code: 'FITS_NO_IDENTITY', field: 'sector' });
    expect(noSector.message).toContain('pass the option sector');
    const noTic = errorOf(() => readLightCurve(spoc(120, { primary: nameless }), { sector: 1 }));
    expect(noTic).toMatchObject({ code: 'FITS_NO_IDENTITY', field: 'ticId' });
  });

  it('comes from the caller where the file has none', () => {
    const data = readLightCurve(spoc(120, { primary: nameless }), { sector: 7, ticId: 42 });
    expect(data).toMatchObject({ ticId: 42, sector: 7 });
  });

  it.each<[string, Card['1']]>([
    ['an undefined card', null],
    ['zero', 0],
    ['a negative number', -1],
    ['a fraction', 1.5],
    ['more than 2^53', 2n ** 60n],
    ['text', 'unknown'],
  ])('is missing where the card is %s', (_, value) => {
    const bytes = spoc(120, { primary: [...nameless, ['TICID', value], ['SECTOR', 1]] });
    expect(errorOf(() => readLightCurve(bytes)).code).toBe('FITS_NO_IDENTITY');
    expect(readLightCurve(bytes, { ticId: 5 }).ticId).toBe(5);
  });

  it.each<[Card['1'], number]>([
    ['25155310', 25155310],
    ['TIC 25155310', 25155310],
    [9007199254740991, 9007199254740991],
  ])('%s is an id', (value, ticId) => {
    expect(readLightCurve(spoc(120, { primary: [...nameless, ['TICID', value], ['SECTOR', 1]] })).ticId).toBe(
      ticId,
    );
  });

  it("that contradicts the file's is refused", () => {
    expect(errorOf(() => readLightCurve(spoc(), { sector: 2 }))).toMatchObject({
      ...{ code: 'WRONG_LIGHT_CURVE', field: 'sector', expected: '2', found: '1' },
    });
    expect(errorOf(() => readLightCurve(spoc(), { ticId: 2 }))).toMatchObject({
      code: 'WRONG_LIGHT_CURVE',
      field: 'ticId',
    });
    expect(readLightCurve(spoc(), { sector: 1, ticId: TIC }).sector).toBe(1);
  });
});

describe('the provenance', () => {
  it('says where the light curve comes from and what was done', () => {
    const name = 'tess2018206045859-s0001-0000000261136679-0120-s_lc.fits';
    const bytes = spoc();
    const data = readLightCurve(written(name, bytes), {
      requestedExptimeSeconds: 120,
      selectionReason: 'the only one',
    });
    const { headers, ...rest } = data.provenance!;
    expect(rest).toEqual({
      sourceFile: name,
      sourceSha256: createHash('sha256').update(bytes).digest('hex'),
      author: 'spoc',
      exptimeSeconds: 120,
      requestedExptimeSeconds: 120,
      fluxType: 'pdcsap',
      fluxUnit: 'e-/s',
      qualityMask: 431,
      normalized: true,
      medianRawFlux: data.provenance!.medianRawFlux,
      fluxErrKind: 'reported',
      raDeg: 84.25,
      decDeg: -80.5,
      tessMag: 5.5,
      camera: 4,
      ccd: 2,
      pipelineVersion: 'spoc-5.0.10-20200904',
      selectionReason: 'the only one',
    });
    expect(headers!.primary).toMatchObject({ SIMPLE: true, TICID: TIC, ORIGIN: 'NASA/Ames' });
    expect(headers!.light_curve).toMatchObject({ EXTNAME: 'LIGHTCURVE', EXPOSURE: 22.08, NAXIS2: ROWS });
  });

  it('is the same however often it is asked for, whatever becomes of the options', () => {
    const options: { -readonly [K in keyof ReadOptions]: ReadOptions[K] } = { selectionReason: 'first' };
    const data = readLightCurve(spoc(), options);
    options.selectionReason = 'second';
    expect(data.provenance!.selectionReason).toBe('first');
    expect(data.provenance).toBe(data.provenance);
  });

  it('notes a checksum that does not agree, and goes on', () => {
    const bytes = spoc();
    // A bit of the first time's last byte.
    bytes[2880 * 2 + 7] ^= 1;
    expect(readLightCurve(bytes).provenance!.notes).toContain(
      'HDU 1 (LIGHTCURVE): CHECKSUM does not agree with its bytes',
    );
  });

  it('notes what follows the last HDU, and filling that is missing', () => {
    const bytes = spoc();
    expect(readLightCurve(Buffer.concat([bytes, Buffer.alloc(100)])).provenance!.notes).toContain(
      '100 bytes follow the last HDU',
    );
    const alone = fileOf({
      primary: [
        ['ORIGIN', 'NASA/Ames'],
        ['TELESCOP', 'TESS'],
        ['TICID', 1],
        ['SECTOR', 1],
      ],
      columns: ['TIME', 'SAP_FLUX', 'PDCSAP_FLUX', 'QUALITY'].map((name) =>
        column(name, 'D', name === 'TIME' ? times(120) : new Float64Array(ROWS)),
      ),
      table: BTJD_CARDS,
    });
    const cut = alone.subarray(0, alone.length - 1);
    expect(readLightCurve(cut).provenance!.notes![0]).toMatch(/^HDU 1: 1 bytes of filling are missing/);
  });

  it('takes the nominal exposure time from the measured cadence', () => {
    for (const seconds of [20, 120, 200, 600, 1800, 47.3]) {
      expect(readLightCurve(spoc(seconds * 1.0001)).provenance!.exptimeSeconds).toBe(seconds);
    }
  });

  it('does not keep the bytes of the file in memory', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    let bytes: Uint8Array | undefined = spoc();
    const gone = new WeakRef(bytes.buffer);
    const data = readLightCurve(bytes);
    bytes = undefined;
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(gone.deref()).toBeUndefined();
    expect(data.provenance!.headers!.primary.TICID).toBe(TIC);
  });
});

describe('sources', () => {
  const bytes = spoc();
  const sum = createHash('sha256').update(bytes).digest('hex');

  it('are paths, file: URLs and bytes at any offset', () => {
    const path = written('a.fits', bytes);
    const shifted = new Uint8Array(bytes.length + 3).subarray(3);
    shifted.set(bytes);
    for (const source of [path, pathToFileURL(path), bytes, Buffer.from(bytes), shifted]) {
      const data = readLightCurve(source);
      expect(data.provenance!.sourceSha256).toBe(sum);
      expect([...data.flux]).toEqual([...readLightCurve(bytes).flux]);
    }
  });

  it('may be compressed, in one gzip member or several, whatever their name', () => {
    const members = Buffer.concat([gzipSync(bytes.subarray(0, 5000)), gzipSync(bytes.subarray(5000))]);
    for (const stored of [gzipSync(bytes), members]) {
      const data = readLightCurve(written('b.fits', stored));
      expect([...data.flux]).toEqual([...readLightCurve(bytes).flux]);
      expect(data.provenance!.sourceSha256).toBe(createHash('sha256').update(stored).digest('hex'));
    }
  });

  it('that are compressed and broken are refused', () => {
    const stored = gzipSync(bytes);
    expect(errorOf(() => readLightCurve(stored.subarray(0, stored.length - 9))).code).toBe('FITS_TRUNCATED');
    const broken = Buffer.from(stored);
    broken.fill(0xff, 20, 60);
    expect(errorOf(() => readLightCurve(broken))).toMatchObject({ code: 'FITS_INVALID' });
    expect(errorOf(() => readLightCurve(gzipSync('not FITS'))).code).toBe('FITS_INVALID');
  });

  it('that grow beyond all light curves are refused before they do', () => {
    const bomb = gzipSync(Buffer.alloc(80 * 2 ** 20));
    const error = errorOf(() => readLightCurve(bomb));
    expect(error.code).toBe('FITS_INVALID');
    expect(error.message).toContain('at most 67108864 bytes');
  });

  it('that cannot be read give the path and the cause', () => {
    const path = join(scratch, 'nowhere.fits');
    const error = errorOf(() => readLightCurve(path));
    expect(error).toMatchObject({ code: 'IO', path });
    expect((error.cause as NodeJS.ErrnoException).code).toBe('ENOENT');
    expect(errorOf(() => readLightCurve(scratch))).toMatchObject({ code: 'IO', path: scratch });
  });

  it.skipIf(process.platform === 'win32')('that are pipes are refused, not waited for', () => {
    const path = join(scratch, 'pipe.fits');
    execFileSync('mkfifo', [path]);
    expect(errorOf(() => readLightCurve(path))).toMatchObject({ code: 'IO', path });
  });

  it('have their path in every error', () => {
    const path = written('c.fits', bytes.subarray(0, 4000));
    const error = errorOf(() => readLightCurve(path));
    expect(error).toMatchObject({ code: 'FITS_TRUNCATED', path });
    expect(error.message.startsWith(`${path}: HDU 1`)).toBe(true);
    expect(errorOf(() => readLightCurve(path, { fluxType: 'x' })).path).toBe(path);
  });

  it.each([
    ['a web address', new URL('https://mast.stsci.edu/x.fits')],
    ['a number', 5],
    ['nothing', undefined],
  ])('are not %s', (_, source) => {
    expect(errorOf(() => readLightCurve(source as never)).code).toBe('BAD_ARGUMENT');
  });
});

describe('options', () => {
  it.each([
    ['fluxType', 5],
    ['qualityMask', -1],
    ['qualityMask', 2 ** 32],
    ['qualityMask', 1.5],
    ['qualityMask', '175'],
    ['normalize', 'no'],
    ['sector', 0],
    ['sector', '1'],
    ['ticId', 2 ** 53],
    ['fileName', 1],
    ['requestedExptimeSeconds', NaN],
    ['requestedExptimeSeconds', 0],
    ['selectionReason', {}],
  ])('%s: %s is refused', (field, value) => {
    expect(errorOf(() => readLightCurve(spoc(), { [field]: value }))).toMatchObject({
      code: 'BAD_ARGUMENT',
      field,
    });
  });
});

describe('names of files', () => {
  it.each(['a.fits', 'a.FITS', 'a.fit', 'a.fits.gz', 'a.Fit.Gz', 'tess-a_fast-lc.fits'])(
    '%s is worth opening',
    (name) => {
      expect(looksLikeFits(name)).toBe(true);
    },
  );

  it.each(['a.csv', 'fits', 'a.fits.txt', 'a.gz', 'a.fits.bz2', 'a.fitsx'])('%s is not', (name) => {
    expect(looksLikeFits(name)).toBe(false);
  });
});

describe('a file cut short at any length', () => {
  const bytes = spoc();
  const whole = readLightCurve(bytes);

  it('is refused as truncated, or has all of the light curve', () => {
    let read = 0;
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length);
      try {
        const data = readLightCurve(cut);
        read++;
        expect([...data.time, ...data.flux, ...data.fluxErr]).toEqual([
          ...whole.time,
          ...whole.flux,
          ...whole.fluxErr,
        ]);
        expect(data.provenance!.notes!.length).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toMatchObject({ code: length === 0 ? 'FITS_INVALID' : 'FITS_TRUNCATED' });
      }
    }
    // What is cut in the filling of the table (60 rows of 32 bytes), just before the image, or in its filling.
    expect(read).toBe(2880 - 60 * 32 + 1 + (2880 - 9 * 4));
  });
});
