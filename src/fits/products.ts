/**
 * The TESS light-curve products, as data: how each is told, where its columns and its identity stand.
 * Another product is another row. The first row with a sign that fits the file is its product, so narrower
 * rows stand above wider ones (TESS-SPOC files are SPOC files under another name).
 *
 * All quality columns hold SPOC's bits, which the default mask is made of. Some products add bits of their own,
 * which it lets pass: QLP's 2^12 (low precision), 2^29 and 2^30, where its makers advise to use only rows of
 * quality 0 (a mask of 2^32 - 1), and eleanor's 2^17 and 2^18.
 */

/** All that is given must fit. */
export interface Sign {
  /** Of the base name of the file. */
  readonly fileName?: RegExp;
  /** Cards of the primary header: a string that matches, or a card that is T. */
  readonly primary?: Readonly<Record<string, RegExp | true>>;
  /** Columns that the table must have. */
  readonly columns?: readonly string[];
}

/** A flux column, and where its 1-sigma errors come from. */
export interface FluxType {
  readonly flux: string;
  /** Column of errors in the unit of `flux`. Where there is none, or none of it is finite: 1.4826 x MAD. */
  readonly fluxErr?: string;
  /** The flux column that `fluxErr` belongs to where that is another one: error = |flux x fluxErr / this|. */
  readonly errorsOf?: string;
}

interface Recognised {
  /** In lower case, as it stands in a data ref. */
  readonly author: string;
  readonly title: string;
  readonly signs: readonly Sign[];
}

export interface TessProduct extends Recognised {
  readonly unsupported?: undefined;
  readonly time: string;
  /** Zero point of the times, as a BJD, where neither BJDREFI nor the unit of the column states it. */
  readonly timeReference?: number;
  /** Columns of quality bits; the first that is there counts. */
  readonly quality: readonly string[];
  /** Whether a file without quality column is read with all bits 0. */
  readonly qualityOptional?: boolean;
  readonly fluxTypes: Readonly<Record<string, FluxType>>;
  /** What is read unless the caller says otherwise: the first that the file has. */
  readonly defaultFluxTypes: readonly string[];
  /** Key words, of which the first that has a value counts; in the primary header, then in the table's. */
  readonly keywords: Readonly<Record<'ticId' | 'sector' | 'tessMag' | 'pipelineVersion', readonly string[]>>;
}

/** A product that is known, but not read. */
export interface UnsupportedProduct extends Recognised {
  readonly unsupported: string;
}

/** What SPOC, TESS-SPOC and, less their columns, QLP have in common. */
const SPOC_LAYOUT = {
  time: 'TIME',
  quality: ['QUALITY'],
  fluxTypes: {
    pdcsap: { flux: 'PDCSAP_FLUX', fluxErr: 'PDCSAP_FLUX_ERR' },
    sap: { flux: 'SAP_FLUX', fluxErr: 'SAP_FLUX_ERR' },
  },
  defaultFluxTypes: ['pdcsap'],
  keywords: {
    ticId: ['TICID'],
    sector: ['SECTOR'],
    tessMag: ['TESSMAG'],
    pipelineVersion: ['PROCVER', 'VERSION'],
  },
} as const;

const SPOC_COLUMNS = ['TIME', 'SAP_FLUX', 'PDCSAP_FLUX', 'QUALITY'];

/**
 * CORR_FLUX and PCA_FLUX are RAW_FLUX less its systematics, so its relative errors are theirs too. PSF_FLUX
 * is another photometry of the same pixels: the file has no errors of it.
 */
const ELEANOR_LAYOUT = {
  time: 'TIME',
  quality: ['QUALITY'],
  fluxTypes: {
    corr: { flux: 'CORR_FLUX', fluxErr: 'FLUX_ERR', errorsOf: 'RAW_FLUX' },
    raw: { flux: 'RAW_FLUX', fluxErr: 'FLUX_ERR' },
    pca: { flux: 'PCA_FLUX', fluxErr: 'FLUX_ERR', errorsOf: 'RAW_FLUX' },
    psf: { flux: 'PSF_FLUX' },
  },
  defaultFluxTypes: ['corr'],
  keywords: {
    ticId: ['TIC_ID', 'TICID'],
    sector: ['SECTOR'],
    // The header begins with that of the TESScut pixel file: its TESSMAG is 0, its PROCVER that of TESScut.
    tessMag: ['TMAG'],
    pipelineVersion: ['VERSION'],
  },
} as const;

const ELEANOR_COLUMNS = ['TIME', 'RAW_FLUX', 'CORR_FLUX', 'FLUX_ERR', 'QUALITY'];

