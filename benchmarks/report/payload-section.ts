import { type BenchmarkRecord, isBusy } from "../records.ts";
import { number, table } from "./format.ts";
import { lossesOf } from "./losses.ts";
import { find, type MakeSection, valuesOf } from "./section.ts";

/** What the 99th percentile of the first byte may rise by in a server, milliseconds. */
const maxAddedMs = 0.2;
const servers = ["node:http", "Express", "Fastify"];

/** A column of a table: its head, and the figure of a subject; undefined if it has none. */
type Column = readonly [string, (kind: string | number, logger: string | number) => number | undefined];

/** What payload logging adds to servers, and the sidecar to the way to one. */
export const payloadSection: MakeSection = (record) => {
  const rates = [200, 1_000].filter((rate) =>
    record.results.some(({ metric }) => metric === `${rate}/s first byte p99`),
  );
  const [slow = 0] = rates;
  const [mine, rival] = ["ours", "pino-http with bodies"].map((logger) =>
    find(record, "full load CPU", { kind: "node:http", logger }),
  );
  const connections = valuesOf(record, "connections")[0];
  return {
    title: "What payload logging adds",
    headline:
      mine === undefined || rival === undefined
        ? undefined
        : `A request to node:http whose payloads are logged takes ${number(mine.median)} ms of CPU time under full load, all threads and files included; with pino-http, which writes both bodies as JSON, ${number(rival.median)} ms.`,
    body: [
      `A request of 1.4 kB, answered by four server-sent events, from another process of the same machine. Times are milliseconds, and so is the CPU of a request, of all threads. A p99 is that of the quietest round, for whatever else the machine does can only add to it.${isBusy(record) ? "" : addedText} A chunk's time goes from its \`write\` to its client. morgan logs a line without bodies; pino-http and the body log of http-proxy write both bodies as JSON.`,
      ...rates.map((rate) => rateTable(record, rate)),
      boundText(record, slow),
      `As fast as ${connections} connections go that never wait. Here the p99 is the length of the queue, for clients, servers and targets share the machine's cores; what a design does on another thread is paid for here, too.`,
      subjectTable(record, [
        median(record, "requests/s", "requests/s"),
        median(record, "first byte p50", "full load first byte p50"),
        least(record, "first byte p99", "full load first byte p99"),
        median(record, "CPU", "full load CPU"),
        median(record, "RSS, MB", "RSS"),
      ]),
      ...(find(record, "requests/s", { kind: "nginx" }) === undefined
        ? ["nginx was not on this machine."]
        : []),
    ].join("\n\n"),
    pictures: new Map(),
    losses: [...servers.flatMap((kind) => middlewareLosses(record, kind)), ...proxyLosses(record)],
  };
};

const addedText =
  " “added” is what it is above that of the same server without a log, of the sidecar and nginx above that of http-proxy that logs as much.";

function rateTable(record: BenchmarkRecord, rate: number): string {
  const added: Column = ["added", (kind, logger) => addedMs(record, rate, kind, logger)];
  const columns: Column[] = [
    median(record, "first byte p50", `${rate}/s first byte p50`),
    least(record, "first byte p99", `${rate}/s first byte p99`),
    ...(isBusy(record) ? [] : [added]),
    median(record, "chunk p50", `${rate}/s chunk p50`),
    least(record, "chunk p99", `${rate}/s chunk p99`),
    median(record, "CPU", `${rate}/s CPU`),
  ];
  return `At ${number(rate)} requests a second:\n\n${subjectTable(record, columns)}`;
}

function median(record: BenchmarkRecord, head: string, metric: string): Column {
  return [head, (kind, logger) => find(record, metric, { kind, logger })?.median];
}

function least(record: BenchmarkRecord, head: string, metric: string): Column {
  return [head, (kind, logger) => find(record, metric, { kind, logger })?.min];
}

/** By how much the first byte's 99th percentile is above that of what the subject is compared with. */
function addedMs(
  record: BenchmarkRecord,
  rate: number,
  kind: string | number,
  logger: string | number,
): number | undefined {
  const metric = `${rate}/s first byte p99`;
  const mine = find(record, metric, { kind, logger });
  const other = record.results.find((result) => result.name === mine?.ratioTo && result.metric === metric);
  return mine === undefined || other === undefined ? undefined : mine.min - other.min;
}

/** Against the middleware that stores the same: morgan has no bodies. */
function middlewareLosses(record: BenchmarkRecord, kind: string): string[] {
  const at = (logger: string, metric: string) => find(record, metric, { kind, logger });
  const rival = "pino-http with bodies";
  return ["200/s CPU", "full load CPU", "RSS"].flatMap((metric) =>
    lossesOf(`Payload logging in ${kind}, ${metric}`, at("ours", metric), [
      { name: rival, result: at(rival, metric) },
    ]),
  );
}

function proxyLosses(record: BenchmarkRecord): string[] {
  const at = (kind: string, logger: string, metric: string) => find(record, metric, { kind, logger });
  return ["200/s CPU", "full load CPU", "RSS"].flatMap((metric) => [
    ...lossesOf(`The sidecar without a log, ${metric}`, at("sidecar", "none", metric), [
      { name: "http-proxy", result: at("http-proxy", "none", metric) },
      { name: "nginx", result: at("nginx", "none", metric) },
    ]),
    ...lossesOf(`The sidecar with a log, ${metric}`, at("sidecar", "ours", metric), [
      { name: "http-proxy", result: at("http-proxy", "with a body log", metric) },
    ]),
  ]);
}

/** A line for each subject. */
function subjectTable(record: BenchmarkRecord, columns: readonly Column[]): string {
  const lines = valuesOf(record, "kind").flatMap((kind) =>
    valuesOf(record, "logger").flatMap((logger) => {
      const figures = columns.map(([, of]) => of(kind, logger));
      if (figures.every((figure) => figure === undefined)) return [];
      const cells = figures.map((figure) => (figure === undefined ? "–" : number(figure)));
      return [[`${kind}, ${logger}`, ...cells]];
    }),
  );
  return table(["", ...columns.map(([head]) => head)], lines);
}

/** Whether the bound of middlewares holds. */
function boundText(record: BenchmarkRecord, rate: number): string {
  const bound = `A middleware may add ${maxAddedMs} ms to the p99 of the first byte`;
  if (isBusy(record))
    return `${bound}, at ${number(rate)} requests a second, where a request waits for its own server and not for other requests. That is not judged here: on a machine with other work a p99 is how long the servers waited for a core.`;
  const misses = servers.flatMap((kind) => {
    const ms = addedMs(record, rate, kind, "ours");
    return ms !== undefined && ms > maxAddedMs ? [`${kind} (${number(ms)} ms)`] : [];
  });
  const verdict = misses.length === 0 ? "it holds" : `it does not hold for ${misses.join(", ")}`;
  return `${bound}: ${verdict}. That is judged at ${number(rate)} requests a second, where a request waits for its own server and not for other requests.`;
}
