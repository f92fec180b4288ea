import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bodyPart, openRequest, sendBody } from "../../support/large-bodies.ts";
import { duckdbCollection } from "../../support/parquet-engines.ts";
import { startSidecar } from "../../support/sidecar-process.ts";
import { disposableFolder } from "../../support/temp-folder.ts";
import type { Outcome } from "../outcome.ts";
import { startTalking } from "./child.ts";

/** Exchanges under way when the target dies. */
const width = 8;
const partBytes = 16_384;

/** What a client saw of an exchange whose server died. */
interface Broken {
  readonly id: string;
  readonly status: number | undefined;
  /** Bytes of the body, as far as it came. */
  readonly received: number;
  /** It was told that this was all. */
  readonly isWhole: boolean;
}

/**
 * SIGKILL of the server behind the sidecar in the middle of its answers, again and again: clients are not
 * told that half an answer is one, each exchange is one row a side that says who broke off, and the next
 * server is asked as if nothing had been.
 */
export async function dyingTarget(times: number): Promise<Outcome> {
  await using folder = await disposableFolder();
  const [destination, spool] = [join(folder.path, "collected"), join(folder.path, "spool")];
  let target = startTalking("echo-server.ts", ["0"]);
  const { port } = await target.heard<{ port: number }>();
  const args = ["--target", `http://127.0.0.1:${port}`, "--listen", "127.0.0.1:0"];
  const sidecar = await startSidecar(destination, spool, args);
  const door = Number(new URL(sidecar.urls["listen"] ?? "").port);
  const broken: Broken[] = [];
  let [fired, served] = [0, 0];
  for (let time = 0; time < times; time++) {
    const talking = Array.from({ length: width }, (_, i) => talk(door, `broken-${time}-${i}`));
    await sleep(20 + ((time * 37) % 100));
    const gone = once(target.process, "exit");
    target.process.kill("SIGKILL");
    if ((await gone)[1] === "SIGKILL") fired++;
    broken.push(...(await Promise.all(talking)));
    target = startTalking("echo-server.ts", [String(port)]);
    await target.heard();
    if ((await sendBody(door, `served-${time}`, 1_000)).size === 1_000) served++;
  }
  const code = await sidecar.end();
  await target[Symbol.asyncDispose]();
  const [requests, responses] = await Promise.all(
    ["request", "response"].map((name) => duckdbCollection(destination, name)),
  );
  const offered = broken.length + times;
  const counts = [requests, responses].map((rows) => [rows?.length, new Set(rows?.map(idOf)).size]);
  const begun = broken.filter(({ received }) => received > 0).length;
  return {
    ...{ fault: "SIGKILL of the server behind the sidecar", injected: times, fired, offered },
    ...{ acknowledged: offered, lost: 0, duplicated: 0, invented: 0 },
    figure: `${begun} of ${broken.length} answers had begun, ${served} of ${times} served by the next server`,
    problems: [
      ...(code === 0 ? [] : [`the sidecar ended with ${code}: ${sidecar.told()}`]),
      ...(served === times ? [] : [`the next server was asked ${served} of ${times} times`]),
      ...(begun === 0 ? ["no answer was broken off: the run is void"] : []),
      ...counts.flatMap((found) => (found.join() === `${offered},${offered}` ? [] : [`${found} rows, ids`])),
      ...broken.flatMap((one) => brokenProblems(one, responses?.filter((row) => idOf(row) === one.id)[0])),
    ],
  };
}

/** Goes on talking until the connection ends. */
async function talk(port: number, id: string): Promise<Broken> {
  const request = openRequest(port, id);
  const over = new AbortController();
  let [received, isWhole] = [0, false];
  let status: number | undefined;
  request.on("close", () => over.abort());
  request.on("response", (answer: IncomingMessage) => {
    status = answer.statusCode;
    answer.on("data", (chunk: Buffer) => (received += chunk.length));
    answer.on("error", () => {});
    answer.on("close", () => {
      isWhole = answer.complete;
      over.abort();
    });
  });
  for (let at = 0; !over.signal.aborted; at += partBytes) {
    request.write(bodyPart(at, partBytes));
    await sleep(5);
  }
  request.destroy();
  return { id, status, received, isWhole };
}

function brokenProblems(
  { id, status, received, isWhole }: Broken,
  row: Readonly<Record<string, unknown>> | undefined,
): string[] {
  const { http_status: stored, outcome, bytes_sent: sent } = row ?? {};
  const expected = status === 502 ? "error" : "server_aborted";
  // A client that is still sending when the connection is closed may not get to read what it was answered.
  const isLost = status === undefined && outcome === "error";
  return [
    ...(isWhole && status !== 502 ? [`${id}: the client took half an answer for a whole one`] : []),
    ...(outcome === expected || isLost
      ? []
      : [`${id}: outcome ${String(outcome)} of an answer of ${status}`]),
    ...(stored === (status === undefined ? stored : BigInt(status))
      ? []
      : [`${id}: status ${String(stored)}`]),
    ...(Number(sent) >= received ? [] : [`${id}: ${received} bytes came, said to be ${String(sent)}`]),
  ];
}

function idOf(row: Readonly<Record<string, unknown>>): string {
  return String(row["mdc_correlation_id"]);
}
