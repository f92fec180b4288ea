import { number, table } from "./format.ts";
import type { MakeSection } from "./section.ts";

/** What one id costs to find. */
export const lookUpSection: MakeSection = ({ results }) => {
  const lines = results.flatMap(({ name, median, ratioTo }) => {
    const file = results.find((result) => result.name === ratioTo);
    if (file === undefined) return [];
    const [frames = name] = name.split(":");
    return [{ frames, file: file.median, lookUp: median }];
  });
  const [dearest] = lines.toSorted((a, b) => b.lookUp / b.file - a.lookUp / a.file);
  return {
    title: "Looking one id up",
    headline:
      dearest === undefined
        ? undefined
        : `To read the rows of one id in a file of ${number(dearest.file / 1e6)} MB, a reader fetches ${number(dearest.lookUp / 1e6)} MB of it.`,
    body: [
      "Bytes that are fetched to read all columns of one request's rows from one file by its page index and Bloom filter, beside the whole file.",
      table(
        ["", "file, bytes", "look-up, bytes", "of the file"],
        lines.map(({ frames, file, lookUp }) => [
          frames,
          number(file),
          number(lookUp),
          `${number((lookUp / file) * 100)} %`,
        ]),
      ),
    ].join("\n\n"),
    pictures: new Map(),
    losses: [],
  };
};
