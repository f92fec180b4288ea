import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { expect } from "vitest";
import { duckdbSql } from "./parquet-engines.ts";
import { scratch } from "./scratch.ts";
import { type SidecarProcess, sidecarForTest } from "./sidecar-process.ts";

type Row = Readonly<Record<string, unknown>>;

/** A sidecar that takes events, and what it stored. */
export interface EventIntake {
  readonly sidecar: SidecarProcess;
  /** Ends it, and gives a collection of all services, as DuckDB reads it. */
  stored(collection: string): Promise<Row[]>;
}

/** A sidecar that takes events, and ends with the test. */
export async function eventIntake(
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<EventIntake> {
  const { destination, spool } = await scratch();
  const sidecar = await sidecarForTest(destination, spool, ["--events", "127.0.0.1:0", ...args], env);
  const stored = async (collection: string): Promise<Row[]> => {
    expect(await sidecar.end()).toBe(0);
    return duckdbSql(
      `select * from read_parquet('${destination}/*/*/${collection}/**/*.parquet') order by mdc_event_time`,
    );
  };
  return { sidecar, stored };
}

/** Headers as KServe's logger writes them: names as Go has them, values unencoded, in UTF-8. */
export function kserve(
  side: "request" | "response",
  id: string,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const headers: Record<string, string> = {
    "Ce-Specversion": "1.0",
    "Ce-Type": `org.kubeflow.serving.inference.${side}`,
    "Ce-Id": id,
    "Ce-Source": "http://localhost:9081/",
    "Ce-Time": side === "request" ? "2026-11-29T08:00:00.123456789Z" : "2026-11-29T08:00:00.373956789Z",
    "Ce-Recordedtime": "2026-11-29T08:00:01Z",
    "Ce-Inferenceservicename": "sklearn-iris",
    "Ce-Namespace": "models",
    "Ce-Component": "predictor",
    "Ce-Endpoint": "",
    "Ce-Metadata": '{"X-Request-Id":["r-17"],"X-Tenant":["50%25 \u65e5"],"Authorization":["Bearer s"]}',
    "Content-Type": "application/json",
    ...more,
  };
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Buffer.from(value).toString("latin1")]),
  );
}

/** Posts bytes with headers as they are; fetch would refuse some of them. */
export function postEvent(
  { urls }: SidecarProcess,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array,
  path = "/",
  ca?: Buffer,
): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const [url, options] = [`${urls["events"]}${path}`, { method: "POST", headers }];
    // As KServe's logger does, a connection for each event.
    const send = ca === undefined ? httpRequest : httpsRequest;
    const tls = ca === undefined ? {} : { ca, agent: false };
    const request = send(url, { ...options, ...tls }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      response.on("end", () => resolve({ status: response.statusCode, text: text.trim() }));
    });
    request.on("error", reject);
    // Not as a string: Node would write the head in its encoding, too.
    request.end(Buffer.from(body));
  });
}
