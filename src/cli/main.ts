#!/usr/bin/env node
/** The tess-cache command: 0 done, 1 something failed or a problem was found, 2 wrong usage, 130 interrupted. */
import { runProgram } from './program.js';

const INTERRUPTED = 130;

// A reader that has seen enough (`| head`) is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
// Once: a second one ends the process on the spot, even where it is busy. The cache bears that.
process.once('SIGINT', () => {
  process.exit(INTERRUPTED);
});

process.exitCode = await runProgram(process.argv.slice(2));
