import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type CorrelationContext, openDeployment } from "model-data-collector";
import { nodePayloadLogging } from "model-data-collector/http";
import { nastyStrings } from "./nasty-strings.ts";

/** What was put into a destination for a page to show. */
export interface UiData {
  /** Of a request whose frames are in `model_inputs` and `model_outputs`. */
  readonly id: string;
  /**
   * Of an HTTP exchange with a JSON body. That of one with a long compressed answer ends in `-at-length`, of
   * one with a large request in `-aside`.
   */
  readonly exchange: string;
  /** Of a request with texts that would harm a careless page. */
  readonly hostile: string;
  /** The path of a file that is none, below the destination. */
  readonly broken: string;
}

/** Texts that would run, load, break out of, or turn around what shows them. */
const harmful: readonly string[] = [
  '<img src="http://127.0.0.1:9/x.png" onerror="window.harmed=1">',
  "</script><script>window.harmed=1</script>",
  '"><svg onload="window.harmed=1">',
  "javascript:window.harmed=1",
  "\u202egnp.exe\u2066 turned",
  "{{constructor.constructor('window.harmed=1')()}}",
];

/**
 * Requests of a model and of a server over the last hours, hostile texts, and a file that is none, below
 * `destination`.
 */
export async function storeUiData(
  destination: string,
  spool: string,
  requests: number = 240,
): Promise<UiData> {
  const deployment = await openDeployment({
    ...{ destination, endpoint: "flights", deployment: "blue", modelName: "late-arrival", modelVersion: "3" },
    spool: { directory: spool },
    limits: { maxStringBytes: 2 * 1024 * 1024, maxCollectMs: 1_000 },
  });
  const inputs = deployment.collector("model_inputs");
  const outputs = deployment.collector("model_outputs");
  const { CorrelationContext } = await import("model-data-collector");
  const contexts = Array.from({ length: requests }, (_, request): CorrelationContext => {
    const requestTime = new Date(Date.now() - ((request * 7_919) % 1_400) * 60_000);
    const context = CorrelationContext.create({ requestTime });
    const rows = Array.from({ length: 2 }, (_, row) => flight(request * 2 + row));
    inputs.collect(rows, context);
    outputs.collect(
      rows.map(({ distance }) => ({ late: distance > 1_200, probability: Math.min(0.97, distance / 3_000) })),
      context,
    );
    return context;
  });
  const hostile = deployment.collector("hostile").collect(
    [...harmful, ...nastyStrings].map((text, i) => ({
      text,
      '<svg onload="harmed=1">': text,
      long: i === 0 ? "long ".repeat(200_000) : null,
    })),
  );
  const exchange = await exchangeOf(deployment);
  await deployment.close();
  const date = new Date().toISOString().slice(0, 10);
  const broken = `flights/blue/model_inputs/inference_date=${date}/inference_hour=00/broken.parquet`;
  await mkdir(join(destination, broken, ".."), { recursive: true });
  await writeFile(join(destination, broken), "PAR1 this is no Parquet file PAR1");
  return { id: contexts[0]?.id ?? "", hostile: hostile.id, exchange, broken };
}

interface Flight {
  readonly order_id: string;
  readonly origin: string;
  readonly distance: number;
  readonly delay: number | null;
  readonly departed: Date;
  readonly international: boolean;
}

/** One of many, the same each time: origins, distances and delays are shaped as such things are. */
function flight(serial: number): Flight {
  const spread = Math.abs(Math.sin(serial * 12.9898) * 43_758.5453) % 1;
  const origins = ["JFK", "JFK", "JFK", "SEA", "SEA", "LAX", "ORD", "ORD", "ATL", "BOS"];
  return {
    order_id: `A-${serial}`,
    origin: origins[Math.floor(spread * origins.length)] ?? "JFK",
    distance: Math.round(150 + 2_700 * spread ** 2),
    delay: serial % 9 === 0 ? null : Math.round((spread - 0.3) * 90 * 10) / 10,
    departed: new Date(1_763_800_000_000 + serial * 61_000),
    international: spread > 0.8,
  };
}

/** A request to a logged server, and what it answers; its correlation id. */
async function exchangeOf(deployment: Awaited<ReturnType<typeof openDeployment>>): Promise<string> {
  const id = "exchange-of-the-page";
  const server = createServer(
    nodePayloadLogging(
      (request, response) => {
        request.resume();
        request.on("end", () => {
          response.setHeader("Content-Type", "application/json");
          if (request.url === "/batch") {
            response.setHeader("Content-Encoding", "gzip");
            response.end(gzipSync(JSON.stringify({ scores: Array.from({ length: 30_000 }, (_, i) => i) })));
          } else
            response.end(JSON.stringify({ predictions: [{ late: false, probability: 0.125 }], model: "3" }));
        });
      },
      { deployment, maxBodyBytes: 200_000, largeBodies: "aside" },
    ),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const answer = await fetch(`http://127.0.0.1:${port}/score?version=3`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "x-request-id": id },
    body: '{"data":[{"distance":9007199254740993,"origin":"JFK"}],"params":{"threshold":0.5}}',
  });
  await answer.text();
  const headers = { "x-request-id": `${id}-at-length` };
  await (await fetch(`http://127.0.0.1:${port}/batch`, { headers })).text();
  const body = JSON.stringify({ data: Array.from({ length: 60_000 }, (_, i) => i) });
  const large = {
    method: "POST",
    body,
    headers: { "x-request-id": `${id}-aside`, "content-type": "application/json" },
  };
  await (await fetch(`http://127.0.0.1:${port}/score`, large)).text();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return id;
}
