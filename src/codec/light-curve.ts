/** Light curve <-> tensors and metadata. */
import { TessCacheError, describe } from '../errors.js';
import { LightCurveData } from '../light-curve/light-curve-data.js';
import { memoryOf } from './memory.js';
import { decodeProvenance, encodeProvenance } from './provenance.js';
import { ITEM_BYTES, type Dtype, type Tensor, type Tensors } from './safetensors.js';

/** BTJD, in barycentric dynamical time: what `time` of every light curve is in. */
export const TIME_FORMAT = 'btjd';
export const TIME_SCALE = 'tdb';

/**
 * @throws TessCacheError UNSUPPORTED_VALUE where it is more than a light curve, or its provenance can't be
 *   written; BAD_LIGHT_CURVE where it is none any more
 */
export function encodeLightCurve(given: LightCurveData): Tensors {
  // From JavaScript its fields can be replaced and its arrays written to: what is no light curve now would be
  // written, and never read back.
  const data = new LightCurveData(given);
  if (
    Object.getPrototypeOf(given) !== LightCurveData.prototype ||
    Reflect.ownKeys(given).length !== Reflect.ownKeys(data).length
  ) {
    throw unsupported('value', 'a LightCurveData without further properties', describe(given));
  }
  const tensors = new Map([
    ['time', tensor('F64', 'time', data.time)],
    ['flux', tensor('F64', 'flux', data.flux)],
    ['flux_err', tensor('F64', 'fluxErr', data.fluxErr)],
    ['quality', tensor('I32', 'quality', data.quality)],
    ['valid_mask', tensor('BOOL', 'validMask', data.validMask)],
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
    const json = encodeProvenance(provenance);
    const { fluxType, author, exptimeSeconds } = provenance;
    if (fluxType !== undefined) metadata.set('flux_type', fluxType);
    if (author !== undefined) metadata.set('author', author);
    if (exptimeSeconds !== undefined) metadata.set('exptime_seconds', String(exptimeSeconds));
    metadata.set('provenance', json);
  }
  return { tensors, metadata };
}

function tensor(dtype: Dtype, field: string, array: unknown): Tensor {
  const bytes = memoryOf(array as ArrayBufferView);
  if (bytes === undefined) throw unsupported(field, 'an array', 'one whose memory was given away');
  return { dtype, shape: [bytes.length / ITEM_BYTES[dtype]], bytes };
}

/**
 * A light curve laid over the bytes of the tensors, without a copy; its provenance is parsed at first use.
 *
 * @throws TessCacheError CORRUPT where a tensor is missing or of another type, BAD_LIGHT_CURVE where the
 *   arrays and ids make no light curve
 */
export function decodeLightCurve({ tensors, metadata }: Tensors, isChecked = false): LightCurveData {
  if (metadata.get('time_format') !== TIME_FORMAT || metadata.get('time_scale') !== TIME_SCALE) {
    const found = [metadata.get('time_format'), metadata.get('time_scale')].map(describe);
    throw corrupt('times in btjd and tdb', found.join(' and '));
  }
  const provenance = metadata.get('provenance');
  const init = {
    time: lay(Float64Array, tensors, 'time', 'F64'),
    flux: lay(Float64Array, tensors, 'flux', 'F64'),
    fluxErr: lay(Float64Array, tensors, 'flux_err', 'F64'),
    quality: lay(Int32Array, tensors, 'quality', 'I32'),
    validMask: lay(Uint8Array, tensors, 'valid_mask', 'BOOL'),
    ticId: Number(metadata.get('tic_id')),
    sector: Number(metadata.get('sector')),
    cadenceSeconds: Number(metadata.get('cadence_seconds')),
    provenance: provenance === undefined ? undefined : () => decodeProvenance(provenance),
  };
  return new LightCurveData(init, isChecked);
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

function unsupported(field: string, expected: string, found: string): TessCacheError {
  const message = `light curve: ${field} would not come back as it is: expected ${expected}, got ${found}`;
  return new TessCacheError('UNSUPPORTED_VALUE', message, { field, expected, found });
}

function corrupt(expected: string, found: string): TessCacheError {
  const message = `light curve blob: expected ${expected}, found ${found}`;
  return new TessCacheError('CORRUPT', message, { expected, found });
}
