import { systemClock } from "../base/time/clock.ts";

/** Limits of one call. */
export interface CallLimits {
  /** Milliseconds from now. */
  readonly deadlineMs: number;
  /** The caller's own signal. */
  readonly signal?: AbortSignal | undefined;
  /** Ended calls of a store that is closed. */
  readonly group?: CallGroup;
}

/** The calls of one store that are under way, so that closing it can end them. */
export interface CallGroup {
  readonly controllers: Set<AbortController>;
}

/** The deadline of a call passed, or its {@link CallGroup} was ended. */
export class DeadlineError extends Error {
  override readonly name: string = "DeadlineError";
}

/** Replaces the deadline by one that many milliseconds from now. */
export type Extend = (deadlineMs: number) => void;

/**
 * Runs `call` with a signal that fires at the deadline, when the caller's signal does, or when the group is
 * ended, and settles at that moment even if `call` ignores the signal: some promises (a token request in
 * another library) never settle. The signal also fires when `call` fails. Throws {@link DeadlineError}, or
 * the reason of the caller's signal.
 */
export async function withDeadline<T>(
  call: (signal: AbortSignal, extend: Extend) => Promise<T>,
  limits: CallLimits,
): Promise<T> {
  const { signal, group } = limits;
  signal?.throwIfAborted();
  const controller = new AbortController();
  const ended = new Promise<never>((_, reject) => {
    controller.signal.addEventListener("abort", () => reject(controller.signal.reason), { once: true });
  });
  ended.catch(() => {});
  const onCallerAbort = (): void => controller.abort(signal?.reason);
  signal?.addEventListener("abort", onCallerAbort, { once: true });
  group?.controllers.add(controller);
  let timer: Disposable | undefined;
  const extend: Extend = (deadlineMs) => {
    timer?.[Symbol.dispose]();
    const tooLate = (): void =>
      controller.abort(new DeadlineError(`no answer within ${Math.round(deadlineMs)} ms`));
    // Keeps the process alive like the request it guards: otherwise an awaited call could end the process
    // silently.
    timer = systemClock.setTimer(tooLate, deadlineMs, { keepAlive: true });
  };
  extend(limits.deadlineMs);
  try {
    const running = call(controller.signal, extend);
    // Whoever loses the race has nobody listening.
    running.catch(() => {});
    return await Promise.race([running, ended]);
  } catch (thrown) {
    // What is left of it (an answer that nobody reads on) has nobody waiting.
    controller.abort(thrown);
    throw thrown;
  } finally {
    timer?.[Symbol.dispose]();
    signal?.removeEventListener("abort", onCallerAbort);
    group?.controllers.delete(controller);
  }
}

/** Ends every call of the group. */
export function endCalls(group: CallGroup): void {
  for (const controller of group.controllers) controller.abort(new DeadlineError("the store was closed"));
}

const smallCallDeadlineMs = 15_000;
const slowestBytesPerMs = 65_536 / 1_000;

/** Milliseconds that one attempt may take for so many bytes, where nobody says otherwise. */
export function defaultDeadlineMs(size: number): number {
  return Math.max(smallCallDeadlineMs, size / slowestBytesPerMs);
}
