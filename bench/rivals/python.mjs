// Rivals in Python: a process that does as it is told, a line of JSON for a line of JSON, and times itself.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../python/rivals.py', import.meta.url));
/** Debian's Python sees Debian's packages; one that stands before it in the path may not. */
const PYTHONS = ['/usr/bin/python3', 'python3'];

export class PythonWorker {
  #child;
  #lines;
  #failure;

  /** @throws Error with Python's own words, where the module isn't installed */
  static async start(moduleName) {
    let failure;
    for (const python of PYTHONS) {
      const worker = new PythonWorker(python);
      try {
        const version = await worker.ask({ op: 'import', module: moduleName });
        return { worker, version };
      } catch (error) {
        failure ??= error;
        worker.stop();
      }
    }
    throw failure;
  }

  constructor(python) {
    this.#child = spawn(python, [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#failure = new Promise((_, reject) => {
      this.#child.on('error', reject);
      this.#child.on('exit', (code) => reject(new Error(`${python} ended with ${code}`)));
    });
    this.#failure.catch(() => undefined);
    this.#child.stdin.on('error', () => undefined);
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async ask(request) {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await Promise.race([this.#lines.next(), this.#failure]);
    if (done) return this.#failure;
    const { result, error } = JSON.parse(value);
    if (error !== undefined) throw new Error(error);
    return result;
  }

  stop() {
    this.#child.kill();
  }
}

const MODULES = { diskcache: 'diskcache', 'diskcache-lru': 'diskcache', joblib: 'joblib' };
const NOTES = { diskcache: '', 'diskcache-lru': ' with LRU', joblib: '' };

/** Opens a store of python/rivals.py. */
export function pythonStore(store) {
  return async (dir, payload) => {
    const { worker, version } = await PythonWorker.start(MODULES[store]);
    const path = join(dir, 'payload.bin');
    writeFileSync(path, payload);
    await worker.ask({ op: 'open', store, dir: join(dir, 'cache'), payload: path });
    return {
      name: `${version}${NOTES[store]}`,
      puts: (keys) => worker.ask({ op: 'put', keys }),
      gets: (keys) => worker.ask({ op: 'get', keys }),
      ...(store === 'joblib' ? {} : diskcacheOnly(worker)),
      close: async () => worker.stop(),
    };
  };
}

function diskcacheOnly(worker) {
  return {
    fill: (keys) => worker.ask({ op: 'fill', keys }),
    evictingPuts: (keys) => worker.ask({ op: 'evicting_put', keys }),
    lists: () => worker.ask({ op: 'list' }),
  };
}
