import { parentPort } from "node:worker_threads";
import { greeting } from "./thread-protocol.ts";
import { createThreadService } from "./thread-service.ts";

/**
 * The background thread. Plumbing only; what it does is in `thread-service.ts`. Its file's name is one that
 * no other program's file has: a bundle looks for it beside itself.
 */
const port = parentPort;
if (port === null)
  throw new Error("model-data-collector/worker is started by the package itself, not imported");

port.on(
  "message",
  createThreadService((message) => port.postMessage(message)),
);
port.postMessage(greeting);
