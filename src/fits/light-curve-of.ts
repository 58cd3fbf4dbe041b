/** The bytes of a FITS file to a light curve. Pure: the file system and gzip are left to the caller. */
import { TessCacheError, describe } from '../errors.js';
import { LightCurveData } from '../light-curve/light-curve-data.js';
import { btjdOffset, checkBtjd } from './btjd.js';
import { identify } from './identity.js';
import {
  cadenceSeconds,
  divideInPlace,
  estimatedErrors,
  hasFinite,
  medianOfValid,
  scaledErrors,
  validRows,
} from './photometry.js';
import type { FluxType, TessProduct } from './products.js';
import { provenanceOf } from './provenance-of.js';
import { DEFAULT_QUALITY_MASK, type ReadOptions } from './read-options.js';
import { columnNamed, float64Column, int32Column, type Column, type Table } from './table.js';
import { walk, type LightCurveFile } from './walk.js';

export interface SourceFile {
  /** Base name of the file, where known. */
  readonly sourceFile?: string;
  /** Called once, when the file is known to be a light curve. */
  readonly sourceSha256: () => string;
}

/** @throws TessCacheError as `readLightCurve` does */
export function lightCurveOf(bytes: Uint8Array, options: ReadOptions, source: SourceFile): LightCurveData {
  const file = walk(bytes, source.sourceFile);
  const { product, primary, table } = file;
  const { qualityMask = DEFAULT_QUALITY_MASK, normalize = true } = options;
  const notes = [...file.notes];

  const fluxType = chooseFluxType(table, product, options.fluxType);
  const { ticId, sector } = identitiesOf(file, options);
  const time = timeOf(bytes, file);
  const { quality, missing } = qualityOf(bytes, table, product);
  if (missing) notes.push('no quality column: all bits taken as 0');

  const fluxColumn = required(table, product, product.fluxTypes[fluxType].flux);
  const flux = float64Column(bytes, table, fluxColumn);
  const reported = reportedErrors(bytes, table, product.fluxTypes[fluxType], flux);
  const validMask = validRows(time, flux, reported?.values, quality, qualityMask);
  const fluxErr = reported?.values ?? estimatedErrors(flux, validMask);

  const median = medianOfValid(flux, validMask);
  const normalized = normalize && median > 0 && Number.isFinite(median);
  if (normalized) {
    divideInPlace(flux, median);
    divideInPlace(fluxErr, median);
  } else if (normalize) {
    notes.push(`flux left raw: the median of the valid flux is ${median}`);
  }

  const cadence = cadenceSeconds(time, validMask);
  return new LightCurveData({
    ...{ time, flux, fluxErr, quality, validMask, ticId, sector, cadenceSeconds: cadence },
    // Made elsewhere: a function made here would keep the bytes of the file in memory.
    provenance: provenanceOf({
      ...{ primary, extension: table.hdu.header, product, notes, cadence, fluxType, normalized },
      ...{ sourceFile: source.sourceFile, sourceSha256: source.sourceSha256(), qualityMask },
      requestedExptimeSeconds: options.requestedExptimeSeconds,
      selectionReason: options.selectionReason,
      fluxUnit: fluxColumn.unit,
      medianRawFlux: median,
      fluxErrKind: reported?.kind ?? 'estimated_missing',
    }),
  });
}

/** The flux type to read: the caller's, or the usual one of the product. */
function chooseFluxType(table: Table, product: TessProduct, wanted: string | undefined): string {
  const types = Object.keys(product.fluxTypes);
  const there = types.filter((type) => columnNamed(table, product.fluxTypes[type].flux) !== undefined);
  const usual = product.defaultFluxTypes.find((type) => there.includes(type)) ?? there[0];
  const fluxType = wanted?.toLowerCase() ?? usual;
  if (usual === undefined) {
    const expected = types.map((type) => product.fluxTypes[type].flux).join(', ');
    throw new TessCacheError(
      'FITS_INVALID',
      `a ${product.title} file without its flux columns: ${expected}`,
      {
        field: 'flux',
        expected: `one of ${expected}`,
      },
    );
  }
  if (!there.includes(fluxType)) {
    const expected = `one of ${there.join(', ')}`;
    const found = describe(fluxType);
    throw new TessCacheError(
      'BAD_ARGUMENT',
      `no flux type ${found} in this ${product.title} file: ${expected}`,
      {
        field: 'fluxType',
        expected,
        found,
      },
    );
  }
  return fluxType;
}

function identitiesOf({ product, primary, table }: LightCurveFile, options: ReadOptions) {
  const headers = [primary, table.hdu.header];
  const { ticId, sector } = product.keywords;
  return {
    ticId: identify(headers, { what: 'TIC id', option: 'ticId', keywords: ticId, given: options.ticId }),
    sector: identify(headers, { what: 'sector', option: 'sector', keywords: sector, given: options.sector }),
  };
}

/** [rows] BTJD days. */
function timeOf(bytes: Uint8Array, { product, primary, table }: LightCurveFile): Float64Array {
  const column = required(table, product, product.time);
  const offset = btjdOffset([table.hdu.header, primary], column.unit, product.timeReference);
  const time = float64Column(bytes, table, column);
  if (offset !== 0) for (let i = 0; i < time.length; i++) time[i] += offset;
  checkBtjd(time);
  return time;
}

function qualityOf(bytes: Uint8Array, table: Table, product: TessProduct) {
  const name = product.quality.find((candidate) => columnNamed(table, candidate) !== undefined);
  if (name === undefined && product.qualityOptional) {
    return { quality: new Int32Array(table.rows), missing: true };
  }
  const column = required(table, product, name ?? product.quality[0]);
  return { quality: int32Column(bytes, table, column), missing: false };
}

/** The errors that the file has for this flux; undefined where it has none, or none that is finite. */
function reportedErrors(bytes: Uint8Array, table: Table, type: FluxType, flux: Float64Array) {
  const column = type.fluxErr === undefined ? undefined : columnNamed(table, type.fluxErr);
  const owner = type.errorsOf === undefined ? undefined : columnNamed(table, type.errorsOf);
  if (column === undefined || (type.errorsOf !== undefined && owner === undefined)) return undefined;
  const stored = float64Column(bytes, table, column);
  if (!hasFinite(stored)) return undefined;
  if (owner === undefined) return { values: stored, kind: 'reported' };
  return { values: scaledErrors(flux, stored, float64Column(bytes, table, owner)), kind: 'scaled_from_raw' };
}

function required(table: Table, product: TessProduct, name: string): Column {
  const column = columnNamed(table, name);
  if (column !== undefined) return column;
  throw new TessCacheError('FITS_INVALID', `a ${product.title} file without column ${name}`, {
    field: name,
    expected: `a column ${name}`,
    found: 'none',
  });
}
