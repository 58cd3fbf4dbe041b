/** All columns of real and simulated files against astropy's, bit for bit. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { binaryTableHdu, fitsFile, primaryHdu } from '../../examples/fits-writer.mjs';
import { writeSimulatedStar } from '../../examples/simulated-star.mjs';
import { checkWhole, readHdu } from '../../src/fits/hdu.js';
import { float64Column, tableOf, textColumn } from '../../src/fits/table.js';
import { errorOf, realFiles } from './fixtures.js';

const PYTHON = '/usr/bin/python3';

/**
 * Prints as JSON, for each path, the columns of HDU 1 that have one value a row: name and SHA-256 of the values
 * as little-endian float64 with one NaN, or of the strings; null where astropy can't read the file.
 */
const SCRIPT = `
import sys, json, hashlib, warnings
import numpy as np
from astropy.io import fits
warnings.simplefilter('ignore')

def digest(hdu, n, column):
    values = hdu.data.field(n)
    if values.dtype.kind in 'US': return hashlib.sha256('\\n'.join(values).encode()).hexdigest()
    if values.size != len(hdu.data): return None
    floats = values.ravel().astype('<f8')
    if column.null is not None: floats[values.ravel() == column.null] = np.nan
    floats[np.isnan(floats)] = np.nan
    return hashlib.sha256(floats.tobytes()).hexdigest()

def columns(path):
    try:
        with fits.open(path, memmap=False) as hdus:
            found = [(c.name, digest(hdus[1], n, c)) for n, c in enumerate(hdus[1].columns)]
    except Exception:
        return None
    return [f'{name} {sha}' for name, sha in found if sha is not None]

print(json.dumps({path: columns(path) for path in sys.argv[1:]}))
`;

function readByAstropy(paths: readonly string[]): Record<string, string[] | null> {
  const { stdout, stderr } = spawnSync(PYTHON, ['-c', SCRIPT, ...paths], { encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, string[] | null>;
}

function readByUs(path: string): string[] {
  const bytes = readFileSync(path);
  const table = tableOf(readHdu(bytes, readHdu(bytes, 0, 0)!.end, 1)!);
  checkWhole(bytes, table.hdu);
  return table.columns
    .filter(({ type, repeat }) => repeat === 1 || (type === 'A' && repeat > 0))
    .map((column) => {
      const text = column.type === 'A' ? textColumn(bytes, table, column).join('\n') : undefined;
      const hash = createHash('sha256').update(text ?? canonical(float64Column(bytes, table, column)));
      return `${column.name} ${hash.digest('hex')}`;
    });
}

/** Little-endian bytes with one NaN. */
function canonical(values: Float64Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 8));
  values.forEach((value, i) => {
    view.setFloat64(i * 8, Number.isNaN(value) ? NaN : value, true);
  });
  return new Uint8Array(view.buffer);
}

const scratch = mkdtempSync(join(tmpdir(), 'tess-cache-astropy-'));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

function filesToCompare(): string[] {
  const directory = realFiles();
  const real = directory === undefined ? [] : readdirSync(directory).map((name) => `${directory}${name}`);
  const mixed = join(scratch, 'mixed.fits');
  writeFileSync(
    mixed,
    fitsFile(
      primaryHdu([]),
      binaryTableHdu(
        [
          { name: 'D', form: 'D', values: [1.1, NaN, -0] },
          { name: 'E', form: 'E', values: [0.1, NaN, 1e-40] },
          { name: 'ESCALED', form: 'E', values: [0.1, 7, -3], scale: 0.3, zero: 11.7 },
          { name: 'VECTOR', form: '2E', values: [1, 2, 3, 4, 5, 6] },
          { name: 'I', form: 'I', values: [-32768, 0, 32767] },
          { name: 'UINT16', form: 'I', values: [-32768, 0, 32767], zero: 32768 },
          { name: 'J', form: 'J', values: [-1, 7, 2147483647], nullValue: -1 },
          { name: 'UINT32', form: 'J', values: [-2147483648, 0, 5], zero: 2147483648 },
          { name: 'K', form: 'K', values: [2n ** 53n + 1n, -5n, 2n ** 62n] },
          {
            name: 'UINT64',
            form: 'K',
            values: [-(2n ** 63n), 2n ** 61n + 1025n, 2n ** 63n - 1n],
            zero: 2n ** 63n,
          },
          { name: 'B', form: 'B', values: [0, 128, 255] },
          { name: 'INT8', form: 'B', values: [0, 128, 255], zero: -128 },
          { name: 'L', form: 'L', values: [true, false, true] },
          { name: 'A', form: '5A', values: ['one', '', 'three'] },
          { name: 'EMPTY', form: '0D', values: [] },
        ],
        [],
      ),
    ),
  );
  return [...real, mixed, ...writeSimulatedStar(scratch, { sectors: [2] }).files];
}

const available = spawnSync(PYTHON, ['-c', 'import astropy, numpy'], { stdio: 'ignore' }).status === 0;
if (!available) console.log(`skipped: no astropy at ${PYTHON}`);

describe.skipIf(!available)('columns of HDU 1', () => {
  it('are bit for bit as astropy reads them', () => {
    const theirs = readByAstropy(filesToCompare());
    expect(Object.keys(theirs).length).toBeGreaterThan(1);
    for (const [path, columns] of Object.entries(theirs)) {
      if (columns === null) expect(errorOf(() => readByUs(path)).code).toBe('FITS_TRUNCATED');
      else expect({ path, columns: readByUs(path) }).toEqual({ path, columns });
    }
  });
});
