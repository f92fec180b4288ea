import { messageOf } from "../../base/errors.ts";
import type { Engine } from "../../pipeline/delivery/engine.ts";
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

/** What the background thread does: an engine behind messages. Returns what takes those of the host. */
export function createThreadService(
  post: (message: FromBackground) => void,
  compose: typeof composeEngine = composeEngine,
): (message: ToBackground) => void {
  const tokens = new Map<number, TokenRequest>();
  let tokenId = 0;
  let engine: Engine | undefined;
  let progress: Progress | undefined;

  const getToken: EngineHost["getToken"] = (scopes) => {
    const id = tokenId++;
    return new Promise((resolve, reject) => {
      tokens.set(id, { resolve, reject });
      post({ type: "token", id, scopes: typeof scopes === "string" ? [scopes] : scopes });
    });
  };

  async function start({ spec, progress: memory }: Extract<ToBackground, { type: "start" }>): Promise<void> {
    progress = new Progress(memory);
    // It stops this thread for a while: better now than when frames wait for it.
    await loadStore(spec.config.destination);
    engine = compose(spec, { getToken, emit: (event) => post({ type: "event", event }) });
    post({ type: "ready" });
  }

  return (message) => {
    switch (message.type) {
      case "start":
        void start(message);
        return;
      case "append":
        engine?.append(message.batch);
        progress?.reach(message.batch.sequence);
        return;
      case "deliver":
        engine?.deliver(message.segment);
        return;
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
      case "token": {
        const waiting = tokens.get(message.id);
        tokens.delete(message.id);
        const { error, token } = message;
        if (error === undefined) waiting?.resolve(token);
        else waiting?.reject(new StoreError(error.failure, error.message, { operation: "token" }));
        return;
      }
      case "ping":
        post({ type: "pong" });
    }
  };
}
