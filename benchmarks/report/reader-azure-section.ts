import { number, table } from "./format.ts";
import { lossesOf } from "./losses.ts";
import { find, type MakeSection } from "./section.ts";

/** What asking costs through Azure's protocol. */
export const readerAzureSection: MakeSection = (record) => {
  const { results } = record;
  const questions = [...new Set(results.map(({ facets }) => String(facets?.["question"])))];
  const rows = Number(results[0]?.facets?.["size"] ?? 0);
  const figure = (question: string, contender: string, metric: string): string => {
    const result = find(record, metric, { question, contender });
    return result === undefined ? "–" : number(result.median);
  };
  return {
    title: "Asking what is stored in Azure",
    headline: undefined,
    body: [
      `The same questions of ${number(rows)} rows in files of an hour each, in Azurite on the same machine: in a process each, DuckDB without its cache of such files, this package without its own. What SQL is asked of (aggregate, join) this package fetches once, so there the first answer is the one to compare. DuckDB has its own extension for Azure, and reads the same objects; of an id it is not told the hour.`,
      table(
        ["", "ms", "DuckDB, ms", "first, ms", "DuckDB, first, ms", "RSS, MB", "DuckDB's RSS, MB"],
        questions.map((question) => [
          question,
          ...["time", "first", "RSS"].flatMap((metric) =>
            ["ours", "DuckDB"].map((who) => figure(question, who, metric)),
          ),
        ]),
      ),
    ].join("\n\n"),
    pictures: new Map(),
    losses: questions.flatMap((question) => {
      const at = (contender: string) => find(record, "time", { question, contender });
      return lossesOf(`${question} in Azure`, at("ours"), [{ name: "DuckDB", result: at("DuckDB") }]);
    }),
  };
};
