import { connect, type Socket } from "node:net";
import { Durations } from "../meters.ts";

/** What clients of a server saw. */
export interface PayloadLoad {
  readonly requests: number;
  readonly seconds: number;
  /** From the request to the first bytes of its answer, milliseconds. */
  readonly firstByte: Durations;
  /** From the moment that a chunk is written to the moment that it is there, milliseconds. */
  readonly chunk: Durations;
  /**
   * From the moment that the client writes a request to the moment that the model has written the head and
   * the first chunk of its answer, milliseconds: without what the client waits for a core to hear it.
   */
  readonly served: Durations;
}

/** How a server is loaded. */
export interface PayloadLoadOptions {
  /** So many requests a second, whatever becomes of those before; 0: each connection as fast as it can. */
  readonly perSecond: number;
  readonly seconds: number;
  readonly connections: number;
}

const body: string = JSON.stringify(
  Array.from({ length: 20 }, (_, i) => ({ origin: "JFK", carrier: "AA", distance: 2475 + i, delay: i / 3 })),
);
const request = Buffer.from(
  [
    "POST /score HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n",
    `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  ].join(""),
);
/** How a body ends that comes in chunks and without trailers. */
const lastChunk = "0\r\n\r\n";

/**
 * Sends requests over connections that are kept, and no faster than they are answered. Written to sockets
 * that are bare: a client of `node:http` would need more of the machine than some of the servers.
 */
export async function loadPayloads(port: number, options: PayloadLoadOptions): Promise<PayloadLoad> {
  const load = new Load(options);
  const clients = await Promise.all(
    Array.from({ length: options.connections }, () => Client.open(port, load)),
  );
  try {
    return await load.run(clients);
  } finally {
    for (const client of clients) client.close();
  }
}

class Load {
  readonly firstByte: Durations = new Durations();
  readonly chunk: Durations = new Durations();
  readonly served: Durations = new Durations();
  readonly #options: PayloadLoadOptions;
  readonly #idle: Client[] = [];
  readonly #over: Promise<void>;
  #resolve: () => void = () => {};
  #reject: (error: Error) => void = () => {};
  /** Requests that are to be sent as soon as a connection is free: when they were due. */
  readonly #due: number[] = [];
  #requests = 0;
  /** Nothing more will become due. */
  #isLast = false;
  #underWay = 0;
  #end = 0;

  constructor(options: PayloadLoadOptions) {
    this.#options = options;
    this.#over = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  async run(clients: readonly Client[]): Promise<PayloadLoad> {
    const { perSecond, seconds } = this.#options;
    const start = performance.now();
    this.#end = start + seconds * 1_000;
    this.#idle.push(...clients);
    if (perSecond === 0) for (const _ of clients) this.#due.push(start);
    else this.#tick(start);
    this.#send();
    await this.#over;
    const took = (performance.now() - start) / 1_000;
    const { firstByte, chunk, served } = this;
    return { requests: this.#requests, seconds: took, firstByte, chunk, served };
  }

  /** A client has its answer. */
  answered(client: Client): void {
    this.#requests++;
    this.#underWay--;
    this.#idle.push(client);
    const now = performance.now();
    if (this.#options.perSecond === 0) {
      if (now < this.#end) this.#due.push(now);
      else this.#isLast = true;
    }
    this.#send();
    if (this.#underWay === 0 && this.#isLast) this.#resolve();
  }

  failed(error: Error): void {
    this.#reject(error);
  }

  /** What has become due since `from` is sent; and again in a millisecond. */
  #tick(from: number): void {
    const step = 1_000 / this.#options.perSecond;
    const now = performance.now();
    let next = from;
    // This timer's lateness is not the server's.
    for (; next <= now && next < this.#end; next += step) this.#due.push(now);
    this.#send();
    if (next < this.#end) setTimeout(() => this.#tick(next), 1);
    else this.#isLast = true;
  }

  #send(): void {
    while (this.#due.length > 0 && this.#idle.length > 0) {
      this.#underWay++;
      this.#idle.shift()?.ask(this.#due.shift() as number);
    }
  }
}

/** One connection. */
class Client {
  readonly #socket: Socket;
  readonly #load: Load;
  #askedAt = 0;
  #writtenAt = 0n;
  #text = "";

  constructor(socket: Socket, load: Load) {
    this.#socket = socket;
    this.#load = load;
    socket.setNoDelay(true).setEncoding("latin1");
    socket.on("data", (text: string) => this.#heard(text));
    socket.on("error", (error) => load.failed(error));
    socket.on("end", () => load.failed(new Error("the server has closed a connection")));
  }

  static open(port: number, load: Load): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => resolve(new Client(socket, load)));
      socket.once("error", reject);
    });
  }

  ask(dueAt: number): void {
    this.#askedAt = dueAt;
    this.#writtenAt = process.hrtime.bigint();
    this.#socket.write(request);
  }

  close(): void {
    this.#socket.destroy();
  }

  #heard(text: string): void {
    if (this.#text === "") this.#load.firstByte.add(performance.now() - this.#askedAt);
    const now = process.hrtime.bigint();
    for (const [, sent = "0", began] of text.matchAll(/data: (\d+) (?:begun (\d+) )?/g)) {
      this.#load.chunk.add(Number(now - BigInt(sent)) / 1e6);
      if (began !== undefined) this.#load.served.add(Number(BigInt(began) - this.#writtenAt) / 1e6);
    }
    this.#text += text;
    if (!this.#text.endsWith(lastChunk)) return;
    const [status] = this.#text.split("\r\n", 1);
    if (!status?.startsWith("HTTP/1.1 200 ")) this.#load.failed(new Error(`expected 200, got ${status}`));
    this.#text = "";
    this.#load.answered(this);
  }
}
