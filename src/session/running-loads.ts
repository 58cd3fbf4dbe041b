/** A load or computation from its call until it ends. */
export interface Load {
  /** What it gives; undefined until the function that was called has returned a promise. */
  promise: Promise<unknown> | undefined;
}

/** The loads under way, at most one a name. One that was forgotten runs on, but isn't kept at its end. */
export class RunningLoads {
  readonly #sessions = new Map<string, Map<string, Load>>();

  find(sessionId: string, ref: string): Load | undefined {
    return this.#sessions.get(sessionId)?.get(ref);
  }

  begin(sessionId: string, ref: string): Load {
    const load: Load = { promise: undefined };
    const loads = this.#sessions.get(sessionId);
    if (loads === undefined) this.#sessions.set(sessionId, new Map([[ref, load]]));
    else loads.set(ref, load);
    return load;
  }

  /** @returns whether its value may be kept: it has not been forgotten since it began */
  end(sessionId: string, ref: string, load: Load): boolean {
    if (this.find(sessionId, ref) !== load) return false;
    this.forget(sessionId, ref);
    return true;
  }

  forget(sessionId: string, ref: string): void {
    const loads = this.#sessions.get(sessionId);
    if (loads?.delete(ref) === true && loads.size === 0) this.#sessions.delete(sessionId);
  }

  forgetSession(sessionId: string): void {
    this.#sessions.delete(sessionId);
  }

  forgetAll(): void {
    this.#sessions.clear();
  }
}
