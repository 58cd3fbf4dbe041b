export { TessCacheError, type TessCacheErrorCode, type TessCacheErrorFields } from './errors.js';

// Names
export {
  makeDataRef,
  parseDataRef,
  type DataRef,
  type DataRefOptions,
  type DataRefParts,
} from './ref/data-ref.js';

// Light curves
export { LightCurveData, type LightCurveInit } from './light-curve/light-curve-data.js';
export { LightCurveRef, dataRefOf } from './light-curve/light-curve-ref.js';
export type { HeaderValue, HeaderValues, LightCurveProvenance } from './light-curve/provenance.js';
export type {
  ReadonlyFloat64Array,
  ReadonlyInt32Array,
  ReadonlyUint8Array,
} from './light-curve/typed-arrays.js';

// On disk
export {
  PersistentCache,
  type CacheStats,
  type EntryFilter,
  type Hit,
  type Lookup,
} from './disk/persistent-cache.js';
export { DEFAULT_MAX_BYTES, type PersistentCacheOptions } from './disk/options.js';
export { defaultCacheDir, type CacheLocation } from './disk/location.js';
export type { EntryMetadata } from './disk/entry-metadata.js';
export type { Miss, MissReason } from './disk/reader.js';
export type { Problem, VerifyOptions, VerifyProblem, VerifyReport } from './disk/verify.js';
