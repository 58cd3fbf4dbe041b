/** A progress bar on standard error, where that is a terminal and the work takes longer than a moment. */

/** Shorter work needs no bar. */
const MOMENT_MS = 400;

export interface Progress {
  /** @param done how much of the total */
  update(done: number): void;
  /** Takes the bar away: what is written next stands in its place. */
  stop(): void;
}

const NONE: Progress = { update: () => undefined, stop: () => undefined };

/** @param unit of the total, in the plural */
export async function startProgress(doing: string, total: number, unit: string): Promise<Progress> {
  if (!process.stderr.isTTY) return NONE;
  const { SingleBar } = (await import('cli-progress')).default;
  const started = Date.now();
  let bar: InstanceType<typeof SingleBar> | undefined;
  const stop = () => {
    bar?.stop();
  };
  // Where the process is interrupted, too.
  process.once('exit', stop);
  return {
    update(done) {
      if (bar === undefined && Date.now() - started > MOMENT_MS) {
        bar = new SingleBar({
          format: `${doing} {bar} {value}/{total} ${unit}, {eta_formatted} left`,
          barCompleteChar: '█',
          barIncompleteChar: '░',
          barsize: 30,
          stream: process.stderr,
          clearOnComplete: true,
          // Its way to end gracefully would be to go on after a SIGTERM.
          gracefulExit: false,
        });
        bar.start(total, done);
      }
      bar?.update(done);
    },
    stop() {
      process.off('exit', stop);
      stop();
    },
  };
}
