/**
 * Tables of text: a header, two spaces between columns, no lines. (The table libraries take minutes for the
 * hundred thousand rows that a listing may have.)
 */
import { displayWidth, printable, shorten, shortenStart } from './text.js';

export interface TableColumn {
  /** Where no column has one, the table has no header. */
  readonly head?: string;
  readonly align?: 'left' | 'right';
  /** This one gives way where the table is too wide, at its start or at its end; one column at most. */
  readonly shrinks?: 'start' | 'end';
}

export interface RenderedTable {
  readonly text: string;
  /** Whether cells had to be shortened. */
  readonly isShortened: boolean;
}

const GAP = '  ';
/** Narrower than this a column that shrinks tells nothing; the table is too wide then. */
const NARROWEST = 8;

/** @param width columns of the terminal, where there is one */
export function renderTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  width = Infinity,
): RenderedTable {
  const heads = columns.map(({ head = '' }) => head);
  const cells = rows.map((row) => row.map(printable));
  if (heads.some((head) => head !== '')) cells.unshift(heads);
  const widths = columns.map((_column, i) =>
    cells.reduce((most, row) => Math.max(most, displayWidth(row[i])), 0),
  );
  const natural = widths.reduce((sum, each) => sum + each, GAP.length * (columns.length - 1));
  const shrinking = columns.findIndex(({ shrinks }) => shrinks !== undefined);
  const isShortened = natural > width && shrinking >= 0;
  if (isShortened) {
    const left = widths[shrinking] - (natural - width);
    widths[shrinking] = Math.max(left, Math.min(NARROWEST, widths[shrinking]));
  }
  const lines = cells.map((row) =>
    row
      .map((cell, i) => fitted(cell, widths[i], columns[i]))
      .join(GAP)
      .trimEnd(),
  );
  return { text: `${lines.join('\n')}\n`, isShortened };
}

function fitted(cell: string, width: number, { align, shrinks }: TableColumn): string {
  const text = shrinks === 'start' ? shortenStart(cell, width) : shorten(cell, width);
  const filling = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'right' ? filling + text : text + filling;
}
