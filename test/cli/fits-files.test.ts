import { mkdirSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findFitsFiles } from '../../src/cli/fits-files.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { write } from './support.js';

function found(dir: string, ...paths: string[]): string[] {
  return findFitsFiles(paths.map((path) => join(dir, path))).map(({ path }) => relative(dir, path));
}

describe('findFitsFiles', () => {
  it('walks folders in order, and takes what looks like FITS', () => {
    const dir = temporaryDirectory();
    for (const name of ['b/2.fits', 'b/1.FITS', 'b/c/3.fits.gz', 'b/notes.txt', 'a.fit', 'fits', 'z.csv']) {
      write(dir, name, '');
    }
    expect(found(dir, '.')).toEqual(['a.fit', 'b/1.FITS', 'b/2.fits', 'b/c/3.fits.gz']);
  });

  it('takes a file that is named, whatever its name', () => {
    const dir = temporaryDirectory();
    write(dir, 'curve.dat', '');
    expect(found(dir, 'curve.dat', 'missing')).toEqual(['curve.dat', 'missing']);
  });

  it('follows links, and enters no folder twice', () => {
    const dir = temporaryDirectory();
    write(dir, 'data/1.fits', '');
    write(dir, 'elsewhere/2.fits', '');
    symlinkSync('..', join(dir, 'data', 'loop'));
    symlinkSync(join(dir, 'elsewhere'), join(dir, 'data', 'more'));
    symlinkSync('self.fits', join(dir, 'data', 'self.fits'));
    symlinkSync('nowhere', join(dir, 'data', 'broken'));
    const files = findFitsFiles([join(dir, 'data')]);
    expect(files.filter(({ error }) => error === undefined).map(({ path }) => relative(dir, path))).toEqual([
      'data/1.fits',
      'data/loop/elsewhere/2.fits',
    ]);
    expect(
      files
        .filter(({ error }) => error !== undefined)
        .map(({ path, error }) => [relative(dir, path), error?.code]),
    ).toEqual([['data/self.fits', 'IO']]);
  });

  it('takes no folder for a file, though it is named like one', () => {
    const dir = temporaryDirectory();
    mkdirSync(join(dir, 'all.fits'));
    write(dir, 'all.fits/1.fits', '');
    expect(found(dir, '.')).toEqual(['all.fits/1.fits']);
  });
});
