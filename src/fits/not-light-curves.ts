/** The FITS files that lie beside light curves, or look like them, as data: what each is, and what tells. */
import { columnNamed, type Table } from './table.js';
import { textOf, type Header } from './header.js';

export interface FileSigns {
  readonly primary: Header;
  /** Header of HDU 1; empty where the file has none. */
  readonly extension: Header;
  /** Where HDU 1 is a binary table. */
  readonly table?: Table;
}

interface OtherFile {
  readonly what: string;
  /** What in the file tells, in words; undefined where it is no such file. */
  readonly evidence: (file: FileSigns) => string | undefined;
}

/** Zero point of Kepler's and K2's times (BKJD), days. */
const KEPLER_REFERENCE = 2454833;

const OTHER_FILES: readonly OtherFile[] = [
  {
    what: 'a Kepler or K2 file',
    evidence: (file) => {
      const mission = /kepler|^k2$/i;
      return (
        cardThat(file, 'TELESCOP', (value) => mission.test(value)) ??
        cardThat(file, 'MISSION', (value) => mission.test(value)) ??
        ([file.primary, file.extension].some((header) => header.get('BJDREFI') === KEPLER_REFERENCE)
          ? `BJDREFI ${KEPLER_REFERENCE}`
          : undefined)
      );
    },
  },
  {
    what: 'a file of another mission',
    evidence: (file) =>
      cardThat(file, 'TELESCOP', (value) => !/^tess$/i.test(value)) ??
      // MISSION counts where TELESCOP says nothing: lightkurve writes only the former.
      (textOf(file.primary, 'TELESCOP') === undefined
        ? cardThat(file, 'MISSION', (value) => !/^tess$/i.test(value))
        : undefined),
  },
  {
    what: 'a file of cotrending basis vectors (CBV)',
    evidence: (file) =>
      cardOf(file.extension, 'EXTNAME', (value) => /^cbv|^modout/i.test(value)) ?? column(file, 'VECTOR_1'),
  },
  {
    what: 'a target pixel file',
    evidence: (file) => {
      const flux = file.table && columnNamed(file.table, 'FLUX');
      return (
        cardOf(file.extension, 'EXTNAME', (value) => /^(pixels|targettables)$/i.test(value)) ??
        column(file, 'RAW_CNTS') ??
        (flux?.dim === undefined ? undefined : `column FLUX has TDIM ${flux.dim}`) ??
        (flux === undefined || flux.repeat <= 1 ? undefined : `column FLUX has ${flux.repeat} values a row`)
      );
    },
  },
  {
    what: 'a data-validation time series',
    evidence: (file) =>
      column(file, 'LC_INIT') ?? cardOf(file.extension, 'EXTNAME', (value) => /^tce_/i.test(value)),
  },
  {
    what: 'a folded light curve, whose times are phases',
    evidence: (file) => cardOf(file.primary, 'CREATOR', (value) => /folded/i.test(value)),
  },
  {
    what: 'a full-frame image',
    evidence: (file) => cardOf(file.primary, 'CREATOR', (value) => /ffiexporter/i.test(value)),
  },
  {
    what: 'a compressed image',
    evidence: ({ extension }) => (extension.get('ZIMAGE') === true ? 'ZIMAGE T' : undefined),
  },
  {
    what: 'an image',
    evidence: ({ primary, extension }) =>
      cardOf(extension, 'XTENSION', (value) => value === 'IMAGE') ??
      (extension.size === 0 && primary.get('NAXIS') !== 0 ? 'data in the primary HDU alone' : undefined),
  },
  {
    what: 'a file without binary table in HDU 1',
    evidence: ({ table, extension }) =>
      table === undefined ? `XTENSION ${textOf(extension, 'XTENSION') ?? 'missing'}` : undefined,
  },
];

/** What the file is instead of a light curve, with what tells; undefined where it may be a light curve. */
export function otherFile(file: FileSigns): string | undefined {
  for (const { what, evidence } of OTHER_FILES) {
    const found = evidence(file);
    if (found !== undefined) return `${what} (${found})`;
  }
  return undefined;
}

function cardThat(file: FileSigns, keyword: string, fits: (value: string) => boolean): string | undefined {
  return cardOf(file.primary, keyword, fits) ?? cardOf(file.extension, keyword, fits);
}

function cardOf(header: Header, keyword: string, fits: (value: string) => boolean): string | undefined {
  const value = textOf(header, keyword);
  return value !== undefined && fits(value) ? `${keyword} ${value}` : undefined;
}

function column({ table }: FileSigns, name: string): string | undefined {
  return table !== undefined && columnNamed(table, name) !== undefined ? `column ${name}` : undefined;
}
