/** Provenance <-> JSON in snake_case, field by field. */
import { TessCacheError } from '../errors.js';
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

/**
 * The provenance as JSON text; its values are written as structure.ts writes them, so that NaN and integers
 * beyond 2^53 come back as they were.
 *
 * @throws TessCacheError UNSUPPORTED_VALUE for a field that no provenance has, or arrays in one
 */
export function encodeProvenance(provenance: LightCurveProvenance): string {
  const record: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(provenance)) {
    if (!Object.hasOwn(NAMES, field)) {
      throw new TessCacheError('UNSUPPORTED_VALUE', `provenance has no field ${JSON.stringify(field)}`, {
        field,
        expected: Object.keys(NAMES).join(', '),
        found: field,
      });
    }
    if (value !== undefined) record[NAMES[field as keyof LightCurveProvenance]] = value;
  }
  const { json, tensors } = encodeStructure(record);
  if (tensors.size > 0) {
    const field = [...tensors.keys()][0];
    throw new TessCacheError(
      'UNSUPPORTED_VALUE',
      `provenance ${field} holds an array; it takes metadata only`,
      {
        field,
        expected: 'metadata',
        found: 'a typed array',
      },
    );
  }
  return json;
}

/** @throws TessCacheError CORRUPT */
export function decodeProvenance(json: string): LightCurveProvenance {
  const record = decodeStructure(json, new Map()) as Record<string, unknown>;
  const provenance: Record<string, unknown> = {};
  for (const [field, name] of Object.entries(NAMES)) {
    if (Object.hasOwn(record, name)) provenance[field] = record[name];
  }
  return provenance;
}
