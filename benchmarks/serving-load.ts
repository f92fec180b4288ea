/** Clients of the scoring service: a number of connections that are kept, each with one request at a time. */
import { once } from "node:events";
import { connect } from "node:net";
import { openFlights, summer } from "../examples/flights/flights.ts";
import { serve } from "./child.ts";
import { Durations } from "./meters.ts";
import type { ScoreBody } from "./serving-server.ts";

/** `load` sends requests until the time is over or so many are answered, whichever is first. */
export interface LoadRequest {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  readonly maxRequests: number;
  readonly flightsPerRequest: number;
}

/** How it went. */
export interface LoadAnswer {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const differentRequests = 200;
let requests: Promise<Buffer[]> | undefined;

serve(
  async ({
    port,
    connections,
    seconds,
    maxRequests,
    flightsPerRequest,
  }: LoadRequest): Promise<LoadAnswer> => {
    requests ??= makeRequests(flightsPerRequest);
    const texts = await requests;
    const durations = new Durations();
    const start = performance.now();
    const end = start + seconds * 1000;
    let sent = 0;
    const next = (): Buffer | undefined =>
      sent < maxRequests && performance.now() < end ? texts[sent++ % texts.length] : undefined;
    await Promise.all(Array.from({ length: connections }, () => converse(port, next, durations)));
    const tookSeconds = (performance.now() - start) / 1000;
    const [p50Ms = Number.NaN, p99Ms = Number.NaN] = durations.quantiles([0.5, 0.99]);
    return { requestsPerSecond: durations.count / tookSeconds, p50Ms, p99Ms };
  },
);

/**
 * Sends requests over one connection, each when the one before is answered. Node's own client costs as much
 * as the server that is measured, so this one knows only what it needs of HTTP/1.1: a status line and a
 * Content-Length.
 */
async function converse(port: number, next: () => Buffer | undefined, durations: Durations): Promise<void> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  await once(socket, "connect");
  let sentAt = 0;
  let expected = -1;
  let received = "";
  const send = (): void => {
    const request = next();
    if (request === undefined) {
      socket.end();
      return;
    }
    sentAt = performance.now();
    socket.write(request);
  };
  socket.setEncoding("latin1");
  socket.on("data", (text: string) => {
    received += text;
    if (expected < 0) expected = lengthOf(received);
    if (expected < 0 || received.length < expected) return;
    durations.add(performance.now() - sentAt);
    received = "";
    expected = -1;
    send();
  });
  send();
  await once(socket, "close");
}

/** Bytes of a response, head and body; -1 as long as its head is not complete. */
function lengthOf(response: string): number {
  const head = response.indexOf("\r\n\r\n");
  if (head === -1) return -1;
  if (!response.startsWith("HTTP/1.1 200"))
    throw new Error(`expected status 200, got ${response.slice(0, 500)}`);
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(response)?.[1];
  if (length === undefined) throw new Error("expected a Content-Length");
  return head + 4 + Number(length);
}

async function makeRequests(flightsPerRequest: number): Promise<Buffer[]> {
  const source = await openFlights();
  const flights = await source.ofSeason(summer, flightsPerRequest * differentRequests);
  source.close();
  return Array.from({ length: differentRequests }, (_, request) => {
    const chosen = flights.slice(request * flightsPerRequest, (request + 1) * flightsPerRequest);
    const body: ScoreBody = {
      flights: chosen.map(({ late: _, ...flight }) => ({
        ...flight,
        departed: flight.departed.toISOString(),
      })),
    };
    const text = JSON.stringify(body);
    const head = [
      "POST /score HTTP/1.1",
      "Host: 127.0.0.1",
      "Content-Type: application/json",
      `Content-Length: ${Buffer.byteLength(text)}`,
    ];
    return Buffer.from(`${head.join("\r\n")}\r\n\r\n${text}`);
  });
}
