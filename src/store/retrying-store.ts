import { createBackoff } from "../base/time/backoff.ts";
import type { Clock } from "../base/time/clock.ts";
import { sleep } from "../base/time/wait.ts";
import {
  type DeleteOptions,
  type DeleteResult,
  folderOf,
  type GetOptions,
  type ObjectBody,
  type PutOptions,
  type PutResult,
  type StoreEntry,
  type StoreFolder,
  type UpkeepStore,
} from "./store.ts";
import { StoreError } from "./store-error.ts";

/** How often and how patiently to repeat a read. */
export interface RetryingStoreOptions {
  readonly clock: Clock;
  /** Tries in all, at least 1, without any progress between them. Default 5. */
  readonly maxTries?: number;
  /** Window of the first wait, milliseconds. Default 250. */
  readonly baseDelayMs?: number;
  /** Largest window, milliseconds. Default 10 000. A longer wish of the service ends the tries. */
  readonly maxDelayMs?: number;
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * `store`, whose `get`, `list` and `delete` repeat what fails for a while (a {@link StoreError} that is
 * `transient`). A listing goes on behind the last path it gave. `put` goes through once: whoever delivers
 * repeats it for as long as it takes.
 */
export function createRetryingStore(store: UpkeepStore, options: RetryingStoreOptions): UpkeepStore {
  return new RetryingStore(store, options);
}

class RetryingStore implements UpkeepStore {
  readonly description: string;
  readonly #store: UpkeepStore;
  readonly #options: RetryingStoreOptions;

  constructor(store: UpkeepStore, options: RetryingStoreOptions) {
    this.description = store.description;
    this.#store = store;
    this.#options = options;
  }

  put(path: string, body: ObjectBody, options?: PutOptions): Promise<PutResult> {
    return this.#store.put(path, body, options);
  }

  get(path: string, options?: GetOptions): Promise<Uint8Array> {
    return this.#repeat(() => this.#store.get(path, options), options?.signal);
  }

  async *list(prefix: string, options?: { signal?: AbortSignal }): AsyncIterable<StoreEntry> {
    const pause = this.#pauses(options?.signal);
    let last: string | undefined;
    while (true) {
      try {
        for await (const entry of this.#store.list(prefix, options)) {
          if (last !== undefined && entry.path <= last) continue;
          last = entry.path;
          pause.reset();
          yield entry;
        }
        return;
      } catch (thrown) {
        await pause.after(thrown);
      }
    }
  }

  listFolder(folder: string, options?: { signal?: AbortSignal }): Promise<StoreFolder> {
    return this.#repeat(() => folderOf(this.#store, folder, options), options?.signal);
  }

  delete(path: string, options?: DeleteOptions): Promise<DeleteResult> {
    return this.#repeat(() => this.#store.delete(path, options), options?.signal);
  }

  async replace(path: string, bytes: Uint8Array, options?: { signal?: AbortSignal }): Promise<void> {
    await this.#store.replace?.(path, bytes, options);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  async #repeat<T>(call: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const pause = this.#pauses(signal);
    while (true) {
      try {
        return await call();
      } catch (thrown) {
        await pause.after(thrown);
      }
    }
  }

  #pauses(signal: AbortSignal | undefined): Pauses {
    const { clock, maxTries = 5, baseDelayMs = 250, maxDelayMs = 10_000, random } = this.#options;
    const backoff = createBackoff({ baseMs: baseDelayMs, maxMs: maxDelayMs, ...(random ? { random } : {}) });
    let tries = 0;
    return {
      async after(thrown) {
        tries += 1;
        const passes = thrown instanceof StoreError && thrown.failure === "transient" && !signal?.aborted;
        if (!passes || tries >= maxTries || (thrown.retryAfterMs ?? 0) > maxDelayMs) throw thrown;
        await sleep(clock, backoff.next(thrown.retryAfterMs), signal);
      },
      reset() {
        tries = 0;
        backoff.reset();
      },
    };
  }
}

interface Pauses {
  /** Waits before the next try, or throws what should not be tried again. */
  after(thrown: unknown): Promise<void>;
  reset(): void;
}
