// The types need Node's own, whatever the `types` of the project that imports them.
/// <reference types="node" preserve="true" />

// The public names, in the order in which data flows.
export { TessCacheError, type TessCacheErrorCode, type TessCacheErrorFields } from './errors.js';
export type { CacheEventName, CacheEvents, Listener, Tier } from './events.js';

// Names
export {
  makeDataRef,
  parseDataRef,
  type DataRef,
  type DataRefOptions,
  type DataRefParts,
} from './ref/data-ref.js';
export {
  makeProductRef,
  parseProductRef,
  type ProductInit,
  type ProductRef,
  type ProductRefParts,
} from './ref/product-ref.js';
export type { NearName } from './ref/nearest.js';

// Light curves
export { LightCurveData, type LightCurveInit } from './light-curve/light-curve-data.js';
export { LightCurveRef, dataRefOf } from './light-curve/light-curve-ref.js';
export type { HeaderValue, HeaderValues, LightCurveProvenance } from './light-curve/provenance.js';
export type {
  ReadonlyFloat64Array,
  ReadonlyInt32Array,
  ReadonlyUint8Array,
} from './light-curve/typed-arrays.js';

// In memory
export { SessionCache, type SessionCacheOptions, type SessionCacheStats } from './session/session-cache.js';

// FITS files
export { looksLikeFits, readLightCurve } from './fits/read-light-curve.js';
export { DEFAULT_QUALITY_MASK, type ReadOptions } from './fits/read-options.js';

// On disk
export type { Lineage, LineageInput, LineageRecord } from './codec/lineage.js';
export {
  PersistentCache,
  type EntryFilter,
  type Hit,
  type Lookup,
  type PinOptions,
} from './disk/persistent-cache.js';
export { DEFAULT_MAX_BYTES, type PersistentCacheOptions } from './disk/options.js';
export { defaultCacheDir, type CacheLocation } from './disk/location.js';
export type { EntryMetadata } from './disk/entry-metadata.js';
export type { Explanation } from './disk/explain.js';
export type { FileSystem } from './disk/file-system.js';
export type { HistoryEvent, HistoryFilter } from './disk/history.js';
export type { Pin } from './disk/pins.js';
export type { Miss, MissReason } from './disk/reader.js';
export type { CacheStats } from './disk/stats.js';
export type { Problem, VerifyOptions, VerifyProblem, VerifyReport } from './disk/verify.js';
export type { PutOptions } from './disk/writer.js';

// Memory before disk before the function that makes the value
export {
  TessCache,
  openCache,
  type CallOptions,
  type Compute,
  type Loader,
  type MakeContext,
  type ProductSpec,
  type TierStats,
} from './tiers/tess-cache.js';
export type { CacheMode, OpenCacheOptions } from './tiers/options.js';
