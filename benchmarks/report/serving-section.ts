import { barChart } from "./bar-chart.ts";
import { number, table, times } from "./format.ts";
import { lossesOf } from "./losses.ts";
import { find, isOwn, type MakeSection, picture, valuesOf } from "./section.ts";

const metrics = ["requests/s", "p50", "p99", "loop delay p99", "CPU per request", "RSS"];

/** A real model behind a real server. */
export const servingSection: MakeSection = (record) => {
  const contenders = valuesOf(record, "contender").map(String);
  const at = (contender: string, metric: string) => find(record, metric, { contender });
  const rivals = contenders.filter((contender) => !isOwn(contender) && contender !== "nothing");
  const [connections, flights] = ["connections", "flightsPerRequest"].map(
    (facet) => valuesOf(record, facet)[0],
  );
  const losses = (label: string, metric: string, better: "less" | "more" = "less") =>
    lossesOf(
      label,
      at("ours", metric),
      rivals.map((name) => ({ name, result: at(name, metric) })),
      better,
    );
  const [mine, bare] = [at("ours", "requests/s"), at("nothing", "requests/s")];
  return {
    title: "A model behind Fastify",
    headline:
      mine === undefined || bare === undefined
        ? undefined
        : `A Fastify server that scores with a random forest answers ${number(mine.median)} requests a second while it collects inputs and outputs, ${times(mine.median, bare.median)} times as many as with nothing collected.`,
    body: [
      `A random forest scores ${flights} flights a request; ${connections} connections from a second process on the same machine; inputs and outputs of every request are kept. In brackets: divided by “nothing”.`,
      table(
        ["", ...metrics.map((metric) => `${metric} ${at("nothing", metric)?.unit ?? ""}`.trim())],
        contenders.map((contender) => [
          contender,
          ...metrics.map((metric) => {
            const [result, base] = [at(contender, metric), at("nothing", metric)];
            if (result === undefined || base === undefined) return "–";
            const ratio = contender === "nothing" ? "" : ` (${times(result.median, base.median)})`;
            return `${number(result.median)}${ratio}`;
          }),
        ]),
      ),
      picture("serving", "Requests a second"),
      "Both processes share the machine's cores with every background thread, so what a design does off the server's thread is paid for here, too.",
    ].join("\n\n"),
    pictures: new Map([
      [
        "serving",
        barChart(
          "Requests a second, Fastify and a random forest",
          "requests/s",
          contenders.flatMap((contender) => {
            const result = at(contender, "requests/s");
            if (result === undefined) return [];
            const { median: value, min, max } = result;
            return [{ label: contender, value, min, max, own: isOwn(contender) }];
          }),
        ),
      ],
    ]),
    losses: [
      ...losses("Requests a second behind Fastify", "requests/s", "more"),
      ...losses("p99 of a request behind Fastify", "p99"),
      ...losses("CPU of a request behind Fastify", "CPU per request"),
      ...losses("Memory behind Fastify", "RSS"),
    ],
  };
};
