import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A POST as it came. */
export interface Recorded {
  readonly headers: IncomingHttpHeaders;
  readonly path: string | undefined;
  readonly body: string;
  /** What was answered. */
  readonly answer: Answer;
}

/** A status, nothing at all, or the end of the connection. */
export type Answer = number | "hang" | "reset";

/** Stands where the platform's local agent would, and writes down what it gets. */
export class RecordingAgent {
  /** In the order in which they had come whole. */
  readonly posts: Recorded[] = [];
  connections = 0;
  /** What to answer to the n-th post, from 0. */
  answer: (post: Omit<Recorded, "answer">, n: number) => Answer | Promise<Answer> = () => 200;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  /** One that listens until the test ends. */
  static async listening(): Promise<RecordingAgent> {
    const agent = new RecordingAgent();
    await agent.start();
    onTestFinished(() => agent.stop());
    return agent;
  }

  get port(): number {
    return this.#port;
  }

  /** Those that were answered with success. */
  get taken(): readonly Recorded[] {
    return this.posts.filter(({ answer }) => answer === 200);
  }

  /** Bodies of those of one collection, or of all. */
  bodies(collection?: string): unknown[] {
    return this.taken
      .filter(
        ({ headers }) =>
          collection === undefined || headers["ce-type"]?.toString().endsWith(`.${collection}`),
      )
      .map(({ body }) => JSON.parse(body) as unknown);
  }

  /** Listens, after {@link stop} where it did before. */
  async start(): Promise<void> {
    const server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => pieces.push(piece));
      request.on("end", () => {
        const body = Buffer.concat(pieces).toString("utf8");
        const post = { headers: request.headers, path: request.url, body };
        void Promise.resolve(this.answer(post, this.posts.length)).then((answer) => {
          this.posts.push({ ...post, answer });
          if (answer === "reset") request.socket.destroy();
          else if (answer !== "hang") response.writeHead(answer).end("noted");
        });
      });
    });
    server.on("connection", (socket) => {
      this.connections++;
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }
}
