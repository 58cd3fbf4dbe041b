import { describe, expect, it } from 'vitest';
import { PRODUCTS } from '../../src/fits/products.js';
import { readLightCurve } from '../../src/fits/read-light-curve.js';
import { medianInPlace } from '../../src/light-curve/statistics.js';
import {
  ROWS,
  TIC,
  VALID_ROWS,
  column,
  constant,
  custom,
  eleanor,
  errorOf,
  fileOf,
  flux,
  qlp,
  quality,
  spoc,
  times,
} from './fixtures.js';

const TESS_SPOC = 'hlsp_tess-spoc_tess_phot_0000000261136679-s0056_tess_v1_lc.fits';
const LITE = 'hlsp_gsfc-eleanor-lite_tess_ffi_s0001-0000000261136679_tess_v1.0_lc.fits';

const KSPSAP = [
  column('SAP_FLUX', 'E', flux(0.99)),
  column('KSPSAP_FLUX', 'E', flux(1)),
  column('KSPSAP_FLUX_ERR', 'E', constant(0.01)),
  column('KSPSAP_FLUX_SML', 'E', flux(1)),
];
const DET = [
  column('SAP_FLUX', 'E', flux(0.99)),
  column('DET_FLUX', 'E', flux(1)),
  column('DET_FLUX_ERR', 'E', constant(0.01)),
  column('SYS_RM_FLUX', 'E', flux(1)),
];

const [RAW, SCALED, ESTIMATED] = ['reported', 'scaled_from_raw', 'estimated_missing'];

describe('each product', () => {
  it.each<[string, Uint8Array, string | undefined, string | undefined, string, string, number, string]>([
    ['SPOC 120 s', spoc(), undefined, undefined, 'spoc', 'pdcsap', 120, RAW],
    ['SPOC sap', spoc(), undefined, 'sap', 'spoc', 'sap', 120, RAW],
    ['SPOC 20 s', spoc(20), undefined, undefined, 'spoc', 'pdcsap', 20, RAW],
    ['TESS-SPOC, told by its name', spoc(200), TESS_SPOC, undefined, 'tess-spoc', 'pdcsap', 200, RAW],
    ['TESS-SPOC sap', spoc(600), TESS_SPOC, 'SAP', 'tess-spoc', 'sap', 600, RAW],
    ['QLP to sector 55', qlp(KSPSAP), undefined, undefined, 'qlp', 'kspsap', 1800, RAW],
    ['QLP without SAP errors', qlp(KSPSAP), undefined, 'sap', 'qlp', 'sap', 1800, ESTIMATED],
    ['QLP from sector 56', qlp(DET), undefined, undefined, 'qlp', 'det', 1800, RAW],
    ['QLP sys_rm', qlp(DET), undefined, 'sys_rm', 'qlp', 'sys_rm', 1800, ESTIMATED],
    ['early QLP', qlp(KSPSAP, [['TIC', TIC]]), undefined, undefined, 'qlp', 'kspsap', 1800, RAW],
    [
      'eleanor-lite',
      eleanor([['LITE', true]]),
      undefined,
      undefined,
      'gsfc-eleanor-lite',
      'corr',
      1800,
      SCALED,
    ],
    ['eleanor-lite by name', eleanor([]), LITE, 'raw', 'gsfc-eleanor-lite', 'raw', 1800, RAW],
    ['eleanor', eleanor([['LITE', false]]), undefined, undefined, 'eleanor', 'corr', 1800, SCALED],
    ['eleanor pca', eleanor([]), undefined, 'pca', 'eleanor', 'pca', 1800, SCALED],
    ['eleanor psf', eleanor([]), undefined, 'psf', 'eleanor', 'psf', 1800, ESTIMATED],
  ])('%s', (_, bytes, fileName, fluxType, author, readType, exptimeSeconds, fluxErrKind) => {
    const data = readLightCurve(bytes, { fileName, fluxType });
    expect(data).toMatchObject({ ticId: TIC, nPoints: ROWS, nValid: VALID_ROWS });
    expect(data.provenance).toMatchObject({ author, fluxType: readType, exptimeSeconds, fluxErrKind });
    expect(data.medianFlux).toBeCloseTo(1, 12);
    expect([...data.fluxErr].every(Number.isFinite)).toBe(fluxErrKind !== SCALED);
  });

  it("lightkurve's own", () => {
    const data = readLightCurve(custom(), { sector: 3 });
    expect(data).toMatchObject({ ticId: 206544316, sector: 3, nValid: VALID_ROWS });
    expect(data.provenance).toMatchObject({ author: 'custom', fluxType: 'flux', fluxUnit: 'counts' });
  });

  it("lightkurve's own, with another flux column, its own sector and the older name of the quality", () => {
    const bytes = custom({
      primary: [
        ['CREATOR', 'lightkurve.LightCurve.to_fits()'],
        ['TELESCOP', 'TESS'],
        ['TARGETID', TIC],
        ['SECTOR', 9],
      ],
      columns: [
        column('TIME', 'D', times(120), 'btjd'),
        column('SAP_FLUX', 'E', flux(10)),
        column('SAP_FLUX_ERR', 'E', constant(NaN)),
        column('SAP_QUALITY', 'J', quality()),
      ],
    });
    const data = readLightCurve(bytes);
    expect(data).toMatchObject({ ticId: TIC, sector: 9, nValid: VALID_ROWS });
    expect(data.provenance).toMatchObject({ fluxType: 'sap', fluxErrKind: 'estimated_missing' });
  });

  it("lightkurve's own without quality: all bits 0, and a note of it", () => {
    const columns = [column('TIME', 'D', times(120), 'btjd'), column('FLUX', 'D', flux(10))];
    const data = readLightCurve(custom({ columns }), { sector: 3 });
    expect(data.nValid).toBe(ROWS - 2);
    expect(data.provenance!.notes).toContain('no quality column: all bits taken as 0');
  });

  it('full eleanor, whose table has pixels too, is no target pixel file', () => {
    const pixels = { name: 'TPF', form: '4E', dim: '(2,2)', values: new Float32Array(4 * ROWS) };
    expect(readLightCurve(eleanor([['LITE', false]], [pixels])).provenance!.author).toBe('eleanor');
  });

  it("eleanor's ids and versions are its own, not those of the pixel file it was made from", () => {
    const { provenance } = readLightCurve(eleanor([['LITE', true]]));
    expect(provenance).toMatchObject({ tessMag: 5.1, pipelineVersion: '2.0.4' });
    expect(provenance!.headers!.primary.GAIA_ID).toBe(4623036865373793408n);
  });
});

