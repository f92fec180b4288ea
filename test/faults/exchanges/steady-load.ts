/**
 * Clients of a scoring server, in a process of their own: `steady-load.ts <port> <requests a second>`. They
 * come at that rate, whatever becomes of those before, until they are told to end; then they say how it went.
 */
import { connect, type Socket } from "node:net";

/** How it went. */
export interface LoadReport {
  /** Requests that were sent: their ids are 0 to one less. */
  readonly sent: number;
  /** Those that got the whole answer to what they had asked. */
  readonly answered: number;
  readonly seconds: number;
  /** What went wrong, a few of them. */
  readonly failures: readonly string[];
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const [port = 0, perSecond = 0] = process.argv.slice(2).map(Number);
const connections = 64;
/** How often it is looked which requests are due. */
const tickMs = 5;

const startedAt = performance.now();
const durations: number[] = [];
const failures: string[] = [];
let [sent, answered, due, next] = [0, 0, 0, 0];
let ended = false;

/** One kept connection, with one request at a time. Knows of HTTP what it needs: the rest costs as much as the server. */
class Client {
  readonly #socket: Socket;
  #asked: { readonly n: number; readonly at: number } | undefined;
  #received = "";

  constructor() {
    this.#socket = connect({ host: "127.0.0.1", port, noDelay: true });
    this.#socket.setEncoding("latin1").on("data", (text: string) => this.#heard(text));
    this.#socket.on("error", (error) => this.#failed(error.message));
    this.#socket.on("close", () => this.#failed("closed"));
  }

  get isFree(): boolean {
    return this.#asked === undefined;
  }

  ask(n: number): void {
    this.#asked = { n, at: performance.now() };
    const rows = Array.from({ length: 4 }, (_, i) => [2_475 + i, n % 97, i / 3, 12.5]);
    const body = JSON.stringify({ n, rows });
    const head = `POST /score HTTP/1.1\r\nHost: model\r\nX-Request-Id: ${n}\r\nContent-Type: application/json\r\n`;
    this.#socket.write(`${head}Content-Length: ${body.length}\r\n\r\n${body}`);
  }

  end(): void {
    this.#socket.removeAllListeners("close").end();
  }

  #heard(text: string): void {
    this.#received += text;
    const head = this.#received.indexOf("\r\n\r\n") + 4;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#received)?.[1]);
    if (this.#asked === undefined || head < 4 || this.#received.length - head < length) return;
    const { n, at } = this.#asked;
    if (this.#received.startsWith("HTTP/1.1 200 ") && this.#received.includes(`{"n":${n},"scores":[`))
      answered++;
    else failures.push(`request ${n}: ${this.#received.slice(0, 200)}`);
    if (n % 10 === 0) durations.push(performance.now() - at);
    this.#asked = undefined;
    this.#received = "";
  }

  #failed(why: string): void {
    if (this.#asked === undefined) return;
    failures.push(`request ${this.#asked.n}: ${why}`);
    this.#asked = undefined;
  }
}

const clients = Array.from({ length: connections }, () => new Client());
const timer = setInterval(() => {
  if (!ended) due = Math.floor(((performance.now() - startedAt) / 1_000) * perSecond);
  for (let looked = 0; looked < connections && sent < due; looked++) {
    // In turn, so that none is idle for so long that the server closes it.
    const client = clients[next++ % connections];
    if (client?.isFree === true) client.ask(sent++);
  }
  if (ended && clients.every(({ isFree }) => isFree)) report();
}, tickMs);

function report(): void {
  clearInterval(timer);
  for (const client of clients) client.end();
  const sorted = durations.sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? 0;
  const seconds = (performance.now() - startedAt) / 1_000;
  const told: LoadReport = {
    ...{ sent, answered, seconds, p50Ms: at(0.5), p99Ms: at(0.99) },
    failures: failures.slice(0, 5),
  };
  process.send?.(told, () => process.disconnect());
}

process.on("message", () => {
  ended = true;
  due = sent;
});
process.on("disconnect", () => process.exit());
