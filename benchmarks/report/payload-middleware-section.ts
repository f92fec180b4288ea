import type { BenchmarkRecord } from "../records.ts";
import { number } from "./format.ts";
import { lossesOf } from "./losses.ts";
import { fullLoadTable, ratesOf, rateTable, spreadText } from "./payload-tables.ts";
import { find, type MakeSection, valuesOf } from "./section.ts";

/** What the 99th percentile of the first byte may rise by in a server, milliseconds. */
const maxAddedMs = 0.2;
const rival = "pino-http with bodies";

/** What payload logging adds to servers. */
export const payloadMiddlewareSection: MakeSection = (record) => {
  const rates = ratesOf(record);
  const [mine, other] = ["ours", rival].map((logger) =>
    find(record, "full load CPU", { kind: "node:http", logger }),
  );
  return {
    title: "What payload logging adds",
    headline:
      mine === undefined || other === undefined
        ? undefined
        : `A request to node:http whose payloads are logged takes ${number(mine.median)} ms of CPU time under full load, all threads and files included; with pino-http, which writes both bodies as JSON, ${number(other.median)} ms.`,
    body: [
      "A request of 1.4 kB, answered by four server-sent events, from another process of the same machine. Times are milliseconds, and so is the CPU of a request, of all threads. “first byte” goes from the moment that a request was due to the moment that its client hears of it; “served”, from the moment that the client writes it to the moment that the handler has written the head and the first event, so that what the client waits for a core is not in it. “added” is what the p99 of a round is above that of the same server without a log in the same round: median, least and greatest of the rounds. The server without a log stands there twice: what the second one adds is chance. A chunk's time goes from its `write` to its client. morgan logs a line without bodies; pino-http writes both bodies as JSON.",
      ...rates.map((rate) => rateTable(record, rate, "served")),
      ...rates.map((rate) => boundText(record, rate)),
      `As fast as ${valuesOf(record, "connections")[0]} connections go that never wait. Here the p99 is the length of the queue, for clients and servers share the machine's cores; what a design does on another thread is paid for here, too.`,
      fullLoadTable(record),
    ].join("\n\n"),
    pictures: new Map(),
    losses: valuesOf(record, "kind").flatMap((kind) => losses(record, kind)),
  };
};

/** Against the middleware that stores the same: morgan has no bodies. */
function losses(record: BenchmarkRecord, kind: string | number): string[] {
  return ["200/s CPU", "full load CPU", "RSS"].flatMap((metric) =>
    lossesOf(`Payload logging in ${kind}, ${metric}`, find(record, metric, { kind, logger: "ours" }), [
      { name: rival, result: find(record, metric, { kind, logger: rival }) },
    ]),
  );
}

/** What each middleware adds at a rate, beside the bound and what chance adds. */
function boundText(record: BenchmarkRecord, rate: number): string {
  const told = valuesOf(record, "kind").flatMap((kind) => {
    const [mine, chance] = ["ours", "none again"].map((logger) =>
      find(record, `${rate}/s served p99 added`, { kind, logger }),
    );
    if (mine === undefined || chance === undefined) return [];
    const verdict = mine.median <= maxAddedMs ? "held" : "not held";
    return [`${kind} ${spreadText(mine)}, by chance ${spreadText(chance)}: ${verdict}`];
  });
  return `A middleware may add ${maxAddedMs} ms to the p99. At ${number(rate)} requests a second, served: ${told.join("; ")}.`;
}
