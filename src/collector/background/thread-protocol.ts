import { systemClock } from "../../base/time/clock.ts";
import { version } from "../../base/version.ts";
import type { BackendSettings, FlushReport, FlushGoal, OutgoingBatch } from "../../pipeline/backend.ts";
import type { EngineEvent } from "../../pipeline/engine-event.ts";
import type { EngineHost, EngineSpec } from "../compose.ts";
import type { SealedSegment, UnsealedSegment } from "../../spool/sealed-segments.ts";
import type { NearFiles, Tended } from "../../spool/spool-writer.ts";
import { tokenError } from "../../store/azure/azure-credential.ts";
import type { StoreError } from "../../store/store-error.ts";

/**
 * What the two threads say to each other. Secrets travel in `start` and `token` only: a message is gone when
 * it is read, while a worker's `workerData` can be inspected for as long as it lives.
 */
export type ToBackground =
  | { readonly type: "start"; readonly spec: EngineSpec; readonly progress: SharedArrayBuffer }
  | { readonly type: "append"; readonly batch: OutgoingBatch }
  | { readonly type: "deliver"; readonly segment: SealedSegment | UnsealedSegment }
  | { readonly type: "rest" }
  | { readonly type: "tend"; readonly near: NearFiles }
  | { readonly type: "update"; readonly settings: BackendSettings }
  | {
      readonly type: "flush";
      readonly id: number;
      readonly to: FlushGoal;
      readonly deadlineMs: number;
    }
  | { readonly type: "close"; readonly deadlineMs: number }
  | {
      readonly type: "token";
      readonly id: number;
      readonly token: AccessTokenMessage | null;
      readonly error?: Pick<StoreError, "failure" | "message">;
    }
  | { readonly type: "ping" };

export interface AccessTokenMessage {
  readonly token: string;
  readonly expiresOnTimestamp: number;
}

export type FromBackground =
  | { readonly type: "ready" }
  | { readonly type: "failed"; readonly message: string }
  | { readonly type: "event"; readonly event: EngineEvent }
  | { readonly type: "flushed"; readonly id: number; readonly report: FlushReport }
  | { readonly type: "closed" }
  | { readonly type: "token"; readonly id: number; readonly scopes: readonly string[] }
  | { readonly type: "tended"; readonly tended: Tended }
  | { readonly type: "pong" };

/** The first word of a background thread, before it is told anything: who it is. */
export const greeting: { readonly type: "hello"; readonly from: string; readonly version: string } = {
  type: "hello",
  from: "model-data-collector",
  version,
};

/**
 * What is wrong with a thread whose first word this is; undefined if it is ours. In a bundle its file may be
 * anybody's, or one that an earlier version of the package left there.
 */
export function greetingFault(word: unknown): string | undefined {
  const { type, from, version: its } = (word ?? {}) as Partial<Record<keyof typeof greeting, unknown>>;
  if (type !== greeting.type || from !== greeting.from) return "its file is another program's";
  return its === version ? undefined : `its file is of version ${String(its)}, not ${version}`;
}

/**
 * Asks the caller's own credential for a token, which cannot cross threads itself, and tells the thread.
 * Never rejects.
 */
export async function answerToken(
  thread: { post(message: ToBackground): void },
  { getToken }: EngineHost,
  { id, scopes }: Extract<FromBackground, { type: "token" }>,
): Promise<void> {
  try {
    const token = await getToken([...scopes]);
    const plain = token && { token: token.token, expiresOnTimestamp: token.expiresOnTimestamp };
    thread.post({ type: "token", id, token: plain });
  } catch (thrown) {
    const { failure, message } = tokenError(thrown);
    thread.post({ type: "token", id, token: null, error: { failure, message } });
  }
}

/** A write that takes longer than this waits for a disk, milliseconds. */
const quickMs = 2;

/** How far the background thread has come, in memory shared by both threads. */
export class Progress {
  /** What the other thread makes its own `Progress` of: the last batch, and {@link Progress.quickAppends}. */
  readonly memory: SharedArrayBuffer;
  readonly #cell: BigInt64Array;

  /**
   * @param memory of another thread's `Progress`; without it, this is the first one, and nothing has been
   * reached.
   */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#cell = new BigInt64Array(memory);
  }

  /** All batches up to `sequence` have been dealt with, the last in so many milliseconds. */
  reach(sequence: number, tookMs: number): void {
    Atomics.store(this.#cell, 0, BigInt(sequence));
    Atomics.notify(this.#cell, 0);
    if (tookMs > quickMs) Atomics.store(this.#cell, 1, 0n);
    else Atomics.add(this.#cell, 1, 1n);
  }

  /** How many batches were dealt with quickly since the last one that was not. */
  get quickAppends(): number {
    return Number(Atomics.load(this.#cell, 1));
  }

  /**
   * Blocks this thread until `sequence` is reached or `timeoutMs` have passed; returns the last batch dealt
   * with.
   */
  waitFor(sequence: number, timeoutMs: number): number {
    const end = systemClock.monotonic() + timeoutMs;
    for (;;) {
      const now = Number(Atomics.load(this.#cell, 0));
      const left = end - systemClock.monotonic();
      if (now >= sequence || left <= 0) return now;
      Atomics.wait(this.#cell, 0, BigInt(now), left);
    }
  }
}