describe('flux errors', () => {
  it('that the file has are divided by the median, as the flux is', () => {
    const data = readLightCurve(spoc());
    const { medianRawFlux } = data.provenance!;
    expect(data.fluxErr[0]).toBe(2.5 / medianRawFlux!);
  });

  it('of CORR_FLUX are those of RAW_FLUX in proportion', () => {
    const raw = readLightCurve(eleanor([]), { fluxType: 'raw', normalize: false });
    const corr = readLightCurve(eleanor([]), { normalize: false });
    corr.fluxErr.forEach((value, i) => {
      expect(value).toBe(i === 5 ? NaN : (corr.flux[i] * raw.fluxErr[i]) / raw.flux[i]);
    });
  });

  it('that the file does not have are 1.4826 x MAD of the valid raw flux', () => {
    const data = readLightCurve(qlp(KSPSAP), { fluxType: 'sap', normalize: false });
    const valid = data.flux.filter((_, i) => data.validMask[i] === 1);
    const median = medianInPlace(valid.slice());
    const expected = 1.4826 * medianInPlace(valid.map((value) => Math.abs(value - median)));
    expect([...data.fluxErr]).toEqual(Array(ROWS).fill(expected));
  });

  it('of a column without one finite value are estimated, too', () => {
    const columns = [column('KSPSAP_FLUX', 'E', flux(1)), column('KSPSAP_FLUX_ERR', 'E', constant(NaN))];
    const data = readLightCurve(qlp(columns));
    expect(data.nValid).toBe(VALID_ROWS);
    expect(data.provenance!.fluxErrKind).toBe('estimated_missing');
  });
});

describe('products that are known, but not read', () => {
  it.each<[string, Parameters<typeof fileOf>[0], string | undefined, string]>([
    [
      'TGLC',
      {
        primary: [
          ['ORIGIN', 'UCSB/TGLC'],
          ['TELESCOP', 'TESS'],
          ['TICID', ''],
        ],
        columns: [
          column('time', 'D', times(1800)),
          column('cal_psf_flux', 'E', flux(1)),
          column('TGLC_flags', 'I', quality()),
        ],
      },
      undefined,
      'TESS-Gaia Light Curve (TGLC)',
    ],
    [
      'TASOC',
      {
        primary: [
          ['ORIGIN', 'TASOC/Aarhus'],
          ['TELESCOP', 'TESS'],
        ],
        columns: [
          column('TIME', 'D', times(1800)),
          column('FLUX_CORR', 'D', flux(0)),
          column('PIXEL_QUALITY', 'J', quality()),
        ],
      },
      undefined,
      '(TASOC)',
    ],
    [
      'CDIPS',
      {
        columns: [
          column('TMID_BJD', 'D', times(1800)),
          column('IFL1', 'D', flux(1)),
          column('IRQ1', 'A', Array(ROWS).fill('G')),
        ],
      },
      undefined,
      '(CDIPS)',
    ],
    [
      'one named by its file',
      { columns: [column('TIME', 'D', times(1800)), column('FLUX_X', 'D', flux(1))] },
      'hlsp_pathos_tess_lightcurve_tic-1-s0001_tess_v1_llc.fits',
      'pathos',
    ],
    [
      'one named by its origin',
      {
        primary: [['ORIGIN', 'somebody']],
        columns: [column('TIME', 'D', times(1800)), column('FLUX', 'D', flux(1))],
      },
      undefined,
      'somebody',
    ],
  ])('%s', (_, parts, fileName, name) => {
    const error = errorOf(() => readLightCurve(fileOf(parts), { fileName }));
    expect(error.code).toBe('FITS_UNSUPPORTED_PRODUCT');
    expect(error.message).toContain(name);
  });
});

describe('the table of products', () => {
  it('has authors that can stand in a data ref, each once', () => {
    const authors = PRODUCTS.map(({ author }) => author);
    expect(new Set(authors).size).toBe(authors.length);
    for (const author of authors) expect(author).toMatch(/^[a-z0-9._+-]+$/);
  });

  it('gives each product that is read a default flux type that it has', () => {
    for (const product of PRODUCTS) {
      if (product.unsupported !== undefined) continue;
      for (const type of product.defaultFluxTypes) expect(product.fluxTypes).toHaveProperty(type);
    }
  });
});
