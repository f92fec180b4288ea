import { number, table, times } from "./format.ts";
import { lossesOf } from "./losses.ts";
import { find, isOwn, type MakeSection, valuesOf } from "./section.ts";

const metrics = [
  "CPU",
  "CPU without files",
  "wake-ups",
  "reads and writes",
  "written",
  "loop delay p99",
  "RSS",
];

/** What a request costs a service that is not busy. */
export const ratesSection: MakeSection = (record) => {
  const contenders = valuesOf(record, "contender").map(String);
  const rates = valuesOf(record, "requestsPerSecond").map(Number);
  const at = (contender: string, metric: string, requestsPerSecond: number, collections = "two") =>
    find(record, metric, { contender, requestsPerSecond, collections });
  const rivals = contenders.filter((contender) => !isOwn(contender) && contender !== "nothing");
  const usual = 200;
  const [mine, lines] = [at("ours, group", "CPU", usual), at("JSON lines", "CPU", usual)];
  const rows = (collections: string, requestsPerSecond: number): string[][] =>
    contenders.map((contender) => [
      contender,
      ...metrics.map((metric) => {
        const result = at(contender, metric, requestsPerSecond, collections);
        return result === undefined ? "–" : number(result.median);
      }),
    ]);
  return {
    title: "At the rates that services have",
    headline:
      mine === undefined || lines === undefined
        ? undefined
        : `At ${usual} requests a second a request with two frames of 20 rows costs ${number(mine.median)} µs of CPU, of all threads and files included, ${times(mine.median, lines.median)} times as much as JSON lines appended to a file.`,
    body: [
      "A process that is warm and answers so many requests a second: two frames a request, of 20 rows with 10 and with 2 columns; where it says four, two more of one row with 12 and with 8 columns, as the log of a request and its response has. Figures are for one request and beyond what the same loop takes that keeps nothing (“nothing” itself, the delay of the loop and memory are as they are). CPU is that of all threads, and contains writing the files, which a service does once a minute and this benchmark once in six seconds; wake-ups are those of all threads; reads and writes are system calls, counted where Linux counts them.",
      ...rates.flatMap((rate) =>
        (["two", "four"] as const)
          .filter((collections) => at("nothing", "CPU", rate, collections) !== undefined)
          .flatMap((collections) => [
            `### ${number(rate)} requests a second, ${collections} collections`,
            table(
              [
                "",
                ...metrics.map(
                  (metric) => `${metric} ${unitOf(at("nothing", metric, rate, collections)?.unit)}`,
                ),
              ],
              rows(collections, rate),
            ),
          ]),
      ),
    ].join("\n\n"),
    pictures: new Map(),
    losses: rates.flatMap((rate) =>
      lossesOf(
        `CPU of a request at ${number(rate)} requests a second`,
        at("ours, group", "CPU", rate),
        rivals.map((name) => ({ name, result: at(name, "CPU", rate) })),
      ),
    ),
  };
};

function unitOf(unit = ""): string {
  return unit.replace("/request", "").trim();
}
