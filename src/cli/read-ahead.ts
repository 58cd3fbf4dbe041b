/** Light curves from files, one after the other, while threads of their own read the next ones. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { TessCacheError, type TessCacheErrorCode, type TessCacheErrorFields } from '../errors.js';
import { readLightCurve } from '../fits/read-light-curve.js';
import type { ReadOptions } from '../fits/read-options.js';
import { LightCurveData, type LightCurveInit } from '../light-curve/light-curve-data.js';
import type { FitsFile } from './fits-files.js';

export interface ReadFile {
  readonly path: string;
  /** What is in the file, or why it can't be had. */
  readonly content: LightCurveData | TessCacheError;
}

/** What a thread sends back: `LightCurveData` and `TessCacheError` would arrive without their classes. */
export type ReadMessage =
  | { readonly init: LightCurveInit }
  | { readonly code: TessCacheErrorCode; readonly message: string; readonly fields: TessCacheErrorFields };

/** Fewer files are read before a thread has started. */
const WORTH_THREADS = 16;
/** Putting what one thread has read takes half as long as reading it; more than this many would wait. */
const MOST_THREADS = 3;
/** Files that a thread has read or is asked to read: it bounds the memory. */
const AHEAD = 2;

/** In the order of `files`, whichever is read first. */
export async function* readAhead(files: readonly FitsFile[], options: ReadOptions): AsyncGenerator<ReadFile> {
  const spareCores = availableParallelism() - 1;
  if (files.length < WORTH_THREADS || spareCores === 0) {
    for (const { path, error } of files) yield { path, content: error ?? readHere(path, options) };
    return;
  }
  const threads = Array.from({ length: Math.min(spareCores, MOST_THREADS) }, () => new ReadThread(options));
  const reading: Promise<ReadFile['content']>[] = [];
  let next = 0;
  try {
    for (const { path } of files) {
      while (next < files.length && reading.length < AHEAD * threads.length) {
        const content = threads[next % threads.length].read(files[next]);
        // It is awaited later, or not at all where the caller has had enough.
        content.catch(() => undefined);
        reading.push(content);
        next++;
      }
      yield { path, content: await reading.shift()! };
    }
  } finally {
    for (const thread of threads) thread.stop();
  }
}

function readHere(path: string, options: ReadOptions): ReadFile['content'] {
  try {
    return readLightCurve(path, options);
  } catch (error) {
    if (error instanceof TessCacheError) return error;
    throw error;
  }
}

class ReadThread {
  readonly #worker: Worker;
  /** Of the files asked for, in order: answers come in the same. */
  readonly #waiting: { resolve: (content: ReadFile['content']) => void; reject: (error: Error) => void }[] =
    [];

  constructor(options: ReadOptions) {
    this.#worker = new Worker(new URL('./read-thread.js', import.meta.url), { workerData: options });
    this.#worker.on('message', (message: ReadMessage) => this.#waiting.shift()?.resolve(contentOf(message)));
    this.#worker.on('error', (error) => {
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
  }

  /** @throws what the thread died of: a fault in the program */
  async read({ path, error }: FitsFile): Promise<ReadFile['content']> {
    if (error !== undefined) return error;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(path);
    });
  }

  stop(): void {
    void this.#worker.terminate();
  }
}

function contentOf(message: ReadMessage): ReadFile['content'] {
  if ('init' in message) return new LightCurveData(message.init);
  return new TessCacheError(message.code, message.message, message.fields);
}
