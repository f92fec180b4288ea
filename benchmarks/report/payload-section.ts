import { number, table } from "./format.ts";
import { find, type MakeSection, valuesOf } from "./section.ts";

const metrics = [
  ...["first byte p50", "first byte p99", "chunk p50", "chunk p99"],
  ...["requests/s", "CPU per request", "RSS"],
];

/** What payload logging adds to servers, and the sidecar to the way to one. */
export const payloadSection: MakeSection = (record) => {
  const at = (kind: string | number, logger: string | number, metric: string) =>
    find(record, metric, { kind, logger });
  const lines = valuesOf(record, "kind").flatMap((kind) =>
    valuesOf(record, "logger").flatMap((logger) => {
      if (at(kind, logger, "requests/s") === undefined) return [];
      const cells = metrics.map((metric) => {
        const result = at(kind, logger, metric);
        return result === undefined ? "–" : number(result.median);
      });
      return [[`${kind}, ${logger}`, ...cells]];
    }),
  );
  const [mine, none] = ["ours", "none"].map((logger) => at("Fastify", logger, "first byte p99"));
  const connections = valuesOf(record, "connections")[0];
  const perSecond = valuesOf(record, "perSecond")[0];
  return {
    title: "What payload logging adds",
    headline:
      mine === undefined || none === undefined
        ? undefined
        : `Payload logging in Fastify adds ${number(mine.median - none.median)} ms to the p99 of the first byte, at ${perSecond} requests a second.`,
    body: [
      `A request of 1.4 kB, answered by four server-sent events, from another process of the same machine. Times are milliseconds at ${perSecond} requests a second, and so is the CPU of a request, of all threads; requests a second are those of ${connections} connections that never wait; RSS in MB after that. A chunk's time goes from its \`write\` to its client. morgan logs a line without bodies; pino-http and the body log of http-proxy write both bodies as JSON.`,
      table(["", ...metrics], lines),
      "Clients and servers share the machine's cores, so what a design does on another thread is paid for here, too.",
    ].join("\n\n"),
    pictures: new Map(),
    losses: [],
  };
};
