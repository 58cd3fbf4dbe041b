import { describe, expect, it } from 'vitest';
import { fitsFile, hdu, imageHdu, primaryHdu, type Card } from '../../examples/fits-writer.mjs';
import { checkWhole, nameOf, readHdu } from '../../src/fits/hdu.js';
import { errorOf } from './fixtures.js';

const NO_SUM = { checksum: false };

function extension(cards: readonly Card[], data = new Uint8Array(0)) {
  return hdu([['XTENSION', 'IMAGE'], ...cards], data, NO_SUM);
}

describe('an HDU', () => {
  it('says where it and its data begin and end', () => {
    const bytes = fitsFile(
      primaryHdu([], NO_SUM),
      imageHdu({ bitpix: 32, axes: [1000], values: new Int32Array(1000) }, [['EXTNAME', 'APERTURE']], NO_SUM),
    );
    const primary = readHdu(bytes, 0, 0)!;
    expect(primary).toMatchObject({ kind: 'PRIMARY', start: 0, dataStart: 2880, dataBytes: 0, end: 2880 });
    const image = readHdu(bytes, primary.end, 1)!;
    expect(image).toMatchObject({ kind: 'IMAGE', start: 2880, dataStart: 5760, dataBytes: 4000, end: 11520 });
    expect(nameOf(image)).toBe('HDU 1 (APERTURE)');
    expect(readHdu(bytes, image.end, 2)).toBeUndefined();
  });

  it.each<[string, Card[], number]>([
    [
      'no axes',
      [
        ['BITPIX', -64],
        ['NAXIS', 0],
      ],
      0,
    ],
    [
      'an empty axis',
      [
        ['BITPIX', 8],
        ['NAXIS', 2],
        ['NAXIS1', 0],
        ['NAXIS2', 9],
      ],
      0,
    ],
    [
      'a heap',
      [
        ['BITPIX', 8],
        ['NAXIS', 2],
        ['NAXIS1', 4],
        ['NAXIS2', 5],
        ['PCOUNT', 100],
        ['GCOUNT', 1],
      ],
      120,
    ],
    [
      'random groups',
      [
        ['BITPIX', 16],
        ['NAXIS', 2],
        ['NAXIS1', 0],
        ['NAXIS2', 3],
        ['GROUPS', true],
        ['PCOUNT', 2],
        ['GCOUNT', 4],
      ],
      40,
    ],
  ])('has the size of %s', (_, cards, size) => {
    expect(readHdu(extension(cards), 0, 1)).toMatchObject({ dataBytes: size });
  });

  it.each<[string, Card[], string]>([
    [
      'BITPIX 7',
      [
        ['BITPIX', 7],
        ['NAXIS', 0],
      ],
      'BITPIX',
    ],
    ['no BITPIX', [['NAXIS', 0]], 'BITPIX'],
    ['no NAXIS', [['BITPIX', 8]], 'NAXIS'],
    [
      '1000 axes',
      [
        ['BITPIX', 8],
        ['NAXIS', 1000],
      ],
      'NAXIS',
    ],
    [
      'a missing axis',
      [
        ['BITPIX', 8],
        ['NAXIS', 1],
      ],
      'NAXIS1',
    ],
    [
      'a negative axis',
      [
        ['BITPIX', 8],
        ['NAXIS', 1],
        ['NAXIS1', -1],
      ],
      'NAXIS1',
    ],
    [
      'an axis of 2^64',
      [
        ['BITPIX', 8],
        ['NAXIS', 1],
        ['NAXIS1', 2n ** 64n],
      ],
      'NAXIS1',
    ],
    [
      'a size beyond 2^53',
      [
        ['BITPIX', 64],
        ['NAXIS', 2],
        ['NAXIS1', 2 ** 40],
        ['NAXIS2', 2 ** 40],
      ],
      'NAXIS',
    ],
    [
      'a fraction of a group',
      [
        ['BITPIX', 8],
        ['NAXIS', 1],
        ['NAXIS1', 1],
        ['GCOUNT', 0.5],
      ],
      'GCOUNT',
    ],
  ])('is refused with %s', (_, cards, field) => {
    expect(errorOf(() => readHdu(extension(cards), 0, 1))).toMatchObject({ code: 'FITS_INVALID', field });
  });

  it('that claims 2^50 rows is refused before memory is taken', () => {
    const bytes = extension([
      ['BITPIX', 8],
      ['NAXIS', 2],
      ['NAXIS1', 2],
      ['NAXIS2', 2 ** 50],
    ]);
    const claimed = readHdu(bytes, 0, 1)!;
    expect(
      errorOf(() => {
        checkWhole(bytes, claimed);
      }).code,
    ).toBe('FITS_TRUNCATED');
  });
});

describe('a file that is cut short', () => {
  it('says what of its data is missing', () => {
    const whole = imageHdu({ bitpix: 8, axes: [5000], values: new Uint8Array(5000) }, [
      ['EXTNAME', 'APERTURE'],
    ]);
    const cut = whole.subarray(0, 2880 + 4999);
    const error = errorOf(() => {
      checkWhole(cut, readHdu(cut, 0, 1)!);
    });
    expect(error.code).toBe('FITS_TRUNCATED');
    expect(error.message).toBe('HDU 1 (APERTURE): image needs 5000 bytes, has 4999');
  });

  it.each([
    ['in the header, before END', 400, 'HDU 0: header needs at least 2880 bytes, has 400'],
    ['in the filling of the header', 2000, 'HDU 0: header needs 2880 bytes, has 2000'],
    ['in the first card', 3, 'HDU 0: header needs at least 2880 bytes, has 3'],
  ])('%s', (_, length, message) => {
    const error = errorOf(() =>
      readHdu(
        primaryHdu([
          ['SECTOR', 1],
          ['CAMERA', 2],
        ]).subarray(0, length),
        0,
        0,
      ),
    );
    expect(error.code).toBe('FITS_TRUNCATED');
    expect(error.message).toBe(message);
  });

  it('at the key word of an extension is truncated, other bytes there are no extension', () => {
    expect(errorOf(() => readHdu(Buffer.from('XTENS'), 0, 2)).code).toBe('FITS_TRUNCATED');
    expect(readHdu(Buffer.from('padding'), 0, 2)).toBeUndefined();
    expect(readHdu(Buffer.alloc(2880), 0, 2)).toBeUndefined();
  });
});

describe('what is no FITS file', () => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('<!DOCTYPE html>')],
    ['zeros', Buffer.alloc(10_000)],
    ['an extension without primary HDU', Buffer.from('XTENSION= ')],
  ])('%s', (_, bytes) => {
    expect(errorOf(() => readHdu(bytes, 0, 0)).code).toBe('FITS_INVALID');
  });
});
