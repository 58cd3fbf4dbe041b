/** The header cards and columns of a SPOC light-curve file, as its data products document lays them out. */

/** @typedef {import('./fits-writer.mjs').Card} Card */
/** @typedef {import('./fits-writer.mjs').Column} Column */

/**
 * @typedef {object} Facts
 * @property {number} ticId
 * @property {number} sector
 * @property {number} start BTJD
 * @property {number} stop BTJD
 * @property {number} noisePpm of one cadence
 * @property {number} medianFlux e-/s
 */

const RA = 91.3472;
const DEC = -66.1093;
/** Fraction of an exposure that is kept after cosmic-ray mitigation and readout. */
const DEADC = 0.792;
const CADENCE_DAYS = 120 / 86_400;
/** 2000-01-01T12:00 TT as BTJD. */
const J2000_BTJD = -5455;

/** A float with a decimal point, as FITS writers print it. @param {number} value @param {number} digits */
function fixed(value, digits) {
  return { text: value.toFixed(digits) };
}

/** UTC calendar date of a BTJD, to a second or so: the leap seconds since J2000 are five. @param {number} btjd */
function calendarDate(btjd) {
  const offsetSeconds = 64.184 + 5;
  const unix = Date.UTC(2000, 0, 1, 12) + (btjd - J2000_BTJD) * 86_400_000 - offsetSeconds * 1000;
  return new Date(unix).toISOString();
}

/** @param {Facts} facts @returns {Card[]} */
function targetCards({ ticId }) {
  return [
    ['SIMDATA', true, 'file is based on simulated data'],
    ['TELESCOP', 'TESS', 'telescope'],
    ['INSTRUME', 'TESS Photometer', 'detector type'],
    ['OBJECT', `TIC ${ticId}`, 'string version of target id'],
    ['TICID', ticId, 'unique tess target identifier'],
    ['RADESYS', 'ICRS', 'reference frame of celestial coordinates'],
    ['RA_OBJ', fixed(RA, 10), '[deg] right ascension'],
    ['DEC_OBJ', fixed(DEC, 10), '[deg] declination'],
    ['EQUINOX', fixed(2000, 1), 'equinox of celestial coordinate system'],
  ];
}

/** @param {Facts} facts @returns {Card[]} */
export function primaryCards(facts) {
  return [
    ['NEXTEND', 2, 'number of standard extensions'],
    ['EXTNAME', 'PRIMARY', 'name of extension'],
    ['EXTVER', 1, 'extension version number (not format version)'],
    ['ORIGIN', 'tess-cache', 'institution responsible for creating this file'],
    ['DATE', '2018-09-27', 'file creation date.'],
    ['TSTART', fixed(facts.start, 12), 'observation start time in BTJD'],
    ['TSTOP', fixed(facts.stop, 12), 'observation stop time in BTJD'],
    ['DATE-OBS', calendarDate(facts.start), 'TSTART as UTC calendar date'],
    ['DATE-END', calendarDate(facts.stop), 'TSTOP as UTC calendar date'],
    ['CREATOR', 'simulated LightCurveExporter', 'pipeline job and program used to produce this file'],
    ['PROCVER', 'simulated-star-1', 'SW version'],
    ['FILEVER', '1.0', 'file format version'],
    ['TIMVERSN', 'OGIP/93-003', 'OGIP memo number for file format'],
    ['DATA_REL', facts.sector, 'data release version number'],
    ['SECTOR', facts.sector, 'Observing sector'],
    ['CAMERA', 4, 'Camera number'],
    ['CCD', 1, 'CCD chip number'],
    ['PXTABLE', 128, 'pixel table id'],
    ...targetCards(facts),
    ['PMRA', fixed(0, 8), '[mas/yr] RA proper motion'],
    ['PMDEC', fixed(0, 8), '[mas/yr] Dec proper motion'],
    ['PMTOTAL', fixed(0, 8), '[mas/yr] total proper motion'],
    ['TESSMAG', fixed(20.44 - 2.5 * Math.log10(facts.medianFlux), 8), '[mag] TESS magnitude'],
    ['TEFF', fixed(5800, 8), '[K] Effective temperature'],
    ['LOGG', fixed(4.4, 8), '[cm/s2] log10 surface gravity'],
    ['MH', fixed(0, 8), '[log10([M/H])] metallicity'],
    ['RADIUS', fixed(1, 8), '[solar radii] stellar radius'],
    ['TICVER', 7, 'TICVER'],
    ['CRMITEN', true, 'spacecraft cosmic ray mitigation enabled'],
    ['CRBLKSZ', 10, '[exposures] s/c cosmic ray mitigation block size'],
    ['CRSPOC', false, 'SPOC cosmic ray cleaning enabled'],
  ];
}

