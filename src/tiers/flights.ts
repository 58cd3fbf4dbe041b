/**
 * Single flight: while a value is being made, whoever else asks for it waits for the same one. One for the whole
 * process, however often the package is loaded.
 *
 * Each caller may give up on its own; what makes the value is told to stop when the last has.
 */

interface Flight {
  readonly value: Promise<unknown>;
  readonly abort: AbortController;
  waiting: number;
}

const SLOT = Symbol.for('tess-cache.flights/1');

function flights(): Map<string, Flight> {
  const holder = globalThis as { [SLOT]?: Map<string, Flight> };
  return (holder[SLOT] ??= new Map<string, Flight>());
}

export interface Landed<T> {
  readonly value: T;
  /** Whether another caller had started it. */
  readonly joined: boolean;
}

/**
 * @param name of the value, in this process
 * @param make called where nobody is making it; its failure is everybody's
 * @param signal of this caller alone
 * @throws what `make` throws, or the signal's reason
 */
export async function shareFlight<T>(
  name: string,
  make: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<Landed<T>> {
  signal?.throwIfAborted();
  const running = flights().get(name);
  const flight = running ?? start(name, make);
  return { value: (await waitFor(name, flight, signal)) as T, joined: running !== undefined };
}

function start(name: string, make: (signal: AbortSignal) => Promise<unknown>): Flight {
  const abort = new AbortController();
  const flight: Flight = { value: make(abort.signal), abort, waiting: 0 };
  flights().set(name, flight);
  const land = () => {
    end(name, flight);
  };
  flight.value.then(land, land);
  return flight;
}

function end(name: string, flight: Flight): void {
  if (flights().get(name) === flight) flights().delete(name);
}

async function waitFor(name: string, flight: Flight, signal: AbortSignal | undefined): Promise<unknown> {
  flight.waiting++;
  let giveUp: (() => void) | undefined;
  try {
    if (signal === undefined) return await flight.value;
    const aborted = new Promise<never>((_, reject) => {
      giveUp = () => {
        reject(signal.reason as Error);
      };
      // It may have happened while the flight was started.
      if (signal.aborted) giveUp();
      signal.addEventListener('abort', giveUp, { once: true });
    });
    return await Promise.race([flight.value, aborted]);
  } finally {
    flight.waiting--;
    if (giveUp !== undefined) signal?.removeEventListener('abort', giveUp);
    if (flight.waiting === 0 && signal?.aborted === true) {
      // Nobody waits any more: who asks from now on starts anew.
      end(name, flight);
      flight.abort.abort(signal.reason);
    }
  }
}
