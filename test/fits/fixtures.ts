/** FITS files of every product, small, made by the writer of the examples. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  binaryTableHdu,
  fitsFile,
  imageHdu,
  primaryHdu,
  type Card,
  type Column,
} from '../../examples/fits-writer.mjs';
import { TessCacheError } from '../../src/errors.js';

/** Where the real files stand, beside the project; undefined where they don't. */
export function realFiles(): string | undefined {
  const directory = fileURLToPath(new URL('../../../shared/fits/', import.meta.url));
  if (existsSync(directory)) return directory;
  console.log('skipped: the real FITS files are not in ../shared/fits');
  return undefined;
}

/** What a call throws, which must be a TessCacheError. */
export function errorOf(call: () => unknown): TessCacheError {
  try {
    call();
  } catch (error) {
    if (error instanceof TessCacheError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

export interface Parts {
  readonly primary?: readonly Card[];
  readonly columns?: readonly Column[];
  readonly table?: readonly Card[];
  /** HDUs after the light curve. */
  readonly more?: readonly Uint8Array[];
}

export function fileOf({ primary = [], columns = [], table = [], more = [] }: Parts): Uint8Array {
  return fitsFile(primaryHdu(primary), binaryTableHdu(columns, table), ...more);
}

export const ROWS = 60;

export const BTJD_CARDS: readonly Card[] = [
  ['TIMESYS', 'TDB'],
  ['BJDREFI', 2457000],
  ['BJDREFF', { text: '0.00000000' }],
  ['TIMEUNIT', 'd'],
];

/** [ROWS] times of that cadence from BTJD 1325.5 on; row 3 has none. */
export function times(cadenceSeconds: number): Float64Array {
  return Float64Array.from({ length: ROWS }, (_, i) =>
    i === 3 ? NaN : 1325.5 + (i * cadenceSeconds) / 86_400,
  );
}

/** [ROWS] float32 flux around a level; row 5 is NaN. */
export function flux(level: number): Float32Array {
  return Float32Array.from({ length: ROWS }, (_, i) =>
    i === 5 ? NaN : level * (1 + 0.001 * Math.sin(i * 1.7)),
  );
}

export function constant(value: number): Float32Array {
  return new Float32Array(ROWS).fill(value);
}

/** [ROWS] bits: 128 in row 7, 32 in row 8, 16 (not in the default mask) in row 9. */
export function quality(): Int32Array {
  return Int32Array.from({ length: ROWS }, (_, i) => ({ 7: 128, 8: 32, 9: 16 })[i] ?? 0);
}

/** Of 60 rows: less one without time, one without flux, two with bits of the mask. */
export const VALID_ROWS = ROWS - 4;

export function column(name: string, form: string, values: Column['values'], unit?: string): Column {
  return { name, form, values, unit };
}

const STAR: readonly Card[] = [
  ['TELESCOP', 'TESS'],
  ['RA_OBJ', 84.25],
  ['DEC_OBJ', -80.5],
  ['TESSMAG', 5.5],
  ['CAMERA', 4],
  ['CCD', 2],
];

export const TIC = 261136679;

const APERTURE = imageHdu({ bitpix: 32, axes: [3, 3], values: new Int32Array(9) }, [['EXTNAME', 'APERTURE']]);

export function spoc(cadenceSeconds = 120, changes: Parts = {}): Uint8Array {
  return fileOf({
    primary: [
      ['NEXTEND', 2],
      ['ORIGIN', 'NASA/Ames'],
      ['CREATOR', '26493 LightCurveExporterPipelineModule'],
      ['PROCVER', 'spoc-5.0.10-20200904'],
      ['TICID', TIC],
      ['SECTOR', 1],
      ...STAR,
    ],
    columns: [
      column('TIME', 'D', times(cadenceSeconds), 'BJD - 2457000, days'),
      column('CADENCENO', 'J', new Int32Array(ROWS)),
      column('SAP_FLUX', 'E', flux(900), 'e-/s'),
      column('SAP_FLUX_ERR', 'E', constant(1.5), 'e-/s'),
      column('PDCSAP_FLUX', 'E', flux(1000), 'e-/s'),
      column('PDCSAP_FLUX_ERR', 'E', constant(2.5), 'e-/s'),
      column('QUALITY', 'J', quality()),
    ],
    table: [
      ['EXTNAME', 'LIGHTCURVE'],
      ['EXPOSURE', 22.08],
      ['TIMEDEL', cadenceSeconds / 86_400],
      ...BTJD_CARDS,
    ],
    more: [APERTURE],
    ...changes,
  });
}

export function qlp(columns: readonly Column[], primary: readonly Card[] = [['TICID', TIC]]): Uint8Array {
  return fileOf({
    primary: [['ORIGIN', 'MIT/QLP'], ['SECTOR', 14], ...primary, ...STAR],
    columns: [column('TIME', 'D', times(1800)), ...columns, column('QUALITY', 'J', quality())],
    table: [['EXTNAME', 'LIGHTCURVE']],
  });
}

/** The header of eleanor begins with that of the TESScut pixel file; the table has no time key words. */
export function eleanor(primary: readonly Card[], columns: readonly Column[] = []): Uint8Array {
  return fileOf({
    primary: [
      ['EXTNAME', 'PIXELS'],
      ['CREATOR', 'astrocut'],
      ['PROCVER', '0.8'],
      ['TELESCOP', 'TESS'],
      ['SECTOR', 1],
      ['TESSMAG', { text: '0.0' }],
      ['TICID', null],
      ...BTJD_CARDS,
      ['VERSION', '2.0.4'],
      ['TIC_ID', TIC],
      ['TMAG', 5.1],
      ['GAIA_ID', 4623036865373793408n],
      ...primary,
    ],
    columns: [
      column('TIME', 'D', times(1800)),
      ...columns,
      column('RAW_FLUX', 'D', flux(2000)),
      column('CORR_FLUX', 'D', flux(1000)),
      column('FLUX_ERR', 'D', constant(4)),
      column('QUALITY', 'J', quality()),
      column('PCA_FLUX', 'D', flux(500)),
      column('PSF_FLUX', 'D', flux(300)),
    ],
  });
}

/** As lightkurve's LightCurve.to_fits writes it. */
export function custom(changes: Parts = {}): Uint8Array {
  return fileOf({
    primary: [
      ['NEXTEND', 2],
      ['CREATOR', 'lightkurve.LightCurve.to_fits()'],
      ['TELESCOP', null],
      ['OBJECT', '206544316'],
      ['KEPLERID', null],
      ['PROCVER', '1.0b30.dev'],
      ['MISSION', 'TESS'],
    ],
    columns: [
      column('TIME', 'D', times(120), 'btjd'),
      column('FLUX', 'E', flux(1000), 'counts'),
      column('FLUX_ERR', 'E', constant(2), 'counts'),
      column('QUALITY', 'J', quality()),
    ],
    table: [['EXTNAME', 'LIGHTCURVE']],
    ...changes,
  });
}
