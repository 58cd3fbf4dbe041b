/** Processes of their own, that do what a test sends them: real company for the process of the test. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type * as tessCache from '../../src/index.js';
import type { Answer, Order } from './remote-process-main.js';
import { compiledSources } from './source-files.js';

/** What a function that is sent to another process can use there. */
export interface Remote {
  readonly tessCache: typeof tessCache;
  /** Tells the test something while the function runs. */
  readonly say: (message: unknown) => void;
  /** Resolves when the test says `go`. */
  readonly go: () => Promise<void>;
}

export class RemoteProcess {
  readonly #child: ChildProcess;
  readonly #said: unknown[] = [];
  #wake: () => void = () => undefined;
  #orders = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (answer: Answer) => {
      if (answer.kind !== 'said') return;
      this.#said.push(answer.message);
      this.#wake();
    });
  }

  /** To be called within a test; the process ends with it, if it has not before. */
  static async start(environment: Record<string, string> = {}): Promise<RemoteProcess> {
    const main = join(compiledSources(), 'test', 'support', 'remote-process-main.js');
    const env = { ...process.env, ...environment };
    const child = fork(main, { serialization: 'advanced', env, execArgv: [] });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    await once(child, 'message');
    return new RemoteProcess(child);
  }

  static async startMany(count: number): Promise<RemoteProcess[]> {
    return Promise.all(Array.from({ length: count }, async () => RemoteProcess.start()));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /**
   * Calls `act` in the other process.
   *
   * @param act stands alone: it may use its arguments and what every process of Node has, and nothing else
   * @throws an error with the name, message and code of the one that `act` throws; one of code KILLED where the
   *   process ends before
   */
  async run<A, R>(act: (remote: Remote, args: A) => R, args?: A): Promise<Awaited<R>> {
    const id = this.#orders++;
    const order: Order = { kind: 'run', id, text: act.toString(), args };
    return new Promise<Awaited<R>>((resolve, reject) => {
      const listen = (answer: Answer) => {
        if (answer.kind === 'said' || answer.id !== id) return;
        this.#child.off('message', listen);
        if (answer.kind === 'done') resolve(answer.result as Awaited<R>);
        else reject(Object.assign(new Error(answer.message), { name: answer.name, code: answer.code }));
      };
      this.#child.on('message', listen);
      this.#child.once('exit', () => {
        reject(Object.assign(new Error('the process has ended'), { code: 'KILLED' }));
      });
      this.#child.send(order);
    });
  }

  go(): void {
    this.#child.send({ kind: 'go' } satisfies Order);
  }

  /** The next thing that it says. */
  async said(): Promise<unknown> {
    while (this.#said.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#said.shift();
  }

  /** Sends a signal; with SIGKILL, resolves when the process has ended. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    if (signal === 'SIGKILL') await ended;
  }
}
