export { TessCacheError, type TessCacheErrorCode, type TessCacheErrorFields } from './errors.js';
