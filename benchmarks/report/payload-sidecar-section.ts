import type { BenchmarkRecord } from "../records.ts";
import { lossesOf } from "./losses.ts";
import { fullLoadTable, ratesOf, rateTable, spreadText } from "./payload-tables.ts";
import { find, type MakeSection, valuesOf } from "./section.ts";

/** What the sidecar adds on the way to a server. */
export const payloadSidecarSection: MakeSection = (record) => {
  const shares = ["none", "ours"].map((logger) =>
    find(record, "requests/s share", { kind: "sidecar", logger }),
  );
  const [without, withLog] = shares.map((share) => (share === undefined ? undefined : spreadText(share)));
  const hasNginx = find(record, "requests/s", { kind: "nginx" }) !== undefined;
  return {
    title: "What the sidecar adds",
    headline:
      without === undefined || withLog === undefined
        ? undefined
        : `The sidecar takes ${without} times as many requests a second as http-proxy without a log, and ${withLog} times as many where both log bodies.`,
    body: [
      "The same requests through a proxy, to the server without a log that stands first. “added” is what the first byte's p99 of a round is above that of http-proxy that logs as much, in the same round; “of the other's”, how many requests a second it took of those that http-proxy took in that round: median, least and greatest of the rounds. http-proxy stands there twice: what the second one adds is chance. Its body log writes both bodies as JSON.",
      ...ratesOf(record).map((rate) => rateTable(record, rate, "first byte")),
      `As fast as ${valuesOf(record, "connections")[0]} connections go that never wait; clients, proxies and the server share the machine's cores.`,
      fullLoadTable(record),
      ...(hasNginx ? [] : ["nginx was not on this machine."]),
    ].join("\n\n"),
    pictures: new Map(),
    losses: losses(record),
  };
};

function losses(record: BenchmarkRecord): string[] {
  const at = (kind: string, logger: string, metric: string) => find(record, metric, { kind, logger });
  const compared = (metric: string, better: "less" | "more"): string[] => [
    ...lossesOf(
      `The sidecar without a log, ${metric}`,
      at("sidecar", "none", metric),
      [
        { name: "http-proxy", result: at("http-proxy", "none", metric) },
        { name: "nginx", result: at("nginx", "none", metric) },
      ],
      better,
    ),
    ...lossesOf(
      `The sidecar with a log, ${metric}`,
      at("sidecar", "ours", metric),
      [{ name: "http-proxy", result: at("http-proxy", "with a body log", metric) }],
      better,
    ),
  ];
  return [
    ...["200/s CPU", "full load CPU", "RSS"].flatMap((metric) => compared(metric, "less")),
    ...compared("requests/s", "more"),
  ];
}
