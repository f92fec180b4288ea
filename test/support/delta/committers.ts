import type { Clock } from "../../../src/base/time/clock.ts";
import type { TableFile } from "../../../src/delta/described-file.ts";
import { DeltaTable } from "../../../src/delta/delta-table.ts";
import { createMemoryStore, type MemoryStore } from "../../../src/store/memory-store.ts";
import { type GetOptions, ObjectNotFoundError, type Store } from "../../../src/store/store.ts";
import { StoreError } from "../../../src/store/store-error.ts";
import { deliver, filePath, table } from "./table-files.ts";

/** What happened while many processes committed. */
export interface CommittersRun {
  readonly store: MemoryStore;
  /** Paths within the table of all files that were delivered. */
  readonly delivered: ReadonlySet<string>;
  readonly crashes: number;
  readonly lostAnswers: number;
  readonly failures: number;
}

/** How much goes wrong. */
export interface Odds {
  readonly committers: number;
  /** Files of each, in one commit after another. */
  readonly files: number;
  /** Of a call of the store, in a thousand: the process dies, the answer is lost, or it fails. */
  readonly crash: number;
  readonly lost: number;
  readonly fail: number;
  readonly checkpointEvery: number;
}

class Crash extends Error {}

/** In a millisecond one in so many of those goes on whose call of the store waits. */
const oneIn = 16;
/** Made once: most calls of committers ask for a commit that is not there yet, and a stack costs more than all else. */
const notFound = new ObjectNotFoundError("there is no such object in the simulation");

/**
 * Many processes commit to one log in a simulated world: each call of the store waits, and who goes on next
 * is drawn by `random`. A process that dies is followed by another one that has its files, as a spool is
 * taken over: it knows nothing of how far the other one came.
 */
export async function runCommitters(
  bytes: Uint8Array,
  odds: Odds,
  random: () => number,
): Promise<CommittersRun> {
  const store = createMemoryStore();
  const waiting: (() => void)[] = [];
  const turn = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
  const happened = { crashes: 0, lostAnswers: 0, failures: 0 };
  const delivered = new Set<string>();
  let nowMs = 1_795_330_800_000;
  const timers = new Map<number, (() => void)[]>();
  const clock: Clock = {
    now: () => nowMs,
    monotonic: () => nowMs,
    setTimer(callback, ms) {
      const at = nowMs + Math.max(1, ms);
      timers.set(at, [...(timers.get(at) ?? []), callback]);
      return { [Symbol.dispose]() {} };
    },
  };
  const happens = (permille: number): boolean => random() * 1000 < permille;
  const broken = (): StoreError =>
    new StoreError("transient", "the connection was cut", { operation: "call" });
  const get = async (path: string, options: GetOptions = {}): Promise<Uint8Array> => {
    const found = store.objects.get(path);
    if (found === undefined) throw notFound;
    return found.bytes.subarray(options.range?.start, options.range?.end);
  };
  /** The store as one process sees it. */
  const seen = (): Store => {
    let isDead = false;
    const call = async <T>(does: () => Promise<T>, isLost: (error: StoreError) => T): Promise<T> => {
      await turn();
      if (isDead || happens(odds.crash)) {
        isDead = true;
        happened.crashes++;
        throw new Crash();
      }
      if (happens(odds.fail)) {
        happened.failures++;
        return isLost(broken());
      }
      const answer = await does();
      if (!happens(odds.lost)) return answer;
      happened.lostAnswers++;
      return isLost(broken());
    };
    const thrown = (error: StoreError): never => {
      throw error;
    };
    return {
      description: "simulated",
      put: (path, body) =>
        call(
          () => store.put(path, body),
          (error) => ({ status: "retryable", class: "transient", error }),
        ),
      get: (path, options) => call(() => get(path, options), thrown),
      list: (prefix) => store.list(prefix),
      replace: (path, body) => call(async () => store.replace!(path, body), thrown),
      close: async () => {},
    };
  };
  const live = async (files: readonly TableFile[]): Promise<void> => {
    for (;;) {
      const log = new DeltaTable(seen(), table, { clock, random, ...odds, maxTries: 10_000 });
      try {
        for (const file of files) await untilDone(() => log.commit({ add: [file] }));
        return;
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      }
    }
  };
  const running = new Set<number>(Array.from({ length: odds.committers }, (_, i) => i));
  let failure: unknown;
  for (let i = 0; i < odds.committers; i++) {
    const names = Array.from({ length: odds.files }, (_, n) => filePath(`process-${i}-file-${n}`, i % 24));
    const files = await Promise.all(names.map((path) => deliver(store, path, bytes)));
    for (const { path } of files) delivered.add(path.slice(table.length + 1));
    live(files)
      .catch((error: unknown) => {
        failure ??= error;
      })
      .finally(() => running.delete(i));
  }
  while (running.size > 0) {
    await new Promise((resolve) => setImmediate(resolve));
    nowMs++;
    for (const callback of timers.get(nowMs) ?? []) callback();
    timers.delete(nowMs);
    for (let more = Math.ceil(waiting.length / oneIn); more > 0; more--) {
      // The last one takes the place of the one that goes: their order says nothing.
      const at = Math.floor(random() * waiting.length);
      const next = waiting[at];
      waiting[at] = waiting.at(-1)!;
      waiting.pop();
      next?.();
    }
  }
  if (failure !== undefined) throw failure;
  return { store, delivered, ...happened };
}

/** As a delivery does: what fails for a while is tried again. */
async function untilDone(commit: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await commit();
      return;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }
}
