import { number, table } from "./format.ts";
import { find, type MakeSection, valuesOf } from "./section.ts";

const metrics = ["collect usable after", "its frame spooled after", "all delivered after", "recovery"];

/** After a crash. */
export const recoverySection: MakeSection = (record) => {
  const sizes = valuesOf(record, "megabytes").map(Number);
  const at = (megabytes: number, metric: string) => find(record, metric, { megabytes });
  const largest = Math.max(...sizes);
  const usable = at(largest, "collect usable after");
  const heads = metrics.map((metric) => `${metric}, ${at(largest, metric)?.unit ?? ""}`);
  return {
    title: "After a crash",
    headline:
      usable === undefined
        ? undefined
        : `With ${number(largest)} MB left in the spool by a process that was killed, the next one can collect after ${number(usable.median)} ms.`,
    body: [
      "A process is killed while its spool is full of frames that could not be delivered; times are its successor's, from before `openDeployment`. It delivers what it finds in the background.",
      table(
        ["left in the spool", ...heads],
        sizes.map((megabytes) => [
          `${number(megabytes)} MB`,
          ...metrics.map((metric) => {
            const result = at(megabytes, metric);
            return result === undefined ? "–" : number(result.median);
          }),
        ]),
      ),
    ].join("\n\n"),
    pictures: new Map(),
    losses: [],
  };
};
