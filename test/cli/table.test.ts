import { describe, expect, it } from 'vitest';
import { renderTable } from '../../src/cli/table.js';
import { displayWidth } from '../../src/cli/text.js';

const COLUMNS = [
  { head: 'KEY', shrinks: 'end' },
  { head: 'SIZE', align: 'right' },
] as const;

describe('renderTable', () => {
  it('aligns columns and leaves no blanks at the ends of lines', () => {
    const { text, isShortened } = renderTable(COLUMNS, [
      ['lc:1:1:sap', '9 B'],
      ['x', '588 kB'],
    ]);
    expect(text).toBe('KEY           SIZE\nlc:1:1:sap     9 B\nx           588 kB\n');
    expect(isShortened).toBe(false);
  });

  it('shrinks the column that may, down to a width that still tells something', () => {
    const key = 'bls:25155310:1:0123456789abcdef0123456789abcdef';
    const { text, isShortened } = renderTable(COLUMNS, [[key, '9 B']], 30);
    expect(isShortened).toBe(true);
    expect(text.split('\n').map(displayWidth)).toEqual([30, 30, 0]);
    expect(text).toContain('bls:25155310:1:01234567…   9 B');
    expect(renderTable(COLUMNS, [[key, '9 B']], 5).text).toContain('bls:251…   9 B');
  });

  it('has no header where no column has a head', () => {
    expect(renderTable([{}, {}], [['a', 'b']]).text).toBe('a  b\n');
  });

  it('keeps a row on one line whatever a cell holds', () => {
    expect(renderTable(COLUMNS, [['a\nb', '1 B']]).text.split('\n')).toHaveLength(3);
  });

  it('takes a hundred thousand rows in no time', () => {
    const rows = Array.from({ length: 100_000 }, (_, i) => [`lc:${i}:1:pdcsap`, '588 kB']);
    const started = performance.now();
    expect(renderTable(COLUMNS, rows).text.length).toBeGreaterThan(2e6);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
