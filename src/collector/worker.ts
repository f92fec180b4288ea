import { parentPort } from "node:worker_threads";
import { asError } from "../base/errors.ts";
import type { Engine } from "../pipeline/engine.ts";
import { composeEngine, loadStore } from "./compose.ts";
import { postedEvents } from "./event-messages.ts";
import { openProgress, type Progress } from "./progress.ts";
import type { AccessTokenMessage, FromBackground, ToBackground } from "./thread-protocol.ts";

/**
 * The background thread: an engine behind a message port. Plumbing only; all that it does is in `Engine`.
 */
const port = parentPort;
if (port === null) throw new Error("worker.ts is started by the background thread's host, not on its own");

const tokens = new Map<
  number,
  { resolve: (token: AccessTokenMessage | null) => void; reject: (error: Error) => void }
>();
let tokenId = 0;
let backend: Engine | undefined;
let progress: Progress | undefined;

function post(message: FromBackground): void {
  port?.postMessage(message);
}

function getToken(scopes: string | string[]): Promise<AccessTokenMessage | null> {
  const id = tokenId++;
  return new Promise((resolve, reject) => {
    tokens.set(id, { resolve, reject });
    post({ type: "token", id, scopes: typeof scopes === "string" ? [scopes] : scopes });
  });
}

async function start({ spec, progress: memory }: Extract<ToBackground, { type: "start" }>): Promise<void> {
  progress = openProgress(memory);
  // It stops this thread for a while: better now than when frames wait for it.
  await loadStore(spec.config.destination);
  backend = composeEngine(spec, { getToken, events: postedEvents(post) });
  post({ type: "ready" });
}

port.on("message", (message: ToBackground) => {
  switch (message.type) {
    case "start":
      void start(message);
      return;
    case "append":
      backend?.append(message.batch);
      progress?.reach(message.batch.sequence);
      return;
    case "deliver":
      backend?.deliver(message.segment);
      return;
    case "update":
      backend?.update(message.settings);
      return;
    case "flush": {
      const { id, to, deadlineMs } = message;
      backend?.flush(to, deadlineMs).then(
        (report) => post({ type: "flushed", id, report }),
        (thrown: unknown) =>
          post({ type: "flushed", id, report: { pending: 1, trouble: asError(thrown).message } }),
      );
      return;
    }
    case "close":
      backend
        ?.close(message.deadlineMs)
        .catch((thrown: unknown) => post({ type: "failed", message: asError(thrown).message }))
        .finally(() => post({ type: "closed" }));
      return;
    case "token": {
      const waiting = tokens.get(message.id);
      tokens.delete(message.id);
      if (message.error === undefined) waiting?.resolve(message.token);
      else waiting?.reject(new Error(message.error));
      return;
    }
    case "ping":
      post({ type: "pong" });
  }
});
