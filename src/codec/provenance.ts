/** Provenance <-> JSON in snake_case, field by field. */
import { TessCacheError, describe } from '../errors.js';
import type { LightCurveProvenance } from '../light-curve/provenance.js';
import { decodeStructure, encodeStructure } from './structure.js';

/** Every field of a provenance and its name in JSON. A field that isn't here would be lost: the type says so. */
const NAMES: Readonly<Record<keyof LightCurveProvenance, string>> = {
  sourceFile: 'source_file',
  sourceSha256: 'source_sha256',
  author: 'author',
  exptimeSeconds: 'exptime_seconds',
  requestedExptimeSeconds: 'requested_exptime_seconds',
  fluxType: 'flux_type',
  fluxUnit: 'flux_unit',
  qualityMask: 'quality_mask',
  normalized: 'normalized',
  medianRawFlux: 'median_raw_flux',
  fluxErrKind: 'flux_err_kind',
  raDeg: 'ra_deg',
  decDeg: 'dec_deg',
  tessMag: 'tess_mag',
  camera: 'camera',
  ccd: 'ccd',
  pipelineVersion: 'pipeline_version',
  selectionReason: 'selection_reason',
  notes: 'notes',
  headers: 'headers',
};

/** Fields that also stand in the blob's metadata as text, which is read back as this type. */
const SCALARS: Readonly<Record<string, 'string' | 'number'>> = {
  author: 'string',
  exptimeSeconds: 'number',
  fluxType: 'string',
};

/**
 * The provenance as JSON text; its values are written as structure.ts writes them, so that NaN and integers
 * beyond 2^53 come back as they were.
 *
 * @throws TessCacheError UNSUPPORTED_VALUE for a field that no provenance has, arrays in one, or another type
 *   than it has
 */
export function encodeProvenance(provenance: LightCurveProvenance): string {
  if (typeof provenance !== 'object' || provenance === null) {
    throw unsupported('provenance', 'an object', describe(provenance));
  }
  const record: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(provenance)) {
    if (!Object.hasOwn(NAMES, field)) {
      throw unsupported(`provenance.${field}`, Object.keys(NAMES).join(', '), describe(field));
    }
    const type = SCALARS[field];
    if (type !== undefined && value !== undefined && typeof value !== type) {
      throw unsupported(`provenance.${field}`, `a ${type}`, describe(value));
    }
    if (value !== undefined) record[NAMES[field as keyof LightCurveProvenance]] = value;
  }
  const { json, tensors } = encodeStructure(record);
  if (tensors.size > 0) {
    throw unsupported(`provenance.${[...tensors.keys()][0]}`, 'metadata', 'a typed array');
  }
  return json;
}

/** @throws TessCacheError CORRUPT */
export function decodeProvenance(json: string): LightCurveProvenance {
  const record = decodeStructure(json, new Map());
  if (typeof record !== 'object' || record === null || Object.getPrototypeOf(record) !== Object.prototype) {
    throw new TessCacheError('CORRUPT', 'a provenance must be an object', { found: describe(record) });
  }
  const provenance: Record<string, unknown> = {};
  for (const [field, name] of Object.entries(NAMES)) {
    if (Object.hasOwn(record, name)) provenance[field] = (record as Record<string, unknown>)[name];
  }
  return provenance;
}

function unsupported(field: string, expected: string, found: string): TessCacheError {
  const message = `${field} would not come back as it is: expected ${expected}, got ${found}`;
  return new TessCacheError('UNSUPPORTED_VALUE', message, { field, expected, found });
}
