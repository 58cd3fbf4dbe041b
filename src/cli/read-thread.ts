/** A thread of read-ahead.ts: takes paths, gives what is in the files, in the same order. */
import { parentPort, workerData } from 'node:worker_threads';
import { TessCacheError } from '../errors.js';
import { readLightCurve } from '../fits/read-light-curve.js';
import type { ReadOptions } from '../fits/read-options.js';
import type { ReadMessage } from './read-ahead.js';

parentPort!.on('message', (path: string) => {
  try {
    const { time, flux, fluxErr, quality, validMask, ticId, sector, cadenceSeconds, provenance } =
      readLightCurve(path, workerData as ReadOptions);
    const init = { time, flux, fluxErr, quality, validMask, ticId, sector, cadenceSeconds, provenance };
    const buffers = [time, flux, fluxErr, quality, validMask].map(
      (array) => (array as Float64Array<ArrayBuffer>).buffer,
    );
    parentPort!.postMessage({ init } satisfies ReadMessage, [...new Set(buffers)]);
  } catch (error) {
    if (!(error instanceof TessCacheError)) throw error;
    const { code, message, expected, found, field, key, path: at, cause } = error;
    parentPort!.postMessage({
      code,
      message,
      fields: { expected, found, field, key, path: at, cause },
    } satisfies ReadMessage);
  }
});
