/** Which product a FITS file is, or why it is none. */
import { TessCacheError } from '../errors.js';
import { textOf, type Header } from './header.js';
import { otherFile } from './not-light-curves.js';
import { PRODUCTS, type Sign, type TessProduct } from './products.js';
import { columnNamed, type Table } from './table.js';

export interface Candidate {
  readonly primary: Header;
  /** Header of HDU 1; empty where the file has none. */
  readonly extension: Header;
  /** Where HDU 1 is a binary table. */
  readonly table?: Table;
  /** Base name of the file, where known. */
  readonly fileName?: string;
}

/**
 * @throws TessCacheError FITS_NOT_LIGHT_CURVE naming what the file is, FITS_UNSUPPORTED_PRODUCT naming the
 *   product
 */
export function recognise(candidate: Candidate): { product: TessProduct; table: Table } {
  const other = otherFile(candidate);
  const { table } = candidate;
  if (other !== undefined || table === undefined) throw notLightCurve(other ?? 'a file without table');
  const product = PRODUCTS.find(({ signs }) => signs.some((sign) => fits(sign, candidate)));
  if (product === undefined) throw unknownProduct(candidate, table);
  if (product.unsupported !== undefined) {
    throw unsupported(`${product.title} light curves are not read: ${product.unsupported}`, product.author);
  }
  return { product, table };
}

function fits({ fileName, primary = {}, columns = [] }: Sign, candidate: Candidate): boolean {
  return (
    (fileName === undefined || fileName.test(candidate.fileName ?? '')) &&
    Object.entries(primary).every(([keyword, expected]) =>
      expected === true
        ? candidate.primary.get(keyword) === true
        : expected.test(textOf(candidate.primary, keyword) ?? ''),
    ) &&
    columns.every((name) => candidate.table !== undefined && columnNamed(candidate.table, name) !== undefined)
  );
}

/** A table with times and a flux is a light curve of somebody's; any other table is none. */
function unknownProduct({ primary, fileName }: Candidate, table: Table): TessCacheError {
  const names = table.columns.map(({ name }) => name);
  if (!names.some((name) => /time/i.test(name)) || !names.some((name) => /flux|mag/i.test(name))) {
    const shown = names.slice(0, 8).join(', ') + (names.length > 8 ? ', ...' : '');
    return notLightCurve(`a table without times and flux (columns ${shown})`);
  }
  const [, hlsp] = /^hlsp_([a-z0-9-]+)_/i.exec(fileName ?? '') ?? [];
  const maker = hlsp ?? textOf(primary, 'ORIGIN') ?? textOf(primary, 'CREATOR') ?? 'unknown';
  return unsupported(`light curves of the product ${maker} are not read`, maker);
}

function notLightCurve(found: string): TessCacheError {
  return new TessCacheError('FITS_NOT_LIGHT_CURVE', `not a light curve, but ${found}`, {
    expected: 'a TESS light curve',
    found,
  });
}

function unsupported(message: string, found: string): TessCacheError {
  const readable = PRODUCTS.filter((product) => product.unsupported === undefined);
  return new TessCacheError('FITS_UNSUPPORTED_PRODUCT', `unsupported product: ${message}`, {
    field: 'product',
    expected: `one of ${readable.map(({ author }) => author).join(', ')}`,
    found,
  });
}
