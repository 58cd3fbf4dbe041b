import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { looksLikeFits, readLightCurve } from '../../src/fits/read-light-curve.js';
import { errorOf, spoc } from './fixtures.js';

const scratch = mkdtempSync(join(tmpdir(), 'tess-cache-fits-'));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

function written(name: string, bytes: Uint8Array): string {
  const path = join(scratch, name);
  writeFileSync(path, bytes);
  return path;
}

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
