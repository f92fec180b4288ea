import { parentPort } from "node:worker_threads";
import { createThreadService } from "./thread-service.ts";

/** The background thread. Plumbing only; what it does is in `thread-service.ts`. */
const port = parentPort;
if (port === null) throw new Error("worker.ts is started by the background thread's host, not on its own");

port.on(
  "message",
  createThreadService((message) => port.postMessage(message)),
);
