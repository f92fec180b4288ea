import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import zlib from "node:zlib";
import { bodyHash, openRequest, sendBody } from "../../support/large-bodies.ts";
import type { Outcome } from "../outcome.ts";
import { atBothDoors } from "./doors.ts";

const MiB = 2 ** 20;
/** What a server may take to close a connection that says its head too slowly: 60 s, looked for each 30 s. */
const maxHeadMs = 100_000;

/** A body of so many MiB, which comes back at the same time: of each side a row with its beginning and its hash. */
export function largeBodies(mebibytes: number): Promise<readonly Outcome[]> {
  const size = mebibytes * MiB;
  return atBothDoors(`a body of ${mebibytes} MiB, both ways`, async ({ port }) => {
    await sendBody(port, "warm-up", 16 * MiB);
    const start = performance.now();
    const echo = await sendBody(port, "large", size);
    const seconds = (performance.now() - start) / 1_000;
    const expected = { body_size: BigInt(size), body_truncated: true, body_sha256: bodyHash(size) };
    return {
      ...{ injected: 1, fired: echo.size === size ? 1 : 0, answered: 2 },
      figure: `${(mebibytes / seconds).toFixed(0)} MiB/s each way`,
      judge: ({ requests, responses }) => [
        ...(echo.sha256 === expected.body_sha256 ? [] : ["what came back is something else"]),
        ...[...requests, ...responses]
          .filter((row) => row["mdc_correlation_id"] === "large")
          .flatMap((row) => wrong(row, expected)),
        ...(requests.length + responses.length === 4 ? [] : ["there are not two rows of each side"]),
      ],
    };
  });
}

/** Small bodies that would be large, many at a time: with `decode`, none of them is ever made. */
export function zipBombs(mebibytes: number, times: number): Promise<readonly Outcome[]> {
  const zeros = Buffer.alloc(mebibytes * MiB);
  const zipped = zlib.gzipSync(zeros);
  const bombs: readonly (readonly [coding: string, bytes: Buffer])[] = [
    ["gzip", zipped],
    ["gzip, gzip", zlib.gzipSync(zipped)],
    ["br", zlib.brotliCompressSync(zeros, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 3 } })],
    ["deflate", zlib.deflateSync(zeros)],
    ["zstd", zlib.zstdCompressSync(zeros)],
  ];
  const decoding = { MDC_PAYLOAD_DECODE: "true" };
  return atBothDoors(
    `bodies of ${mebibytes} MiB when they are decoded`,
    async ({ port }) => {
      let fired = 0;
      for (let round = 0; round < times; round++) {
        const sent = bombs.map(async ([coding, bytes], i) => {
          const request = openRequest(port, `${i}-${round}`, { "content-encoding": coding });
          request.end(bytes);
          const [answer] = await once(request, "response");
          for await (const _ of answer) {
          }
          fired++;
        });
        await Promise.all(sent);
      }
      return {
        ...{ injected: bombs.length * times, fired, answered: fired },
        figure: bombs.map(([coding, { length }]) => `${coding} ${length} bytes`).join(", "),
        judge: ({ requests, responses }) => [
          ...[...requests, ...responses].flatMap((row) => {
            const [coding, bytes] = bombs[Number(String(row["mdc_correlation_id"]).split("-")[0])] ?? [];
            const kept = Buffer.from(String(row["body_bytes"]).slice(1), "hex");
            // Of very many at a time, some find no room in the memory for bodies: those are cut, and say so.
            const isCut = row["body_truncated"] === true && kept.length < (bytes?.length ?? 0);
            const expected = { content_encoding: coding, body: null, body_size: BigInt(bytes?.length ?? 0) };
            return bytes?.subarray(0, isCut ? kept.length : undefined).equals(kept) === true
              ? wrong(row, expected)
              : [`a bomb of ${coding} is not stored as it came`];
          }),
          ...(requests.length === fired ? [] : [`${requests.length} of ${fired} have rows`]),
        ],
      };
    },
    decoding,
  );
}

