import { TessCacheError } from '../../src/errors.js';
import { LightCurveData } from '../../src/light-curve/light-curve-data.js';

/** A light curve of `n` rows: 29 n bytes of typed arrays. */
export function lightCurve(n = 1, sector = 1): LightCurveData {
  return new LightCurveData({
    time: new Float64Array(n),
    flux: new Float64Array(n),
    fluxErr: new Float64Array(n),
    quality: new Int32Array(n),
    validMask: new Uint8Array(n),
    ticId: 25155310,
    sector,
    cadenceSeconds: 120,
  });
}

export function errorOf(action: () => unknown): TessCacheError {
  try {
    action();
  } catch (error) {
    if (error instanceof TessCacheError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

/** A promise that the test settles. */
export function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}

/** Promise.all for what a function that may be async has given: values or promises. */
export async function all<T>(given: readonly (T | Promise<T>)[]): Promise<T[]> {
  return Promise.all(given.map(async (each) => each));
}
