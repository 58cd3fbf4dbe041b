/** A light curve in words: whose it is, where it comes from, what was done to it. */
import type { LightCurveData } from '../light-curve/light-curve-data.js';
import { formatNumber } from './text.js';

type Field = readonly [name: string, text: string];

/** Distinct quality values that are worth a line. */
const MOST_FLAGS = 12;

/** The provenance in snake_case; header key words as they stand in the file. */
export function provenanceRecord({ provenance }: LightCurveData): Record<string, unknown> | undefined {
  if (provenance === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(provenance).map(([field, value]) => [
      field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value as unknown,
    ]),
  );
}

/** One field a line; what is not known is left out. */
export function describeLightCurve(data: LightCurveData): Field[] {
  return [
    ['target', target(data)],
    ...product(data),
    ['points', points(data)],
    ['time', times(data)],
    ['flux', fluxes(data)],
    ['quality', quality(data)],
    ...source(data),
  ];
}

function target({ ticId, sector, provenance = {} }: LightCurveData): string {
  const { camera, ccd, raDeg, decDeg, tessMag } = provenance;
  return joined([
    `TIC ${ticId}`,
    `sector ${sector}`,
    camera !== undefined && `camera ${camera}`,
    ccd !== undefined && `CCD ${ccd}`,
    raDeg !== undefined && decDeg !== undefined && `RA ${raDeg.toFixed(4)} Dec ${decDeg.toFixed(4)}`,
    tessMag !== undefined && `Tmag ${formatNumber(tessMag, 5)}`,
  ]);
}

function product({ provenance = {} }: LightCurveData): Field[] {
  const { author, fluxType, exptimeSeconds, pipelineVersion } = provenance;
  const text = joined([
    author ?? '',
    fluxType ?? '',
    exptimeSeconds !== undefined && `${exptimeSeconds} s`,
    pipelineVersion !== undefined && `version ${pipelineVersion}`,
  ]);
  return text === '' ? [] : [['product', text]];
}

function points({ nPoints, nValid, gapFraction }: LightCurveData): string {
  return `${nPoints}, of which ${nValid} are valid (${formatNumber(100 * gapFraction, 3)} % gaps)`;
}

function times(data: LightCurveData): string {
  const { time, validMask, durationDays, cadenceSeconds } = data;
  const isGood = (value: number, i: number) => validMask[i] === 1 && Number.isFinite(value);
  let first = Infinity;
  for (let i = 0; i < time.length; i++) if (isGood(time[i], i)) first = Math.min(first, time[i]);
  if (first === Infinity) return 'no valid point has one';
  return joined([
    `BTJD ${first.toFixed(4)} to ${(first + durationDays).toFixed(4)}`,
    `${formatNumber(durationDays, 5)} d`,
    Number.isFinite(cadenceSeconds) && `cadence ${formatNumber(cadenceSeconds, 7)} s`,
  ]);
}

function fluxes({ medianFlux, fluxStd, provenance = {} }: LightCurveData): string {
  const { normalized, medianRawFlux, fluxUnit, fluxErrKind } = provenance;
  const unit = fluxUnit === undefined ? '' : ` ${fluxUnit}`;
  return joined([
    Number.isNaN(medianFlux) ? 'no valid point has one' : `median ${formatNumber(medianFlux)}`,
    !Number.isNaN(fluxStd) && `std ${formatNumber(fluxStd, 5)}`,
    normalized === true &&
      medianRawFlux !== undefined &&
      `in units of ${formatNumber(medianRawFlux, 8)}${unit}`,
    normalized === false && `as measured${unit && `, in${unit}`}`,
    fluxErrKind !== undefined && fluxErrKind !== 'reported' && `errors ${fluxErrKind}`,
  ]);
}

function quality({ qualityFlagsPresent, provenance = {} }: LightCurveData): string {
  const { qualityMask } = provenance;
  const shown = qualityFlagsPresent.slice(0, MOST_FLAGS).join(', ');
  const rest = qualityFlagsPresent.length - MOST_FLAGS;
  return joined([
    qualityMask !== undefined && `mask ${qualityMask}`,
    `values present: ${shown === '' ? 'none' : shown}${rest > 0 ? ` and ${rest} more` : ''}`,
  ]);
}

function source({ provenance = {} }: LightCurveData): Field[] {
  const { sourceFile, selectionReason, notes = [], headers } = provenance;
  const hdus = Object.values(headers ?? {});
  const cards = hdus.reduce((sum, header) => sum + Object.keys(header).length, 0);
  return [
    ...(sourceFile === undefined ? [] : [['source', sourceFile] as const]),
    ...(selectionReason === undefined ? [] : [['chosen', selectionReason] as const]),
    ...(cards === 0 ? [] : [['headers', `${cards} values of ${hdus.length} HDUs, see --json`] as const]),
    ...notes.map((note) => ['note', note] as const),
  ];
}

function joined(parts: readonly (string | false)[]): string {
  return parts.filter((part) => part !== false && part !== '').join(', ');
}
