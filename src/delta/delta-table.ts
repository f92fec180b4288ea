import { randomUUID } from "node:crypto";
import { createBackoff } from "../base/time/backoff.ts";
import { type Clock, systemClock } from "../base/time/clock.ts";
import { sleep } from "../base/time/wait.ts";
import { agent } from "../base/version.ts";
import type { Store } from "../store/store.ts";
import { type Action, commitBytes } from "./actions.ts";
import { writeCheckpoint } from "./checkpoint.ts";
import { type DescribedFile, describeFile, type RefusedFile, type TableFile } from "./described-file.ts";
import type { CommitResult, TableChange } from "./table-change.ts";
import { BusyLogError, UnusableLogError } from "./unusable-log.ts";
import { commitPath } from "./log-paths.ts";
import { LogState } from "./log-state.ts";
import { planCommit } from "./plan-commit.ts";
import { lastCheckpoint, readLog, readOn } from "./read-log.ts";

/** Settings of a {@link DeltaTable}. */
export interface DeltaTableOptions {
  readonly clock?: Clock;
  /** A checkpoint is made every so many commits. Default 100. */
  readonly checkpointEvery?: number;
  /** Commits that one tries before it gives up, for now, because others were quicker. Default 50. */
  readonly maxTries?: number;
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: () => number;
}

const filesAtOnce = 8;

/**
 * The log of one collection's files as a Delta table: the folder `_delta_log` beside the collection's
 * partitions. A commit is one object that is created if nobody has created it; who comes second reads what
 * the first one did, and tries the next version. So any number of processes may commit at once.
 */
export class DeltaTable {
  /** `<endpoint>/<deployment>/<collection>`. */
  readonly folder: string;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #checkpointEvery: number;
  readonly #maxTries: number;
  readonly #random: (() => number) | undefined;
  #state: LogState | undefined;
  /** One commit at a time: they go by the same state. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: Store, folder: string, options: DeltaTableOptions = {}) {
    this.folder = folder;
    this.#store = store;
    this.#clock = options.clock ?? systemClock;
    this.#checkpointEvery = options.checkpointEvery ?? 100;
    this.#maxTries = options.maxTries ?? 50;
    this.#random = options.random;
  }

  /**
   * What the table is now; undefined where there is no log. Throws an `UnusableLogError`, or what the store
   * throws.
   */
  async read(): Promise<LogState | undefined> {
    if (this.#state === undefined) this.#state = await readLog(this.#store, this.folder);
    else await readOn(this.#store, this.folder, this.#state);
    this.#state?.check(this.folder, "read");
    return this.#state;
  }

  /**
   * Does a change in one commit. To do it again is harmless: what is done already is not done twice. Throws
   * an `UnusableLogError` where this version may not commit, a `CommitConflictError` where a file to be
   * removed is not there, and what the store throws; a `StoreError` that is `transient` may have done it all
   * the same.
   */
  commit(change: TableChange): Promise<CommitResult> {
    return this.#next(() => this.#commit(change));
  }

  /**
   * Makes a checkpoint that does not name these removed files, by their paths within the table, any more.
   * Where its newest version has a checkpoint it does nothing: a later time will do. Throws what
   * {@link commit} does.
   */
  forget(removed: ReadonlySet<string>): Promise<void> {
    return this.#next(async () => {
      const state = await this.read();
      if (state === undefined || state.version <= state.checkpoint) return;
      state.check(this.folder, "write");
      if (!(await writeCheckpoint(this.#store, this.folder, state, removed))) return;
      state.checkpointed(state.version);
      for (const path of removed) state.files.delete(path);
    });
  }

  #next<T>(does: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(does);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #commit(change: TableChange): Promise<CommitResult> {
    const { files, refused } = await this.#describe(change.add ?? []);
    const random = this.#random === undefined ? {} : { random: this.#random };
    const backoff = createBackoff({ baseMs: 20, maxMs: 2_000, ...random });
    for (let tries = 0; ; tries++) {
      const state = await this.#current();
      if (state.version < 0 && change.create === false) return { version: undefined, added: [], refused };
      if (state.version >= 0) state.check(this.folder, "write");
      const plan = planCommit(this.folder, state, files, change, this.#clock.now());
      const done = { added: plan.added, refused: [...refused, ...plan.refused] };
      if (plan.actions.length === 0) return { version: undefined, ...done };
      if (await this.#put(state, [this.#info(change), ...plan.actions])) {
        await this.#checkpoint(state);
        return { version: state.version, ...done };
      }
      if (tries >= this.#maxTries)
        throw new BusyLogError(`others commit to the log of ${this.folder} all the time`);
      await sleep(this.#clock, backoff.next());
    }
  }

  async #current(): Promise<LogState> {
    return (await this.read()) ?? new LogState();
  }

  async #describe(
    add: readonly TableFile[],
  ): Promise<{ readonly files: readonly DescribedFile[]; readonly refused: readonly RefusedFile[] }> {
    const state = await this.read();
    const isNew = ({ path }: TableFile): boolean =>
      state?.has(path.slice(this.folder.length + 1)) === undefined;
    const wanted = [...new Map(add.map((file) => [file.path, file])).values()].filter(isNew);
    const described: (DescribedFile | RefusedFile)[] = [];
    for (let at = 0; at < wanted.length; at += filesAtOnce) {
      const some = wanted.slice(at, at + filesAtOnce).map((file) => describeFile(this.#store, file));
      for (const file of await Promise.all(some)) if (file !== undefined) described.push(file);
    }
    return {
      files: described.filter((file) => "add" in file),
      refused: described.filter((file) => "problem" in file),
    };
  }

  /** True if the next version is ours. */
  async #put(state: LogState, actions: readonly Action[]): Promise<boolean> {
    const path = commitPath(this.folder, state.version + 1);
    const result = await this.#store.put(path, commitBytes(actions), { contentType: "application/json" });
    switch (result.status) {
      case "stored":
      case "exists":
        // No two commits are alike, so what is there is this one, whose answer was lost.
        state.advance(actions);
        this.#state = state;
        return true;
      case "conflict":
        return false;
      default:
        throw result.error;
    }
  }

  #info({ operation = "WRITE", add, dataChange = true }: TableChange): Action {
    const parameters = { mode: "Append", files: String(add?.length ?? 0), dataChange: String(dataChange) };
    const info = {
      timestamp: this.#clock.now(),
      operation,
      operationParameters: parameters,
      engineInfo: agent,
    };
    return { commitInfo: { ...info, isBlindAppend: dataChange, txnId: randomUUID() } };
  }

  /**
   * After each so many commits whoever made the last of them makes a checkpoint; if it has died, or the store
   * did not take it, the next one does. A table without is the same table, only slower to open.
   */
  async #checkpoint(state: LogState): Promise<void> {
    const isTurn = state.version > 0 && state.version % this.#checkpointEvery === 0;
    const isLate = (): boolean => state.version - Math.max(0, state.checkpoint) >= this.#checkpointEvery * 2;
    if (!isTurn && !isLate()) return;
    try {
      // Others make them, too: of many processes each one would make its own.
      state.checkpointed((await lastCheckpoint(this.#store, this.folder)) ?? -1);
      if (!isTurn && !isLate()) return;
      if (await writeCheckpoint(this.#store, this.folder, state)) state.checkpointed(state.version);
    } catch (thrown) {
      // The commit is done, whatever becomes of the checkpoint. One that is gone is not built on.
      if (thrown instanceof UnusableLogError) this.#state = undefined;
    }
  }
}
