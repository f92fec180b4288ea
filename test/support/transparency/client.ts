import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Abort, Header, Plan, PlannedExchange } from "./plan.ts";
import { readResponses } from "./wire.ts";

/** The longest that a client waits for anything to happen, milliseconds: no handler takes so long. */
const maxSilenceMs = 5_000;
/** The longest that one waits before it leaves, if less comes than it wants, milliseconds. */
const maxWaitMs = 100;

/** What a client saw of one connection. */
export interface Heard {
  readonly received: Buffer;
  /** The client went away as planned, before all was there. */
  readonly aborted: boolean;
  /** Nothing happened for too long. */
  readonly stuck: boolean;
}

/** The name by which the handler, the rows and the plan find together. */
export function labelOf(prefix: string, index: number): string {
  return `${prefix}-${index}`;
}

/** Plays a plan's client against a server. */
export async function play(port: number, plan: Plan, prefix: string): Promise<Heard> {
  const client = new Client(connect({ port, host: "127.0.0.1" }), plan);
  const last = plan.exchanges.length - 1;
  for (const [i, exchange] of plan.exchanges.entries()) {
    if (client.over) break;
    const bytes = requestBytes(exchange, labelOf(prefix, i), i === last);
    const abort = i === last ? plan.abort : undefined;
    await client.send(bytes, abort);
    if (exchange.answer.upgrade !== undefined) await client.converse(Buffer.concat(exchange.body));
    else if (!plan.pipelined || i === last) await client.answers(i + 1);
  }
  return client.leave();
}

class Client {
  readonly #socket: Socket;
  readonly #plan: Plan;
  readonly #methods: readonly string[];
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #aborted = false;
  #stuck = false;
  over = false;
  #changed: () => void = () => {};

  constructor(socket: Socket, plan: Plan) {
    this.#socket = socket;
    this.#plan = plan;
    this.#methods = plan.exchanges.map(({ method }) => method);
    socket.setNoDelay();
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      this.#chunks.push(chunk);
      this.#size += chunk.length;
      if (plan.slowReader) {
        socket.pause();
        setTimeout(() => socket.resume(), 1);
      }
      this.#changed();
    });
    for (const event of ["end", "close"] as const)
      socket.on(event, () => {
        this.over = true;
        this.#changed();
      });
  }

  async send(bytes: Buffer, abort: Abort | undefined): Promise<void> {
    const all = abort?.of === "request" ? bytes.subarray(0, Math.floor(abort.at * bytes.length)) : bytes;
    const cuts = this.#plan.cuts.map((cut) => Math.floor(cut * all.length)).sort((a, b) => a - b);
    let from = 0;
    for (const to of [...cuts, all.length]) {
      if (this.#socket.destroyed) return;
      if (to > from) await new Promise((done) => this.#socket.write(all.subarray(from, to), done));
      if (to < all.length) await sleep(this.#plan.cutMs);
      from = to;
    }
    if (abort?.of === "request") this.#abort(abort);
  }

  /** Waits until so many responses are there, or it is time to go. */
  async answers(count: number): Promise<void> {
    const { abort, exchanges } = this.#plan;
    const leaves = abort?.of === "response" && count === exchanges.length ? abort : undefined;
    while (!this.over && !this.#aborted) {
      const responses = this.#responses();
      if (leaves === undefined && responses.length >= count && responses.every(({ whole }) => whole)) return;
      const leavesNow = leaves !== undefined && responses.length >= count;
      if (leavesNow && this.#size >= leaves.at) return this.#abort(leaves);
      if (await this.#change(leavesNow ? maxWaitMs : maxSilenceMs)) continue;
      if (leavesNow) return this.#abort(leaves);
      this.#stuck = true;
      return;
    }
  }

  /** Speaks the other protocol, if the server agrees to it: waits until all that is said has come back. */
  async converse(words: Buffer): Promise<void> {
    const before = this.#size;
    const [agreed, end] = ["HTTP/1.1 101 ", "\r\n\r\n"];
    const answer = (): Buffer => Buffer.concat(this.#chunks).subarray(before);
    while (!this.over && !answer().includes(end)) if (!(await this.#change(maxSilenceMs))) break;
    if (answer().toString("latin1", 0, agreed.length) === agreed) {
      const head = answer().indexOf(end) + end.length;
      await this.send(words, undefined);
      while (!this.over && answer().length - head < words.length)
        if (!(await this.#change(maxSilenceMs))) break;
      this.#stuck = answer().length - head < words.length;
      return;
    }
    while (!this.over && !this.#stuck) this.#stuck = !(await this.#change(maxSilenceMs));
  }

  /** Ends the connection, if it is still there, and gives what came over it. */
  async leave(): Promise<Heard> {
    if (!this.#socket.destroyed) {
      const closed = new Promise((done) => this.#socket.once("close", done));
      this.#socket.end();
      const timer = setTimeout(() => this.#socket.destroy(), maxSilenceMs);
      await closed;
      clearTimeout(timer);
    }
    return { received: Buffer.concat(this.#chunks), aborted: this.#aborted, stuck: this.#stuck };
  }

  #responses() {
    return readResponses(Buffer.concat(this.#chunks), this.#methods, this.over);
  }

  #abort({ how }: Abort): void {
    this.#aborted = true;
    if (how === "end") this.#socket.end();
    else if (how === "reset") this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  async #change(withinMs: number): Promise<boolean> {
    return new Promise((done) => {
      const timer = setTimeout(() => done(false), withinMs);
      this.#changed = () => {
        clearTimeout(timer);
        done(true);
      };
    });
  }
}

/** A request as it stands on the wire. */
export function requestBytes(exchange: PlannedExchange, label: string, isLast: boolean): Buffer {
  const { method, target, version, headers, named, policy, framing, body, lengthError, trailers } = exchange;
  const all: Header[] = [
    ["hOsT", "127.0.0.1"],
    ["X-Plan", label],
    ["x-Policy", policy],
    ...(named ? [["X-Request-ID", label] as const] : []),
    ...headers,
    ...(isLast && version === "1.1" && label.endsWith("0") ? [["Connection", "close"] as const] : []),
  ];
  const content = framing === "none" ? Buffer.alloc(0) : Buffer.concat(body);
  if (framing === "length") all.push(["Content-Length", String(content.length + lengthError)]);
  if (framing === "chunked") all.push(["Transfer-Encoding", "chunked"]);
  const head = `${method} ${target} HTTP/${version}\r\n${lines(all)}\r\n`;
  const chunks = framing === "chunked" ? body.filter(({ length }) => length > 0).flatMap(chunkOf) : [content];
  const end = framing === "chunked" ? [Buffer.from(`0\r\n${lines(trailers)}\r\n`)] : [];
  return Buffer.concat([Buffer.from(head, "latin1"), ...chunks, ...end]);
}

/** The bytes of a request's body, as far as they come and are told of. */
export function bodyOf({ framing, body, lengthError }: PlannedExchange): Buffer {
  if (framing === "none") return Buffer.alloc(0);
  const content = Buffer.concat(body);
  return content.subarray(0, content.length + Math.min(0, lengthError));
}

function chunkOf(bytes: Uint8Array): Uint8Array[] {
  return [Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")];
}

function lines(headers: readonly Header[]): string {
  return headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
}