/** @param {Facts} facts @returns {Card[]} */
export function lightCurveCards(facts) {
  const elapsed = facts.stop - facts.start;
  return [
    ['INHERIT', true, 'inherit the primary header'],
    ['EXTNAME', 'LIGHTCURVE', 'name of extension'],
    ['EXTVER', 1, 'extension version number (not format version)'],
    ...targetCards(facts),
    ['EXPOSURE', fixed(elapsed * DEADC, 12), '[d] time on source'],
    ['TIMEREF', 'SOLARSYSTEM', 'barycentric correction applied to times'],
    ['TASSIGN', 'SPACECRAFT', 'where time is assigned'],
    ['TIMESYS', 'TDB', 'time system is Barycentric Dynamical Time (TDB)'],
    ['BJDREFI', 2457000, 'integer part of BTJD reference date'],
    ['BJDREFF', fixed(0, 8), 'fraction of the day in BTJD reference date'],
    ['TIMEUNIT', 'd', 'time unit for TIME, TSTART and TSTOP'],
    ['TELAPSE', fixed(elapsed, 12), '[d] TSTOP - TSTART'],
    ['LIVETIME', fixed(elapsed * DEADC, 12), '[d] TELAPSE multiplied by DEADC'],
    ['TSTART', fixed(facts.start, 12), 'observation start time in BTJD'],
    ['TSTOP', fixed(facts.stop, 12), 'observation stop time in BTJD'],
    ['DATE-OBS', calendarDate(facts.start), 'TSTART as UTC calendar date'],
    ['DATE-END', calendarDate(facts.stop), 'TSTOP as UTC calendar date'],
    ['DEADC', fixed(DEADC, 16), 'deadtime correction'],
    ['TIMEPIXR', 0.5, 'bin time beginning=0 middle=0.5 end=1'],
    ['TIERRELA', { text: '1.16E-05' }, '[d] relative time error'],
    ['INT_TIME', fixed(1.98, 12), '[s] photon accumulation time per frame'],
    ['READTIME', fixed(0.02, 12), '[s] readout time per frame'],
    ['FRAMETIM', fixed(2, 12), '[s] frame time (INT_TIME + READTIME)'],
    ['NUM_FRM', 60, 'number of frames per time stamp'],
    ['TIMEDEL', CADENCE_DAYS, '[d] time resolution of data'],
    ['BACKAPP', true, 'background is subtracted'],
    ['DEADAPP', true, 'deadtime applied'],
    ['VIGNAPP', true, 'vignetting or collimator correction applied'],
    ['CDPP0_5', fixed(facts.noisePpm / Math.sqrt(15), 8), 'RMS CDPP on 0.5-hr time scales'],
    ['CDPP1_0', fixed(facts.noisePpm / Math.sqrt(30), 8), 'RMS CDPP on 1.0-hr time scales'],
    ['CDPP2_0', fixed(facts.noisePpm / Math.sqrt(60), 8), 'RMS CDPP on 2.0-hr time scales'],
    ['CROWDSAP', fixed(0.98, 8), 'Ratio of target flux to total flux in op. ap.'],
    ['FLFRCSAP', fixed(0.87, 8), 'Frac. of target flux w/in the op. aperture'],
    ['PDCMETHD', 'simulated', 'PDC algorithm used for target'],
  ];
}

/** @param {Facts} facts @returns {Card[]} */
export function apertureCards(facts) {
  return [
    ['INHERIT', true, 'inherit the primary header'],
    ['EXTNAME', 'APERTURE', 'name of extension'],
    ['EXTVER', 1, 'extension version number (not format version)'],
    ...targetCards(facts),
    ['NPIXSAP', 9, 'Number of pixels in optimal aperture'],
    ['NPIXMISS', 0, 'Number of op. aperture pixels not collected'],
  ];
}

/** Name, form, unit, display format and meaning of the columns, in order. */
const COLUMNS = /** @type {const} */ ([
  ['TIME', 'D', 'BJD - 2457000, days', 'D14.7', 'data time stamps'],
  ['TIMECORR', 'E', 'd', 'E14.7', 'barycentric correction'],
  ['CADENCENO', 'J', undefined, 'I10', 'unique cadence number'],
  ['SAP_FLUX', 'E', 'e-/s', 'E14.7', 'aperture photometry flux'],
  ['SAP_FLUX_ERR', 'E', 'e-/s', 'E14.7', 'aperture phot. flux error'],
  ['SAP_BKG', 'E', 'e-/s', 'E14.7', 'aperture phot. background flux'],
  ['SAP_BKG_ERR', 'E', 'e-/s', 'E14.7', 'ap. phot. background flux error'],
  ['PDCSAP_FLUX', 'E', 'e-/s', 'E14.7', 'aperture phot. PDC flux'],
  ['PDCSAP_FLUX_ERR', 'E', 'e-/s', 'E14.7', 'ap. phot. PDC flux error'],
  ['QUALITY', 'J', undefined, 'B16.16', 'aperture photometry quality flag'],
  ['PSF_CENTR1', 'D', 'pixel', 'F10.5', 'PSF-fitted column centroid'],
  ['PSF_CENTR1_ERR', 'E', 'pixel', 'E14.7', 'PSF-fitted column error'],
  ['PSF_CENTR2', 'D', 'pixel', 'F10.5', 'PSF-fitted row centroid'],
  ['PSF_CENTR2_ERR', 'E', 'pixel', 'E14.7', 'PSF-fitted row error'],
  ['MOM_CENTR1', 'D', 'pixel', 'F10.5', 'moment-derived column centroid'],
  ['MOM_CENTR1_ERR', 'E', 'pixel', 'E14.7', 'moment-derived column error'],
  ['MOM_CENTR2', 'D', 'pixel', 'F10.5', 'moment-derived row centroid'],
  ['MOM_CENTR2_ERR', 'E', 'pixel', 'E14.7', 'moment-derived row error'],
  ['POS_CORR1', 'E', 'pixels', 'E14.7', 'column position correction'],
  ['POS_CORR2', 'E', 'pixels', 'E14.7', 'row position correction'],
]);

/**
 * @param {Record<(typeof COLUMNS)[number][0], ArrayLike<number>>} values
 * @returns {Column[]}
 */
export function lightCurveColumns(values) {
  return COLUMNS.map(([name, form, unit, disp, meaning]) => ({
    ...{ name, form, unit, disp, values: values[name] },
    comments: { name: `column title: ${meaning}`, form: 'column format', disp: 'column display format' },
  }));
}
