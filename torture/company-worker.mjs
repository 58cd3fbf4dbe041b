/** A process of several threads that share a cache directory: passes on what they are told, and what they answer. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const { module, process: name, threads, seed } = JSON.parse(process.argv[2]);
const workers = Array.from({ length: threads }, (_, thread) => {
  const workerData = { module, by: `${name}.${thread}`, seed: seed + thread };
  return new Worker(new URL('company-thread.mjs', import.meta.url), { workerData });
});
await Promise.all(workers.map((worker) => once(worker, 'message')));
for (const worker of workers) worker.on('message', (answer) => process.send?.(answer));
process.on('message', (/** @type {{ thread: number }} */ order) => workers[order.thread].postMessage(order));
process.on('disconnect', () => process.exit());
process.send?.({ id: -1 });