/** Clients that say a byte now and then: of a head, or of a body. Meanwhile others are served as ever. */
export function slowClients(count: number, forMs: number): Promise<readonly Outcome[]> {
  return atBothDoors("slow clients", async ({ port }) => {
    const heads = await connected(port, count);
    const bodies = await connected(port, count);
    for (const [i, { socket }] of bodies.entries())
      socket.write(
        `POST /slow HTTP/1.1\r\nHost: a\r\nX-Request-Id: slow-${i}\r\nContent-Length: 1000000\r\n\r\n`,
      );
    for (const { socket } of heads) socket.write("GET / HTTP/1.1\r\nX-Request-Id: head\r\nX: ");
    let said = 0;
    const end = performance.now() + forMs;
    let answered = 0;
    while (performance.now() < end) {
      said++;
      for (const { socket } of [...heads, ...bodies]) if (!socket.destroyed) socket.write("a");
      const echo = await sendBody(port, `other-${answered}`, 1_000);
      if (echo.size === 1_000) answered++;
      await sleep(200);
    }
    const closed = heads.filter(({ text }) => text().startsWith("HTTP/1.1 408 ")).length;
    const isWhole = forMs >= maxHeadMs;
    for (const { socket } of [...heads, ...bodies]) socket.destroy();
    await sleep(200);
    return {
      ...{ injected: 2 * count, fired: said > 1 ? 2 * count : 0, answered },
      figure: `${closed} of ${count} slow heads were answered 408 within ${forMs / 1_000} s, ${answered} others served`,
      judge: ({ requests, responses }) => [
        ...(isWhole && closed < count ? [`${count - closed} connections say their heads for ever`] : []),
        ...(requests.length === answered + count
          ? []
          : [`${requests.length} rows, expected ${answered} and ${count}`]),
        ...requests
          .filter((row) => String(row["mdc_correlation_id"]).startsWith("slow"))
          .flatMap((row) => wrong(row, { body_size: BigInt(said), body_truncated: true })),
        ...responses
          .filter((row) => String(row["mdc_correlation_id"]).startsWith("slow"))
          .flatMap((row) => wrong(row, { outcome: "client_aborted" })),
      ],
    };
  });
}

/** Heads without end, and heads of thousands of fields. */
export function headFloods(count: number): Promise<readonly Outcome[]> {
  const fields = Array.from({ length: 5_000 }, (_, i) => `h${i}:1\r\n`).join("");
  const part = "x".repeat(16_384);
  return atBothDoors("floods of header fields", async ({ name, port }) => {
    const flooding = Array.from({ length: count }, async (_, i) => {
      const [endless, many] = (await connected(port, 2)) as [Client, Client];
      endless.socket.write(`GET /endless HTTP/1.1\r\nHost: a\r\nX-Request-Id: endless-${i}\r\nX: `);
      many.socket.write(`GET /many HTTP/1.1\r\nHost: a\r\nX-Request-Id: many-${i}\r\n${fields}\r\n`);
      for (let sent = 0; sent < 64 && !endless.socket.destroyed; sent++) {
        endless.socket.write(part);
        await sleep(1);
      }
      await Promise.all([endless, many].map(({ closed }) => Promise.race([closed, sleep(20_000)])));
      const isCut = endless.socket.destroyed;
      for (const { socket } of [endless, many]) socket.destroy();
      return { isCut, answer: many.text() };
    });
    const floods = await Promise.all(flooding);
    let answered = 0;
    for (let i = 0; i < 20; i++) if ((await sendBody(port, `other-${i}`, 1_000)).size === 1_000) answered++;
    const refused = floods.filter(({ answer }) => answer.startsWith("HTTP/1.1 431 ")).length;
    const cut = floods.filter(({ isCut }) => isCut).length;
    // The sidecar takes longer heads than Node by default, and counts their fields itself.
    const rows = name === "mdc sidecar" ? count : 0;
    return {
      ...{ injected: 2 * count, fired: refused + cut, answered },
      figure: `${refused} of ${count} heads of 5,000 fields were answered 431, ${cut} without end cut, ${answered} of 20 others served`,
      judge: ({ requests, responses }) => [
        ...(refused === count && cut === count && answered === 20
          ? []
          : ["not all were answered as they should be"]),
        ...(requests.length === answered + rows
          ? []
          : [`${requests.length} rows, expected ${answered + rows}`]),
        ...responses
          .filter((row) => String(row["mdc_correlation_id"]).startsWith("many"))
          .flatMap((row) => wrong(row, { http_status: 431n, outcome: "complete" })),
      ],
    };
  });
}

interface Client {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  /** The beginning of what came. */
  text(): string;
}

async function connected(port: number, count: number): Promise<readonly Client[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect(port, "127.0.0.1");
      let text = "";
      socket.on("error", () => {});
      socket.on("data", (chunk: Buffer) => {
        if (text.length < 1_000) text += chunk.toString("latin1");
      });
      const closed = new Promise((resolve) => socket.once("close", resolve));
      await once(socket, "connect");
      return { socket, closed, text: () => text };
    }),
  );
}

function wrong(
  row: Readonly<Record<string, unknown>>,
  expected: Readonly<Record<string, unknown>>,
): string[] {
  return Object.entries(expected).flatMap(([name, value]) =>
    row[name] === value
      ? []
      : [`${String(row["mdc_correlation_id"])}: ${name} is ${String(row[name])}, expected ${String(value)}`],
  );
}
