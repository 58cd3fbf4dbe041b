/** Light curve <-> tensors and metadata. */
import { TessCacheError } from '../errors.js';
import { LightCurveData } from '../light-curve/light-curve-data.js';
import { decodeProvenance, encodeProvenance } from './provenance.js';
import type { Dtype, Tensor, Tensors } from './safetensors.js';

/** BTJD, in barycentric dynamical time: what `time` of every light curve is in. */
export const TIME_FORMAT = 'btjd';
export const TIME_SCALE = 'tdb';

/** @throws TessCacheError UNSUPPORTED_VALUE where the provenance can't be written */
export function encodeLightCurve(data: LightCurveData): Tensors {
  const tensor = (dtype: Dtype, array: unknown): Tensor => {
    const { buffer, byteOffset, byteLength, length } = array as Float64Array;
    return { dtype, shape: [length], bytes: new Uint8Array(buffer, byteOffset, byteLength) };
  };
  const tensors = new Map([
    ['time', tensor('F64', data.time)],
    ['flux', tensor('F64', data.flux)],
    ['flux_err', tensor('F64', data.fluxErr)],
    ['quality', tensor('I32', data.quality)],
    ['valid_mask', tensor('BOOL', data.validMask)],
  ]);
  const { provenance } = data;
  const metadata = new Map([
    ['tic_id', String(data.ticId)],
    ['sector', String(data.sector)],
    ['cadence_seconds', String(data.cadenceSeconds)],
    ['time_format', TIME_FORMAT],
    ['time_scale', TIME_SCALE],
  ]);
  if (provenance !== undefined) {
    const { fluxType, author, exptimeSeconds } = provenance;
    if (fluxType !== undefined) metadata.set('flux_type', fluxType);
    if (author !== undefined) metadata.set('author', author);
    if (exptimeSeconds !== undefined) metadata.set('exptime_seconds', String(exptimeSeconds));
    metadata.set('provenance', encodeProvenance(provenance));
  }
  return { tensors, metadata };
}

/**
 * A light curve laid over the bytes of the tensors, without a copy; its provenance is parsed at first use.
 *
 * @throws TessCacheError CORRUPT where a tensor is missing or of another type, BAD_LIGHT_CURVE where the
 *   arrays and ids make no light curve
 */
export function decodeLightCurve({ tensors, metadata }: Tensors): LightCurveData {
  if (metadata.get('time_format') !== TIME_FORMAT || metadata.get('time_scale') !== TIME_SCALE) {
    throw corrupt(
      'times in btjd and tdb',
      `${metadata.get('time_format')} and ${metadata.get('time_scale')}`,
    );
  }
  const provenance = metadata.get('provenance');
  return new LightCurveData({
    time: lay(Float64Array, tensors, 'time', 'F64'),
    flux: lay(Float64Array, tensors, 'flux', 'F64'),
    fluxErr: lay(Float64Array, tensors, 'flux_err', 'F64'),
    quality: lay(Int32Array, tensors, 'quality', 'I32'),
    validMask: lay(Uint8Array, tensors, 'valid_mask', 'BOOL'),
    ticId: Number(metadata.get('tic_id')),
    sector: Number(metadata.get('sector')),
    cadenceSeconds: Number(metadata.get('cadence_seconds')),
    provenance: provenance === undefined ? undefined : () => decodeProvenance(provenance),
  });
}

interface ArrayType<A> {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): A;
  readonly BYTES_PER_ELEMENT: number;
}

function lay<A>(type: ArrayType<A>, tensors: Tensors['tensors'], name: string, dtype: Dtype): A {
  const tensor = tensors.get(name);
  if (tensor?.dtype !== dtype || tensor.shape.length !== 1) {
    throw corrupt(`a tensor ${name} of ${dtype} and one dimension`, describeTensor(tensor));
  }
  const { bytes } = tensor;
  // Our own files are aligned; one written by another tool may not be.
  const aligned = bytes.byteOffset % type.BYTES_PER_ELEMENT === 0 ? bytes : Uint8Array.from(bytes);
  return new type(aligned.buffer, aligned.byteOffset, tensor.shape[0]);
}

function describeTensor(tensor: Tensor | undefined): string {
  return tensor === undefined ? 'none' : `${tensor.dtype} of ${tensor.shape.length} dimensions`;
}

function corrupt(expected: string, found: string): TessCacheError {
  const message = `light curve blob: expected ${expected}, found ${found}`;
  return new TessCacheError('CORRUPT', message, { expected, found });
}
