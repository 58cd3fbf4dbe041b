import { describe, expect, it } from 'vitest';
import { fitsFile, imageHdu, primaryHdu, type Card } from '../../examples/fits-writer.mjs';
import { readLightCurve } from '../../src/fits/read-light-curve.js';
import { ROWS, column, custom, errorOf, fileOf, flux, quality, spoc, times } from './fixtures.js';

const TESS: Card[] = [
  ['TELESCOP', 'TESS'],
  ['ORIGIN', 'NASA/Ames'],
  ['TICID', 1],
  ['SECTOR', 1],
];
const TIME = column('TIME', 'D', times(120), 'BJD - 2457000, days');
const SPOC_FLUX = [
  TIME,
  column('SAP_FLUX', 'E', flux(1)),
  column('PDCSAP_FLUX', 'E', flux(1)),
  column('QUALITY', 'J', quality()),
];
const IMAGE = imageHdu({ bitpix: 16, axes: [4, 4], values: new Int16Array(16) }, [
  ['EXTNAME', 'CAMERA.CCD 1.1 cal'],
]);
const vector = (name: string) => ({ name, form: '9E', values: new Float32Array(9 * ROWS) });

describe('files that are no light curves', () => {
  it.each<[string, Uint8Array, string]>([
    [
      'a target pixel file of SPOC',
      fileOf({ primary: TESS, columns: [TIME, vector('FLUX')], table: [['EXTNAME', 'PIXELS']] }),
      'a target pixel file (EXTNAME PIXELS)',
    ],
    [
      'one whose raw counts tell',
      fileOf({
        primary: TESS,
        columns: [TIME, column('raw_cnts', 'J', quality()), column('FLUX', 'E', flux(1))],
      }),
      'a target pixel file (column RAW_CNTS)',
    ],
    [
      'one of one pixel, whose dimensions tell',
      fileOf({ primary: TESS, columns: [TIME, { ...column('FLUX', '1E', flux(1)), dim: '(1, 1)' }] }),
      'a target pixel file (column FLUX has TDIM (1, 1))',
    ],
    [
      'one whose vectors tell',
      fileOf({ primary: TESS, columns: [TIME, vector('FLUX')] }),
      'a target pixel file (column FLUX has 9 values a row)',
    ],
    [
      'cotrending basis vectors',
      fileOf({
        primary: TESS,
        columns: [TIME, column('VECTOR_1', 'E', flux(1))],
        table: [['EXTNAME', 'CBV.single-scale.1.1']],
      }),
      'a file of cotrending basis vectors (CBV) (EXTNAME CBV.single-scale.1.1)',
    ],
    [
      'Kepler',
      fileOf({
        primary: [
          ['TELESCOP', 'Kepler'],
          ['KEPLERID', 757076],
        ],
        columns: SPOC_FLUX,
      }),
      'a Kepler or K2 file (TELESCOP Kepler)',
    ],
    [
      'K2 by its mission',
      fileOf({ primary: [['MISSION', 'K2']], columns: SPOC_FLUX }),
      'a Kepler or K2 file (MISSION K2)',
    ],
    [
      'BKJD times',
      fileOf({ primary: TESS, columns: SPOC_FLUX, table: [['BJDREFI', 2454833]] }),
      'a Kepler or K2 file (BJDREFI 2454833)',
    ],
    [
      'another mission',
      fileOf({ primary: [['TELESCOP', 'HST']], columns: SPOC_FLUX }),
      'a file of another mission (TELESCOP HST)',
    ],
    [
      'another mission, in a file of lightkurve',
      custom({
        primary: [
          ['CREATOR', 'lightkurve'],
          ['MISSION', 'CHEOPS'],
          ['OBJECT', '1'],
        ],
      }),
      'a file of another mission (MISSION CHEOPS)',
    ],
    [
      'data validation',
      fileOf({
        primary: TESS,
        columns: [TIME, column('LC_INIT', 'E', flux(1))],
        table: [['EXTNAME', 'TCE_1']],
      }),
      'a data-validation time series (column LC_INIT)',
    ],
    [
      'a folded light curve',
      custom({ primary: [['CREATOR', 'lightkurve.FoldedLightCurve.to_fits()']] }),
      'a folded light curve, whose times are phases (CREATOR lightkurve.FoldedLightCurve.to_fits())',
    ],
    [
      'a full-frame image',
      fitsFile(primaryHdu([...TESS, ['CREATOR', '17630 FfiExporterPipelineModule']]), IMAGE),
      'a full-frame image (CREATOR 17630 FfiExporterPipelineModule)',
    ],
    ['an image', fitsFile(primaryHdu(TESS), IMAGE), 'an image (XTENSION IMAGE)'],
    [
      'a compressed image',
      fileOf({ columns: [vector('COMPRESSED_DATA')], table: [['ZIMAGE', true]] }),
      'a compressed image (ZIMAGE T)',
    ],
    ['a header alone', primaryHdu(TESS), 'a file without binary table in HDU 1 (XTENSION missing)'],
    [
      'another table',
      fileOf({ primary: TESS, columns: [column('RA', 'D', times(1)), column('DEC', 'D', times(1))] }),
      'a table without times and flux (columns RA, DEC)',
    ],
  ])('%s', (_, bytes, what) => {
    const error = errorOf(() => readLightCurve(bytes));
    expect(error.code).toBe('FITS_NOT_LIGHT_CURVE');
    expect(error.message).toBe(`not a light curve, but ${what}`);
    expect(error.found).toBe(what);
  });

  it('are named for what they are when they are cut short, too', () => {
    const bytes = fileOf({ primary: TESS, columns: [TIME, vector('FLUX')], table: [['EXTNAME', 'PIXELS']] });
    expect(errorOf(() => readLightCurve(bytes.subarray(0, 6000))).code).toBe('FITS_NOT_LIGHT_CURVE');
  });

  it('a KEPLERID without value makes no Kepler file', () => {
    expect(readLightCurve(custom(), { sector: 1 }).provenance!.headers!.primary.KEPLERID).toBeNull();
  });

  it('EXTNAME PIXELS in the primary HDU makes no pixel file', () => {
    const primary: Card[] = [...TESS, ['EXTNAME', 'PIXELS'], ['CREATOR', 'LightCurveExporter']];
    expect(readLightCurve(spoc(120, { primary })).provenance!.author).toBe('spoc');
  });
});
