import { posix } from "node:path";
import { nearest } from "../../base/nearest.ts";
import { collectionKey } from "../../layout/collection-key.ts";
import { engines } from "../../reader/ddl/definitions.ts";
import { storedTables } from "../../reader/ddl/stored-table.ts";
import { NoCollectionError } from "../../reader/table.ts";
import { placeOf } from "../../reader/ddl/table-place.ts";
import { type RunnableCommand, UsageError, wordText } from "../command.ts";
import { type ExitCode, exitCode } from "../exit-code.ts";
import { tellUnreadable } from "../text/unreadable.ts";
import { datasetOptions, nothingStored, withDataset } from "../with-dataset.ts";

const names = Object.keys(engines);

/** `mdc ddl`: statements that define the collections as tables of an engine. */
export const ddl: RunnableCommand = {
  name: "ddl",
  summary: "print statements that define the collections as tables of Spark, Trino, DuckDB, …",
  parameters: "--engine <engine> [<collection>]",
  positionals: [0, 1],
  options: {
    engine: { type: "string", value: "<engine>", description: `one of ${names.join(", ")}` },
    ...datasetOptions,
  },
  examples: ["mdc ddl --engine spark", "mdc ddl --engine duckdb model_inputs > tables.sql"],
  async run(input): Promise<ExitCode> {
    const { name: engineName, engine } = engineOf(input.text("engine"));
    const [wanted] = input.positionals;
    const isWanted = (folder: string): boolean =>
      wanted === undefined || collectionKey(folder).endsWith(`/${collectionKey(wanted)}`);
    const { root, chosen, leftOut, unreadable } = await withDataset(input, async (data, catalog) => {
      const found = await storedTables(catalog);
      const leftOut = found.leftOut.filter(({ folder }) => isWanted(folder));
      const unreadable = found.unreadable.filter(({ path }) => isWanted(posix.dirname(path)));
      const chosen = found.tables.filter(({ folder }) => isWanted(folder));
      if (wanted !== undefined && chosen.length + leftOut.length + unreadable.length === 0)
        throw new NoCollectionError(
          wanted,
          catalog,
          found.tables.map(({ name }) => name),
        );
      return { root: data.root, chosen, leftOut, unreadable };
    });
    const place = placeOf(root);
    if (engine.not?.includes(place.kind) === true)
      throw new UsageError(`${engineName} reads Blob Storage, https://<account>.blob.…; ${root} is none`);
    for (const { folder, reason } of leftOut) input.terminal.err(`mdc: ${folder} is left out: ${reason}`);
    const code = tellUnreadable(unreadable, input.terminal);
    if (chosen.length === 0 && code !== exitCode.ok) return code;
    if (chosen.length === 0 && wanted !== undefined) return exitCode.usage;
    if (chosen.length === 0) input.terminal.err(await nothingStored(root));
    if (input.flag("json")) {
      const preamble = engine.preamble(place, chosen).join("\n");
      const statements = chosen.map((table) => ({
        engine: engineName,
        table: table.name,
        statement: engine.define(table, place),
      }));
      input.terminal.json(
        preamble === ""
          ? statements
          : [{ engine: engineName, table: null, statement: preamble }, ...statements],
      );
      return code;
    }
    const parts = chosen.map((table) => engine.define(table, place));
    const all = chosen.length === 0 ? [] : [engine.preamble(place, chosen).join("\n"), ...parts];
    for (const [i, part] of all.filter((text) => text !== "").entries()) {
      if (i > 0) input.terminal.out("");
      for (const line of part.split("\n")) input.terminal.out(line);
    }
    return code;
  },
};

function engineOf(name: string | undefined) {
  const engine = name === undefined || !Object.hasOwn(engines, name) ? undefined : engines[name];
  if (name !== undefined && engine !== undefined) return { name, engine };
  const near = name === undefined ? undefined : nearest(name, names);
  const hint = near === undefined ? "" : `; did you mean ${near}?`;
  const got = name === undefined ? "none" : wordText(name);
  throw new UsageError(`--engine: expected one of ${names.join(", ")}, got ${got}${hint}`);
}
