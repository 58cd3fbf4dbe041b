import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binaryTableHdu, type Card, type Column } from '../../examples/fits-writer.mjs';
import { readHdu } from '../../src/fits/hdu.js';
import { columnNamed, float64Column, int32Column, tableOf, textColumn } from '../../src/fits/table.js';
import { errorOf } from './fixtures.js';

function tableFrom(columns: readonly Column[], cards: readonly Card[] = []) {
  const bytes = binaryTableHdu(columns, cards);
  return { bytes, table: tableOf(readHdu(bytes, 0, 1)!) };
}

function floats(column: Omit<Column, 'name'>): number[] {
  const { bytes, table } = tableFrom([
    {
      name: 'PAD',
      form: '3A',
      values: column.values.length === 0 ? [] : Array(column.values.length).fill('x'),
    },
    { name: 'X', ...column },
  ]);
  return [...float64Column(bytes, table, columnNamed(table, 'X')!)];
}

function integers(column: Omit<Column, 'name'>): number[] {
  const { bytes, table } = tableFrom([{ name: 'X', ...column }]);
  return [...int32Column(bytes, table, columnNamed(table, 'X')!)];
}

describe('columns of every type', () => {
  it.each<[string, Omit<Column, 'name'>, number[]]>([
    ['D', { form: 'D', values: [1.1, -0, NaN, Infinity] }, [1.1, -0, NaN, Infinity]],
    ['1D', { form: '1D', values: [5e-324] }, [5e-324]],
    ['E', { form: 'E', values: [0.1, NaN] }, [Math.fround(0.1), NaN]],
    ['J', { form: 'J', values: [-2147483648, 2147483647] }, [-2147483648, 2147483647]],
    ['I, signed', { form: 'I', values: [-32768, 32767] }, [-32768, 32767]],
    ['B, unsigned', { form: 'B', values: [0, 200, 255] }, [0, 200, 255]],
    ['K', { form: 'K', values: [2n ** 53n + 1n, -(2n ** 63n)] }, [2 ** 53, -(2 ** 63)]],
    ['L', { form: 'L', values: [true, false, 0] }, [1, 0, NaN]],
    ['E with TSCAL and TZERO', { form: 'E', values: [2, 3], scale: 0.5, zero: 10 }, [11, 11.5]],
    ['J with TNULL', { form: 'J', values: [7, -1], nullValue: -1 }, [7, NaN]],
    ['J with TNULL and scale', { form: 'J', values: [7, -1], nullValue: -1, scale: 2 }, [14, NaN]],
    ['B with TNULL', { form: 'B', values: [255, 1], nullValue: 255 }, [NaN, 1]],
    ['K with TNULL', { form: 'K', values: [1n, -(2n ** 63n)], nullValue: -(2n ** 63n) }, [1, NaN]],
    ['unsigned 16', { form: 'I', values: [-32768, 32767], zero: 32768 }, [0, 65535]],
    ['unsigned 32', { form: 'J', values: [-2147483648, 2147483647], zero: 2147483648 }, [0, 4294967295]],
    ['signed 8', { form: 'B', values: [0, 255], zero: -128 }, [-128, 127]],
    [
      'unsigned 64, rounded once',
      { form: 'K', values: [-(2n ** 63n), 2n ** 63n - 1n, 2n ** 61n + 1025n], zero: 2n ** 63n },
      [0, 2 ** 64, Number(2n ** 63n + 2n ** 61n + 1025n)],
    ],
    ['no rows', { form: 'D', values: [] }, []],
  ])('%s', (_, column, expected) => {
    expect(floats(column)).toEqual(expected);
  });

  it('gives all doubles back', () => {
    fc.assert(
      fc.property(fc.array(fc.double(), { minLength: 1 }), (values) => {
        expect(floats({ form: 'D', values })).toEqual(values);
      }),
    );
  });

  it('gives strings back', () => {
    const { bytes, table } = tableFrom([{ name: 'S', form: '6A', values: ['ab ', '', 'cd\0xyz'] }]);
    expect(textColumn(bytes, table, table.columns[0])).toEqual(['ab', '', 'cd']);
  });
});

describe('integers', () => {
  it.each<[string, Omit<Column, 'name'>, number[]]>([
    ['J', { form: 'J', values: [5, -5] }, [5, -5]],
    ['I sign-extended', { form: 'I', values: [-32768] }, [-32768]],
    ['unsigned 32 keeps its bits', { form: 'J', values: [2147483647], zero: 2147483648 }, [-1]],
    ['K', { form: 'K', values: [2n ** 31n] }, [-2147483648]],
    ['floats that are integers', { form: 'D', values: [0, 128] }, [0, 128]],
    ['no value is every bit', { form: 'J', values: [3, 99], nullValue: 99 }, [3, -1]],
    ['no value, scaled', { form: 'I', values: [3, 99], nullValue: 99 }, [3, -1]],
  ])('%s', (_, column, expected) => {
    expect(integers(column)).toEqual(expected);
  });

  it.each<[string, Omit<Column, 'name'>]>([
    ['beyond 32 bits', { form: 'K', values: [2n ** 32n] }],
    ['fractions', { form: 'D', values: [0.5] }],
  ])('refuses %s', (_, column) => {
    expect(errorOf(() => integers(column))).toMatchObject({ code: 'FITS_INVALID', field: 'X' });
  });
});

