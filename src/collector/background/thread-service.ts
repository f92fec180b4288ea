import { messageOf } from "../../base/errors.ts";
import { systemClock } from "../../base/time/clock.ts";
import type { TendingEngine } from "../../pipeline/delivery/engine.ts";
import { composeEngine, type EngineHost } from "../compose.ts";
import {
  type AccessTokenMessage,
  type FromBackground,
  Progress,
  type ToBackground,
} from "./thread-protocol.ts";
import { loadStore } from "../../store/open-store.ts";
import { StoreError } from "../../store/store-error.ts";

/** A token that was asked for on the other thread. */
interface TokenRequest {
  readonly resolve: (token: AccessTokenMessage | null) => void;
  readonly reject: (error: Error) => void;
}

/** The tokens that are asked for on the other thread. */
class TokenRequests {
  readonly #post: (message: FromBackground) => void;
  readonly #waiting = new Map<number, TokenRequest>();
  #id = 0;

  constructor(post: (message: FromBackground) => void) {
    this.#post = post;
  }

  readonly ask: EngineHost["getToken"] = (scopes) => {
    const id = this.#id++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#post({ type: "token", id, scopes: typeof scopes === "string" ? [scopes] : scopes });
    });
  };

  settle({ id, token, error }: Extract<ToBackground, { type: "token" }>): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(token);
    else waiting?.reject(new StoreError(error.failure, error.message, { operation: "token" }));
  }
}

/** What the background thread does: an engine behind messages. Returns what takes those of the host. */
export function createThreadService(
  post: (message: FromBackground) => void,
  compose: typeof composeEngine = composeEngine,
): (message: ToBackground) => void {
  const tokens = new TokenRequests(post);
  let engine: TendingEngine | undefined;
  let progress: Progress | undefined;

  async function start({ spec, progress: memory }: Extract<ToBackground, { type: "start" }>): Promise<void> {
    progress = new Progress(memory);
    // It stops this thread for a while: better now than when frames wait for it.
    await loadStore(spec.config.destination);
    engine = compose(spec, { getToken: tokens.ask, emit: (event) => post({ type: "event", event }) });
    post({ type: "ready" });
  }

  return (message) => {
    switch (message.type) {
      case "start":
        void start(message);
        return;
      case "append": {
        const start = systemClock.monotonic();
        engine?.append(message.batch);
        progress?.reach(message.batch.sequence, systemClock.monotonic() - start);
        return;
      }
      case "deliver":
        engine?.deliver(message.segment);
        return;
      case "rest":
        engine?.rest();
        return;
      case "tend": {
        const tended = engine?.tend(message.near);
        if (tended !== undefined) post({ type: "tended", tended });
        return;
      }
      case "update":
        engine?.update(message.settings);
        return;
      case "flush": {
        const { id, to, deadlineMs } = message;
        engine?.flush(to, deadlineMs).then(
          (report) => post({ type: "flushed", id, report }),
          (thrown: unknown) =>
            post({ type: "flushed", id, report: { pending: undefined, trouble: messageOf(thrown) } }),
        );
        return;
      }
      case "close":
        engine
          ?.close(message.deadlineMs)
          .catch((thrown: unknown) => post({ type: "failed", message: messageOf(thrown) }))
          .finally(() => post({ type: "closed" }));
        return;
      case "token":
        tokens.settle(message);
        return;
      case "ping":
        post({ type: "pong" });
    }
  };
}