export const PRODUCTS: readonly (TessProduct | UnsupportedProduct)[] = [
  {
    ...SPOC_LAYOUT,
    author: 'tess-spoc',
    title: 'TESS-SPOC',
    signs: [{ fileName: /^hlsp_tess-spoc_/i, columns: SPOC_COLUMNS }],
  },
  {
    author: 'qlp',
    title: 'MIT Quick-Look Pipeline (QLP)',
    signs: [{ primary: { ORIGIN: /mit\/qlp/i } }, { fileName: /^hlsp_qlp_/i }],
    time: 'TIME',
    // The product's description gives TIME as BJD - 2457000, whether or not the file says so.
    timeReference: 2457000,
    quality: ['QUALITY'],
    fluxTypes: {
      // Sectors 1 to 55.
      kspsap: { flux: 'KSPSAP_FLUX', fluxErr: 'KSPSAP_FLUX_ERR' },
      // From sector 56 on.
      det: { flux: 'DET_FLUX', fluxErr: 'DET_FLUX_ERR' },
      sys_rm: { flux: 'SYS_RM_FLUX', fluxErr: 'SYS_RM_FLUX_ERR' },
      sap: { flux: 'SAP_FLUX', fluxErr: 'SAP_FLUX_ERR' },
    },
    defaultFluxTypes: ['kspsap', 'det'],
    keywords: { ...SPOC_LAYOUT.keywords, ticId: ['TICID', 'TIC'], pipelineVersion: ['PROCVER', 'VERSION'] },
  },
  {
    ...ELEANOR_LAYOUT,
    author: 'gsfc-eleanor-lite',
    title: 'GSFC-ELEANOR-LITE',
    signs: [
      { primary: { LITE: true }, columns: ELEANOR_COLUMNS },
      { fileName: /^hlsp_gsfc-eleanor-lite_/i, columns: ELEANOR_COLUMNS },
    ],
  },
  {
    ...ELEANOR_LAYOUT,
    author: 'eleanor',
    title: 'eleanor',
    signs: [{ columns: ELEANOR_COLUMNS }],
  },
  {
    author: 'tglc',
    title: 'TESS-Gaia Light Curve (TGLC)',
    signs: [
      { primary: { ORIGIN: /tglc/i } },
      { fileName: /^hlsp_tglc_/i },
      { columns: ['time', 'cal_psf_flux', 'TGLC_flags'] },
    ],
    unsupported: 'its flags are 16-bit and its own, and it has no flux errors',
  },
  {
    author: 'tasoc',
    title: 'TESS Asteroseismic Science Operations Center (TASOC)',
    signs: [
      { primary: { ORIGIN: /tasoc/i } },
      { fileName: /^hlsp_tasoc_/i },
      { columns: ['TIME', 'FLUX_RAW', 'FLUX_CORR', 'PIXEL_QUALITY'] },
    ],
    unsupported: 'its corrected flux is in parts per million, and its quality bits are its own',
  },
  {
    author: 'cdips',
    title: 'Cluster Difference Imaging Photometric Survey (CDIPS)',
    signs: [
      { primary: { ORIGIN: /cdips/i } },
      { fileName: /^hlsp_cdips_/i },
      { columns: ['TMID_BJD', 'IFL1', 'IRQ1'] },
    ],
    unsupported: 'it holds magnitudes, full BJD and quality letters',
  },
  {
    author: 'custom',
    title: "lightkurve's own (LightCurve.to_fits)",
    signs: [{ primary: { CREATOR: /^lightkurve/i }, columns: ['TIME'] }],
    time: 'TIME',
    quality: ['QUALITY', 'SAP_QUALITY'],
    qualityOptional: true,
    fluxTypes: {
      flux: { flux: 'FLUX', fluxErr: 'FLUX_ERR' },
      // Where to_fits was called with another name for the flux column.
      pdcsap: { flux: 'PDCSAP_FLUX', fluxErr: 'PDCSAP_FLUX_ERR' },
      sap: { flux: 'SAP_FLUX', fluxErr: 'SAP_FLUX_ERR' },
    },
    defaultFluxTypes: ['flux', 'pdcsap', 'sap'],
    keywords: {
      ticId: ['TICID', 'TARGETID', 'OBJECT'],
      sector: ['SECTOR'],
      tessMag: ['TESSMAG'],
      pipelineVersion: ['PROCVER'],
    },
  },
  {
    ...SPOC_LAYOUT,
    author: 'spoc',
    title: 'SPOC',
    signs: [
      { primary: { TELESCOP: /^tess$/i, ORIGIN: /^nasa\/ames$/i }, columns: SPOC_COLUMNS },
      { primary: { TELESCOP: /^tess$/i, CREATOR: /LightCurveExporter/i }, columns: SPOC_COLUMNS },
      { fileName: /^tess[0-9]{13}-s[0-9]{4}-[0-9]{16}-/i, columns: SPOC_COLUMNS },
    ],
  },
];
