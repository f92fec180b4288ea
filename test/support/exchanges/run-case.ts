/*
 * What can become of an exchange of node:http, over real connections: each case has what a server does, what a
 * client does, and the rows that must be stored. Run by `npm test`, and by `npm run test:runtimes` on other
 * versions of Node, with no types then: only what can be erased stands here, and nothing but Node is imported.
 */
import { EventEmitter, once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

type Row = Readonly<Record<string, unknown>>;

/** What a case needs of the package. */
export interface Doors {
  createTestDeployment(options?: object): TestDeployment;
  nodePayloadLogging(listener: RequestListener, options: object): RequestListener;
}

interface TestDeployment {
  frames(collection: string): Promise<readonly { readonly rows: readonly unknown[] }[]>;
  close(): Promise<unknown>;
}

/** One thing that can happen. */
export interface OutcomeCase {
  readonly name: string;
  readonly serve: (request: IncomingMessage, response: ServerResponse) => unknown;
  /** Before the server listens. */
  readonly prepare?: (server: Server) => void;
  /** Is given a connection; what it returns is waited for. */
  readonly ask: (socket: Socket) => unknown;
  /** What the rows have, among other columns, in the order in which exchanges end. */
  readonly responses: readonly Row[];
  readonly requests?: readonly Row[];
}

/** What a case stored: the columns that it speaks of. */
export interface Stored {
  readonly requests: readonly Row[];
  readonly responses: readonly Row[];
}

/** The head of a request without a body. */
export const get = (path: string, more = ""): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
/** A whole request with a body. */
export const post = (body: string, more = ""): string =>
  `POST /score HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;

/** Sends, and waits until the answer has what `ends` finds, or the connection has closed. */
export async function exchange(socket: Socket, text: string, ends: RegExp): Promise<string> {
  socket.write(text, "latin1");
  return reading(socket, ends);
}

async function reading(socket: Socket, ends: RegExp): Promise<string> {
  let answer = "";
  socket.setEncoding("latin1");
  const hear = (part: string): void => void (answer += part);
  socket.on("data", hear);
  const closed = once(socket, "close").then(() => true);
  const until = performance.now() + maxWaitMs;
  while (!ends.test(answer) && performance.now() < until)
    if (await Promise.race([closed, wait(2, false)])) break;
  socket.off("data", hear);
  return answer;
}

/** Reads a request to its end. */
export const consumed = async (request: IncomingMessage): Promise<void> => {
  request.resume();
  await once(request, "end");
};

/** Longer than anything here takes. */
const maxWaitMs = 10_000;
/** What does nothing, ever. */
export const never = (): void => {};

/** Runs one case, and gives of what was stored the columns that it speaks of. */
export async function run(
  { createTestDeployment, nodePayloadLogging }: Doors,
  { serve, prepare, ask, requests, responses }: OutcomeCase,
): Promise<Stored> {
  const deployment = createTestDeployment();
  // Node's own answer to a handler that fails; else the process would end.
  EventEmitter.captureRejections = true;
  const listener = nodePayloadLogging(serve as RequestListener, { deployment });
  const server = createServer({ connectionsCheckingInterval: 10 }, listener);
  EventEmitter.captureRejections = false;
  prepare?.(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.on("error", never);
  await once(socket, "connect");
  await ask(socket);
  let rows = await rowsOf(deployment, "response");
  const until = performance.now() + maxWaitMs;
  while (rows.length < responses.length && performance.now() < until) {
    await wait(5);
    rows = await rowsOf(deployment, "response");
  }
  socket.destroy();
  const over = once(server, "close");
  server.close();
  server.closeAllConnections();
  await over;
  const stored = {
    requests: only(await rowsOf(deployment, "request"), requests ?? responses.map(() => ({}))),
    responses: only(await rowsOf(deployment, "response"), responses),
  };
  await deployment.close();
  return stored;
}

async function rowsOf(deployment: TestDeployment, collection: string): Promise<readonly Row[]> {
  return (await deployment.frames(collection)).flatMap(({ rows }) => rows) as readonly Row[];
}

/** The columns that are expected, integers as numbers; rows that nobody expects as they are. */
function only(rows: readonly Row[], expected: readonly Row[]): readonly Row[] {
  return rows.map((row, i) => {
    const names = Object.keys(expected[i] ?? row);
    return Object.fromEntries(names.map((name) => [name, plain(row[name])]));
  });
}

const plain = (value: unknown): unknown => (typeof value === "bigint" ? Number(value) : value);
