import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import { connect } from "node:net";
import { asError } from "../base/errors.ts";
import { once } from "../base/once.ts";
import { systemClock } from "../base/time/clock.ts";
import { agentPath } from "../layout/agent-protocol.ts";
import type { OutgoingFrame, Sender, SendResult } from "./sender.ts";

/** Where the agent listens. */
export interface AgentAddress {
  readonly host: string;
  readonly port: number;
}

/** How long an answer may take; default 10,000 ms, and a second more for each MiB of the body. */
export interface LocalAgentOptions {
  readonly timeoutMs?: number;
}

/** Of an answer nobody reads more than this; bytes. */
const maxAnswerBytes = 64 * 1024;
const bytesPerSecond = 1024 * 1024;

/** Loaded when the first frame is sent: most services send none, and importing the package is to be quick. */
const loadHttp = once(() => import("node:http"));

/**
 * The local agent of an Azure ML endpoint's data collector, over HTTP/1.1 without authentication, on one
 * connection. Any 2xx is success, as for the Python package `azureml-ai-monitoring` 0.1.0, which knows no
 * time limit and no second try. What the agent answers otherwise is documented nowhere: what says "not this
 * one" (400, 413, 422, 431) is `rejected`; 408, 425, 429 and all from 500 on are passing; the rest is
 * somebody's to mend.
 */
export class LocalAgent implements Sender {
  readonly description: string;
  readonly #address: AgentAddress;
  readonly #timeoutMs: number;
  #connections: Agent | undefined;

  constructor(address: AgentAddress, { timeoutMs = 10_000 }: LocalAgentOptions = {}) {
    const { host, port } = address;
    this.#address = address;
    this.#timeoutMs = timeoutMs;
    this.description = `the Azure ML agent at ${host.includes(":") ? `[${host}]` : host}:${port}`;
  }

  async send(frame: OutgoingFrame, signal?: AbortSignal): Promise<SendResult> {
    const first = await this.#post(frame, signal);
    // The agent had closed a connection that was kept: that tells nothing about the agent.
    return first === "stale" ? asResult(await this.#post(frame, signal)) : first;
  }

  async probe(signal?: AbortSignal): Promise<SendResult> {
    const socket = connect(this.#address);
    const end = this.#deadline(this.#timeoutMs, signal, (error) => socket.destroy(error));
    const result = await new Promise<SendResult>((resolve) => {
      socket.once("connect", () => resolve({ status: "sent" }));
      socket.once("error", (error) => resolve(passing(error)));
    });
    end();
    socket.destroy();
    return result;
  }

  close(): void {
    this.#connections?.destroy();
  }

  async #post(frame: OutgoingFrame, signal: AbortSignal | undefined): Promise<SendResult | "stale"> {
    const { headers, size } = frame;
    const http = await loadHttp();
    this.#connections ??= new http.Agent({ keepAlive: true, maxSockets: 1, keepAliveMsecs: 10_000 });
    const outgoing = http.request({
      ...this.#address,
      agent: this.#connections,
      method: "POST",
      path: agentPath,
      headers: { ...headers, "Content-Length": size },
    });
    const limitMs = this.#timeoutMs + (size / bytesPerSecond) * 1000;
    const end = this.#deadline(limitMs, signal, (error) => outgoing.destroy(error));
    try {
      return await new Promise((resolve, reject) => {
        let answer: IncomingMessage | undefined;
        outgoing.once("response", (response) => {
          answer = response;
          readAway(response, () => resolve(resultOf(response)));
        });
        outgoing.once("error", (error: NodeJS.ErrnoException) => {
          const stale = outgoing.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
          // An answer that began says what became of the frame, however it ends.
          if (answer !== undefined) resolve(resultOf(answer));
          else resolve(stale ? "stale" : passing(error));
        });
        writeBody(outgoing, frame).catch((thrown: unknown) => {
          reject(asError(thrown));
          outgoing.destroy();
        });
      });
    } finally {
      end();
      // It answered before it had read everything.
      if (!outgoing.writableFinished) outgoing.destroy();
    }
  }

  /** Calls `give` when it is over; whoever comes in time calls what is returned. */
  #deadline(limitMs: number, signal: AbortSignal | undefined, give: (error: Error) => void): () => void {
    const timer = systemClock.setTimer(
      () => give(new Error(`no answer within ${Math.ceil(limitMs / 1000)} s`)),
      limitMs,
    );
    const stop = (): void => give(new Error("it was stopped"));
    if (signal?.aborted === true) stop();
    signal?.addEventListener("abort", stop, { once: true });
    return () => {
      timer[Symbol.dispose]();
      signal?.removeEventListener("abort", stop);
    };
  }
}

async function writeBody(outgoing: ClientRequest, frame: OutgoingFrame): Promise<void> {
  for await (const piece of frame.open()) {
    if (outgoing.destroyed) return;
    // A copy, for the piece will not last as long as it may wait.
    if (outgoing.write(new Uint8Array(piece))) continue;
    await new Promise<void>((resolve) => {
      outgoing.once("drain", resolve);
      outgoing.once("close", resolve);
    });
  }
  outgoing.end();
}

/** Reads an answer's body, of which nothing is wanted, so that the connection is free for the next. */
function readAway(response: IncomingMessage, done: () => void): void {
  let bytes = 0;
  response.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) response.destroy();
  });
  response.once("close", done);
}

function resultOf({ statusCode = 0, headers }: IncomingMessage): SendResult {
  if (statusCode >= 200 && statusCode < 300) return { status: "sent" };
  const error = new Error(`it answered ${statusCode}`);
  if (refusals.has(statusCode)) return { status: "rejected", error };
  const isPassing = statusCode >= 500 || patience.has(statusCode);
  if (!isPassing) return { status: "retryable", class: "configuration", error };
  const seconds = Number(headers["retry-after"]);
  const asked = seconds > 0 && seconds < 3600 ? { retryAfterMs: seconds * 1000 } : {};
  return { status: "retryable", class: "transient", error, ...asked };
}

const refusals: ReadonlySet<number> = new Set([400, 413, 422, 431]);
const patience: ReadonlySet<number> = new Set([408, 425, 429]);

function asResult(result: SendResult | "stale"): SendResult {
  return result === "stale" ? passing(new Error("it closes connections at once")) : result;
}

function passing(error: NodeJS.ErrnoException): SendResult {
  const { code } = error;
  const text = code === undefined ? error.message : (reasons[code] ?? code);
  return { status: "retryable", class: "transient", error: new Error(text) };
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody listens there (ECONNREFUSED)",
  ECONNRESET: "it closed the connection (ECONNRESET)",
  ENOTFOUND: "there is no such host (ENOTFOUND)",
};
