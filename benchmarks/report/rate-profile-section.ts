import { number, table } from "./format.ts";
import { find, type MakeSection, valuesOf } from "./section.ts";

/** Where the CPU of a request goes when requests are few. */
export const rateProfileSection: MakeSection = (record) => {
  const own = "ours, group";
  const contenders = valuesOf(record, "contender").map(String);
  const rates = valuesOf(record, "requestsPerSecond").map(Number);
  const metrics = (part: string): string[] => [
    ...new Set(
      record.results.filter(({ facets }) => facets?.["part"] === part).map(({ metric = "" }) => metric),
    ),
  ];
  const at = (part: string, contender: string, metric: string, requestsPerSecond?: number) =>
    find(record, metric, {
      part,
      contender,
      ...(requestsPerSecond === undefined ? {} : { requestsPerSecond }),
    })?.median;
  const threads = metrics("threads");
  const allThreads = (contender: string, rate: number): number =>
    threads.reduce((sum, metric) => sum + (at("threads", contender, metric, rate) ?? 0), 0);
  const byThread = (rate: number): string =>
    table(
      [`${number(rate)} requests a second, µs a request`, ...threads, "together"],
      contenders
        .filter((contender) => at("threads", contender, "main thread", rate) !== undefined)
        .map((contender) => [
          contender,
          ...threads.map((metric) => number(at("threads", contender, metric, rate) ?? 0)),
          number(allThreads(contender, rate)),
        ]),
    );
  const layers = metrics("layers").map((layer) => [
    layer,
    ...rates.map((rate) => number(at("layers", own, layer, rate) ?? 0)),
    ...rates.map((rate) =>
      number(((at("layers", own, layer, rate) ?? 0) / 100) * (at("threads", own, "main thread", rate) ?? 0)),
    ),
  ]);
  const memory = metrics("memory");
  return {
    title: "Where a request's CPU goes when requests are few",
    headline: rates
      .slice(0, 1)
      .map(
        (rate) =>
          `At ${number(rate)} requests a second a request takes ${number(allThreads(own, rate))} µs of CPU in a process that keeps its frames with ours, ${number(allThreads("nothing", rate))} µs in one that keeps nothing, and ${number(allThreads("JSON lines, gathered", rate))} µs where JSON lines are written as seldom.`,
      )
      .join(" "),
    body: [
      "The process of the section before with two collections, by itself on the machine, warm: each request had been a batch of its own 1,600 times. “nothing” is the loop that asks, and so what it costs that a process wakes up for a request; “an empty timer” wakes up once more 20 ms later, as everything must that gathers; “JSON lines, gathered” writes once in these 20 ms, so that a kill costs as much as with ours. Times are those that the system counts for each thread.",
      ...rates.map(byThread),
      "Our main thread by layer, from samples of its stack: the share, and what that is of the time above. The profiler itself makes cheap layers look dearer.",
      table(
        [
          "",
          ...rates.map((rate) => `% at ${number(rate)}/s`),
          ...rates.map((rate) => `µs at ${number(rate)}/s`),
        ],
        layers,
      ),
      "What the memory of a process that waits is made of, in MB; the rest of its resident set are pages of files, most of all of Node's program, which all processes share.",
      table(
        ["", ...memory],
        contenders
          .filter((contender) => at("memory", contender, "RSS") !== undefined)
          .map((contender) => [
            contender,
            ...memory.map((metric) => number(at("memory", contender, metric) ?? 0)),
          ]),
      ),
    ].join("\n\n"),
    pictures: new Map(),
    losses: [],
  };
};