describe('layout', () => {
  it('finds columns without regard to case, the first of two', () => {
    const { table } = tableFrom([
      { name: 'time', form: 'D', values: [1] },
      { name: 'TIME', form: 'E', values: [2] },
    ]);
    expect(columnNamed(table, 'Time')).toMatchObject({ type: 'D', offset: 0 });
    expect(columnNamed(table, 'FLUX')).toBeUndefined();
  });

  it('ends at TFIELDS', () => {
    const cards: Card[] = [
      ['TTYPE2', 'GHOST'],
      ['TFORM2', 'D'],
    ];
    const { table } = tableFrom([{ name: 'REAL', form: 'D', values: [1] }], cards);
    expect(table.columns.map(({ name }) => name)).toEqual(['REAL']);
  });

  it('gives no room to a repeat of 0, and the right room to bits, vectors, complex numbers and heap arrays', () => {
    const forms = ['0D', '9X', '3E', 'C', 'M', '1PE(7)', 'QD', '7A', 'L', 'J'];
    const values = [1];
    const { table } = tableFrom(
      forms.map((form, i) => ({ name: `C${i}`, form, values: i === 9 ? values : [] })),
    );
    expect(table.columns.map(({ offset }) => offset)).toEqual([0, 0, 2, 14, 22, 38, 46, 62, 69, 70]);
  });

  it.each([
    ['vectors', '3E', 'X must be one value in a row, is 3 (TFORM 3E)'],
    ['repeat 0', '0E', 'X must be one value in a row, is 0 (TFORM 0E)'],
    ['strings', 'A', 'X must be numbers, is type A'],
    ['complex numbers', 'C', 'X must be numbers, is type C'],
    ['heap arrays', 'PE(3)', 'X must be numbers, is type P'],
  ])('refuses %s as scalars', (_, form, message) => {
    const { bytes, table } = tableFrom([
      { name: 'X', form, values: [1, 1, 1] },
      { name: 'Y', form: 'J', values: [1] },
    ]);
    const error = errorOf(() => float64Column(bytes, table, table.columns[0]));
    expect(error).toMatchObject({ code: 'FITS_INVALID', field: 'X' });
    expect(error.message).toContain(message);
  });

  const one: Column = { name: 'X', form: 'D', values: [1] };
  it.each<[string, (text: string) => string, string]>([
    [
      'a TFIELDS that is no count',
      (text) => text.replace('TFIELDS =                    1', 'TFIELDS =                   -1'),
      'TFIELDS',
    ],
    [
      'more than 999 columns',
      (text) => text.replace('TFIELDS =                    1', 'TFIELDS =                 1000'),
      'TFIELDS',
    ],
    ['a column without format', (text) => text.replace('TFORM1', 'TFORM9'), 'TFORM1'],
    ['a format that is none', (text) => text.replace("'D       '", "'Z       '"), 'TFORM1'],
    ['columns wider than the row', (text) => text.replace("'D       '", "'2D      '"), 'NAXIS1'],
    [
      'a column of 10^50 values',
      (text) => text.replace("'D       '".padEnd(70), `'1${'0'.repeat(50)}D'`.padEnd(70)),
      'NAXIS1',
    ],
    [
      'a third axis',
      (text) => text.replace('NAXIS   =                    2', 'NAXIS   =                    1'),
      'NAXIS',
    ],
    [
      'words of two bytes',
      (text) => text.replace('BITPIX  =                    8', 'BITPIX  =                   16'),
      'BITPIX',
    ],
    [
      'no group',
      (text) => text.replace('GCOUNT  =                    1', 'GCOUNT  =                    0'),
      'GCOUNT',
    ],
  ])('refuses %s', (_, change, field) => {
    const bytes = Buffer.from(binaryTableHdu([one], []));
    const header = change(bytes.toString('latin1', 0, 2880));
    const changed = Buffer.concat([Buffer.from(header.slice(0, 2880), 'latin1'), bytes.subarray(2880)]);
    const error = errorOf(() => tableOf(readHdu(changed, 0, 1)!));
    expect(error).toMatchObject({ code: 'FITS_INVALID', field });
  });

  it('refuses a scale that is no number, when the column is read', () => {
    const { bytes, table } = tableFrom([{ ...one }], [['TZERO1', 'far']]);
    expect(errorOf(() => float64Column(bytes, table, table.columns[0])).code).toBe('FITS_INVALID');
  });
});
