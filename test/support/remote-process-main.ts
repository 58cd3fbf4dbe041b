/** What runs in a remote process: it calls the functions that it is sent. */
import { runInThisContext } from 'node:vm';
import * as tessCache from '../../src/index.js';
import type { Remote } from './remote-process.js';

export type Order =
  | { readonly kind: 'run'; readonly id: number; readonly text: string; readonly args: unknown }
  | { readonly kind: 'go' };

export type Answer =
  | { readonly kind: 'done'; readonly id: number; readonly result: unknown }
  | {
      readonly kind: 'failed';
      readonly id: number;
      readonly name: string;
      readonly message: string;
      readonly code: unknown;
    }
  | { readonly kind: 'said'; readonly message: unknown };

const goers: (() => void)[] = [];
let goes = 0;
const remote: Remote = {
  tessCache,
  say: (message) => {
    answer({ kind: 'said', message });
  },
  go: async () => {
    if (goes > 0) goes--;
    else await new Promise<void>((resolve) => goers.push(resolve));
  },
};

function answer(message: Answer): void {
  process.send!(message);
}

process.on('message', (order: Order) => {
  if (order.kind === 'go') {
    const goer = goers.shift();
    if (goer === undefined) goes++;
    else goer();
    return;
  }
  const act = runInThisContext(`(${order.text})`) as (remote: Remote, args: unknown) => unknown;
  Promise.resolve()
    .then(() => act(remote, order.args))
    .then(
      (result) => {
        answer({ kind: 'done', id: order.id, result });
      },
      (error: unknown) => {
        const { name, message, code } = error as Error & { code?: unknown };
        answer({ kind: 'failed', id: order.id, name, message, code });
      },
    );
});
process.on('disconnect', () => process.exit());

remote.say('ready');
