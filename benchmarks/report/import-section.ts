import { number, table, times } from "./format.ts";
import { find, type MakeSection, valuesOf } from "./section.ts";

/** What a process waits for before it can do anything. */
export const importSection: MakeSection = (record) => {
  const contenders = valuesOf(record, "contender").map(String);
  const at = (contender: string, metric: string) => find(record, metric, { contender });
  const ours = at("ours, import", "time");
  const rival = at("pino, import", "time");
  return {
    title: "Loading the package",
    headline:
      ours === undefined || rival === undefined
        ? undefined
        : `Importing the package takes ${number(ours.median)} ms, ${times(ours.median, rival.median)} times as long as importing pino.`,
    body: [
      "A process that does nothing but import, started anew each time, ours and pino in turns. `require` is the build for what cannot load ES modules by it.",
      table(
        ["", "ms", "least to greatest", "CPU ms"],
        contenders.map((contender) => {
          const time = at(contender, "time");
          const cpu = at(contender, "CPU");
          if (time === undefined || cpu === undefined) return [contender, "–", "–", "–"];
          const range = `${number(time.min)} to ${number(time.max)}`;
          return [contender, number(time.median), range, number(cpu.median)];
        }),
      ),
    ].join("\n\n"),
    pictures: new Map(),
    losses: [],
  };
};
