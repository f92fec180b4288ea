/**
 * A Fastify server that scores some flights a request with a random forest and keeps inputs and outputs in
 * one way or another, under load from a second process over loopback: requests per second, latency, delay of
 * the event loop, CPU.
 *
 * All servers run side by side and only one is loaded at a time, in turns, so that a slow moment of the
 * machine meets all alike. On two cores the clients and background threads compete with the server: a way to
 * keep frames that used another core for free elsewhere is not free here.
 */
import { join } from "node:path";
import { type Benchmark, type Figures, resultsOf } from "./benchmark.ts";
import { type Child, startChild } from "./child.ts";
import type { ProcessUse } from "./meters.ts";
import type { LoadAnswer, LoadRequest } from "./serving-load.ts";
import type { ServerRequest } from "./serving-server.ts";

const contenders = ["nothing", "ours", "pino", "JSON lines", "hyparquet-writer", "parquetjs-lite"];
const connections = 16;
const flightsPerRequest = 20;

const benchmark: Benchmark = async (context) => {
  const { rounds, seconds, trainingFlights } = {
    full: { rounds: 5, seconds: 2.5, trainingFlights: 600 },
    quick: { rounds: 3, seconds: 1, trainingFlights: 200 },
    smoke: { rounds: 1, seconds: 0.1, trainingFlights: 100 },
  }[context.scale];
  const client = startChild(new URL("./serving-load.ts", import.meta.url));
  const servers = new Map<string, Child>();
  const ports = new Map<string, number>();
  const load = (sink: string, share: number): Promise<LoadAnswer> => {
    const request: LoadRequest = {
      port: ports.get(sink) ?? 0,
      connections,
      seconds: seconds * share,
      maxRequests: 100_000,
      flightsPerRequest,
    };
    return client.ask<LoadAnswer>(request);
  };
  try {
    for (const sink of contenders) {
      const server = startChild(new URL("./serving-server.ts", import.meta.url));
      servers.set(sink, server);
      const folder = join(context.folder, sink);
      const request: ServerRequest = { kind: "start", sink, folder, trainingFlights };
      ports.set(sink, await server.ask<number>(request));
      await load(sink, 0.5);
    }
    const runs = new Map(contenders.map((sink) => [sink, [] as Figures[]]));
    for (let round = 0; round < rounds; round++) {
      for (const [sink, server] of servers) {
        await server.ask({ kind: "meter" } satisfies ServerRequest);
        const answer = await load(sink, 1);
        const use = await server.ask<ProcessUse>({ kind: "use" } satisfies ServerRequest);
        runs.get(sink)?.push(figuresOf(answer, use));
      }
    }
    return [...runs].flatMap(([sink, figures]) =>
      resultsOf(sink, figures, {
        facets: { contender: sink, connections, flightsPerRequest },
        ...(sink === "nothing" ? {} : { ratioTo: "nothing" }),
      }),
    );
  } finally {
    for (const child of [client, ...servers.values()]) await child.stop();
  }
};

export default benchmark;

function figuresOf(answer: LoadAnswer, use: ProcessUse): Figures {
  return {
    "requests/s": { unit: "", value: answer.requestsPerSecond },
    p50: { unit: "ms", value: answer.p50Ms },
    p99: { unit: "ms", value: answer.p99Ms },
    "loop delay p99": { unit: "ms", value: use.loopDelayP99Ms },
    "CPU per request": { unit: "ms", value: (use.cpuPercent * 10) / answer.requestsPerSecond },
    RSS: { unit: "MB", value: use.peakRssBytes / 1e6 },
  };
}
