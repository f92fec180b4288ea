/** What a background thread does instead of its work, and what the clocks of its process do. */
export interface ThreadFault {
  readonly kind?: "throw" | "reject" | "exit" | "loop" | "out-of-memory" | undefined;
  /** Milliseconds after the thread's start; default 200. */
  readonly afterMs?: number;
  /** So many threads, one after the other, misbehave; the next one is well. */
  readonly times?: number;
  /**
   * The clock is set off by each of these in turn, for 300 ms each; the monotonic clock goes on as it was.
   */
  readonly clockJumpsMs?: readonly number[];
}

/** Does it. */
export function misbehave(kind: ThreadFault["kind"]): void {
  switch (kind) {
    case "throw":
      throw new Error("thrown on purpose");
    case "reject":
      void Promise.reject(new Error("rejected on purpose"));
      return;
    case "exit":
      process.exit(3);
      return;
    case "loop":
      for (;;);
    case "out-of-memory": {
      // In small pieces: where one allocation takes all that is left at once, V8 ends the whole process.
      const hoard: { first: unknown } = { first: undefined };
      for (;;) hoard.first = { next: hoard.first, some: Array.from({ length: 10 }, (_, n) => n) };
    }
    case undefined:
  }
}

/** Sets the wall clock of this thread off, in turn. */
export function jumpingClock(jumpsMs: readonly number[]): void {
  if (jumpsMs.length === 0) return;
  const RealDate = Date;
  const offset = (): number => jumpsMs[Math.floor(performance.now() / 300) % jumpsMs.length] ?? 0;
  const shifted = (real: DateConstructor): number => real.now() + offset();
  // Bound, it looks like the engine's: the code under test takes no other.
  const now = shifted.bind(undefined, RealDate);
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, given: unknown[], newTarget) =>
      Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget) as object,
    get: (target, name, receiver) =>
      name === "now" ? now : (Reflect.get(target, name, receiver) as unknown),
  });
}
