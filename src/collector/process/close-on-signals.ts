import { constants } from "node:os";
import { systemClock } from "../../base/time/clock.ts";
import { wrongKind, wrongValue } from "../../base/errors.ts";
import { oneOf, optionsOf, type Parser, parseFields } from "../../base/fields.ts";
import { closeAll, saveAll } from "./shutdown-hooks.ts";
import { parseDeadline } from "../flush/flush-options.ts";

/** A signal that ends a process which does not listen to it. `SIGBREAK` exists on Windows only. */
export type ClosingSignal = "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGQUIT" | "SIGUSR2" | "SIGBREAK";

/** Which signals, and how long closing may take. */
export interface CloseOnSignalsOptions {
  /** Which signals; default `["SIGTERM", "SIGINT"]`. */
  readonly signals?: readonly ClosingSignal[] | undefined;
  /**
   * Milliseconds for delivering what is left, 0 to 2,147,483,647; default 10,000. What is not delivered by
   * then stays in the spool. Keep it below the time after which your platform kills (Kubernetes:
   * `terminationGracePeriodSeconds`).
   */
  readonly deadlineMs?: number | undefined;
}

/**
 * Has the process's signals close every open deployment of it, the process's own too, before they take
 * effect. Without a call of this, no signal is listened to, and one that ends the process leaves to the next
 * process what is in the spool.
 *
 * Afterwards the signal is raised again, so that the process ends as it would have ended without this: by
 * that signal. (As the first process of a container, which the kernel shields from its own signals, it ends
 * with the exit code 128 + the signal's number.) If you listen to the signal yourself, it is not raised
 * again: ending the process is your listener's decision. A second signal does not wait for the delivery: what
 * is in memory is put into the spool, and the process ends at once, if you do not listen to it yourself.
 *
 * Dispose to listen no more. Throws a `TypeError` or `RangeError` that names the option that is wrong. In a
 * worker thread, where Node delivers no signals, it does nothing.
 *
 * @example
 * ```ts
 * import { closeOnSignals } from "model-data-collector";
 *
 * closeOnSignals({ deadlineMs: 5_000 });
 * ```
 */
export function closeOnSignals(options: CloseOnSignalsOptions = {}): Disposable {
  const parsed = parseFields<CloseOnSignalsOptions>(options, optionsOf("closeOnSignals"), {
    signals: parseSignals,
    deadlineMs: parseDeadline,
  });
  return new SignalWatch(parsed.signals ?? ["SIGTERM", "SIGINT"], parsed.deadlineMs ?? 10_000);
}

/**
 * Marks our listeners, so that two copies of this package in one process do not take each other for the host.
 */
const mark = Symbol.for("model-data-collector.signal-listener");

class SignalWatch implements Disposable {
  readonly #signals: readonly ClosingSignal[];
  readonly #deadlineMs: number;
  readonly #listener: (signal: NodeJS.Signals) => void;
  #closing = false;

  constructor(signals: readonly ClosingSignal[], deadlineMs: number) {
    this.#signals = signals;
    this.#deadlineMs = deadlineMs;
    this.#listener = Object.assign((signal: NodeJS.Signals) => this.#heard(signal), { [mark]: true });
    // In front, because a listener of the host's that is to be called once is gone when those behind it are
    // called.
    for (const signal of signals) process.prependListener(signal, this.#listener);
  }

  [Symbol.dispose](): void {
    for (const signal of this.#signals) process.off(signal, this.#listener);
  }

  #heard(signal: NodeJS.Signals): void {
    const isHosts = hostListens(signal);
    if (this.#closing) {
      if (isHosts) return;
      saveAll();
      raise(signal);
      return;
    }
    this.#closing = true;
    void closeAll(this.#deadlineMs).then(() => {
      this.#closing = false;
      if (!isHosts && !hostListens(signal)) raise(signal);
    });
  }
}

/**
 * Has signals that end the process put what is in memory into the spool before they do: for a process whose
 * own code asks for nothing. While anybody else listens to the signal, what becomes of the process is theirs.
 * @internal
 */
export function saveOnSignals(): void {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const listener = (): void => {
      if (process.listeners(signal).some((other) => !(savingMark in other))) return;
      saveAll();
      raise(signal);
    };
    process.prependListener(signal, Object.assign(listener, { [mark]: true, [savingMark]: true }));
  }
}

/** Marks those of {@link saveOnSignals}, of which two copies of this package may have one each. */
const savingMark = Symbol.for("model-data-collector.saving-listener");

function hostListens(signal: NodeJS.Signals): boolean {
  return process.listeners(signal).some((listener) => !(mark in listener));
}

/** Lets the signal do what it would have done without us. */
function raise(signal: NodeJS.Signals): void {
  for (const listener of process.listeners(signal)) process.off(signal, listener);
  process.kill(process.pid, signal);
  // Still here: the kernel drops what the first process of a container has no listener for.
  const exitCode = 128 + constants.signals[signal];
  // The signal was to end this process, and nothing else would.
  // oxlint-disable-next-line unicorn/no-process-exit
  systemClock.setTimer(() => process.exit(exitCode), survivedMs, { keepAlive: true });
}

/** A signal to oneself takes effect before this, if it does at all. */
const survivedMs = 1_000;

const parseSignal = oneOf<ClosingSignal>("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR2", "SIGBREAK");

const parseSignals: Parser<readonly ClosingSignal[]> = (value, where) => {
  if (!Array.isArray(value)) throw wrongKind(where, "an array of signals", value);
  if (value.length === 0) throw wrongValue(where, "at least one signal", value);
  return [...new Set(value.map((signal, index) => parseSignal(signal, `${where}[${index}]`)))];
};
