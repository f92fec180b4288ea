import type { DuckDBResult } from "@duckdb/node-api";
import { invalidArgument, wrongKind, wrongValue } from "../../base/errors.ts";
import type { TimeRange } from "../../layout/partition.ts";
import type { Row } from "../../layout/row.ts";
import type { StoreEntry } from "../../store/store.ts";
import type { Catalog } from "../catalog.ts";
import { timeOption } from "../time-option.ts";
import { checkCallback, unreadableFile } from "../unreadable.ts";
import { askedColumns } from "./asked-columns.ts";
import { badFile, canBeOfFile } from "./bad-file.ts";
import { Database, type DuckdbLibrary, faultOf, loadDuckdb, RefusedStatement } from "./duckdb.ts";
import { type CollectionFiles, takeInventory, unusableLogs } from "./inventory.ts";
import type { LocalFiles, LocatedFiles } from "./local-files.ts";
import type { SqlOptions, SqlRows, TimestampForm } from "./sql-options.ts";
import { writtenName } from "./sql-text.ts";
import { valueReader } from "./sql-value.ts";
import { viewStatement } from "./view.ts";

/** Kinds of statements that only read, or change what is in the memory of the query. */
const harmless: ReadonlySet<string> = new Set(["SELECT", "EXPLAIN", "CREATE", "INSERT", "DROP"]);

/** Runs statements over views of a catalog's collections. */
export async function runSql(
  catalog: Catalog,
  files: LocalFiles,
  statement: string,
  options: SqlOptions,
): Promise<SqlRows> {
  if (typeof statement !== "string") throw wrongKind("sql: statement", "a text", statement);
  const range = rangeOf(options);
  const { allowFiles = false, maxRows = 100_000, timestamps = "date", onUnreadable } = options;
  checkCallback(onUnreadable, "sql");
  if (!(Number.isSafeInteger(maxRows) && maxRows >= 1))
    throw wrongValue("sql: maxRows", "a whole number of at least 1", maxRows);
  const isAllowed = (kind: string): boolean => harmless.has(kind) || (allowFiles && kind === "COPY");
  // EXPLAIN ANALYZE runs what it explains.
  if (!allowFiles && /\bexplain\b/i.test(statement) && /\b(copy|export)\b/i.test(statement))
    throw invalidArgument(new RangeError("sql: COPY and EXPORT are not explained without allowFiles"));
  const [library, all] = await Promise.all([loadDuckdb(), takeInventory(catalog, range)]);
  const without = all.filter((collection) => unusableLogs(collection).length > 0);
  const named = all.filter((one) => !without.includes(one) && isNamed(statement, one.name));
  const entries = named.flatMap(({ deployments }) =>
    deployments.flatMap(({ sets }) => sets.flatMap((set) => [...set.files, ...set.beside])),
  );
  const asked = askedColumns(statement, range);
  const answer = async ({ here, areWhole }: LocatedFiles): Promise<SqlRows> => {
    const reach = { files: [...here.values()], anyFile: allowFiles, spillFolder: await files.spillFolder() };
    using database = await Database.open(library, reach);
    try {
      for (const collection of named) {
        const parted = await files.schemas.part(collection, here);
        await database.run(viewStatement(parted, range, ({ path }) => here.get(path) as string));
      }
      const result = await database.query(statement, isAllowed);
      const rows = await rowsOf(library, result, { maxRows, timestamps });
      for (const log of without.flatMap(unusableLogs)) onUnreadable?.(log);
      return rows;
    } catch (thrown) {
      // Perhaps for want of a column that the statement does not name.
      if (!areWhole && canBeOfFile(thrown)) return await answer(await files.locate(entries));
      const [log] = without.filter(({ name }) => isMissing(thrown, name)).flatMap(unusableLogs);
      if (log !== undefined) throw unreadableFile(log.path, new Error(log.reason));
      const blamed = { library, reach, named, here };
      throw (await badFile(catalog, blamed, thrown)) ?? explain(thrown, named, here, entries);
    }
  };
  return await answer(await files.locate(entries, asked));
}

/** The times that options ask for. */
function rangeOf(options: SqlOptions): TimeRange {
  return {
    from: timeOption(options.from, "sql: from") ?? -Infinity,
    to: timeOption(options.to, "sql: to") ?? Infinity,
  };
}

/** Whether a statement can mean a collection: only such a collection's files are looked at. */
function isNamed(statement: string, name: string): boolean {
  return statement.toLowerCase().includes(name.toLowerCase().replaceAll('"', '""'));
}

/** Whether DuckDB threw for want of a view of this name. */
function isMissing(thrown: unknown, name: string): boolean {
  const missing = `Catalog Error: Table with name ${name} does not exist`;
  return faultOf(thrown).toLowerCase().startsWith(missing.toLowerCase());
}

async function rowsOf(
  library: DuckdbLibrary,
  result: DuckDBResult | undefined,
  { maxRows, timestamps }: { readonly maxRows: number; readonly timestamps: TimestampForm },
): Promise<SqlRows> {
  const rows: Row[] = [];
  if (result === undefined) return Object.assign(rows, { columns: [] });
  const names = result.deduplicatedColumnNames();
  const types = result.columnTypes();
  const read = valueReader(library, timestamps);
  for await (const chunk of result.yieldRows()) {
    if (rows.length + chunk.length > maxRows) {
      const message = `sql: the result has more than ${maxRows} rows; add a LIMIT, or raise maxRows`;
      throw invalidArgument(new RangeError(message));
    }
    for (const values of chunk)
      rows.push(Object.fromEntries(names.map((name, i) => [name, read(values[i] ?? null)])));
  }
  return Object.assign(rows, { columns: names.map((name, i) => ({ name, type: String(types[i]) })) });
}

/** What to throw for what DuckDB threw: a file that is damaged, or a statement that is wrong. */
function explain(
  thrown: unknown,
  named: readonly CollectionFiles[],
  here: ReadonlyMap<string, string>,
  entries: readonly StoreEntry[],
): unknown {
  if (thrown instanceof RangeError) return thrown;
  if (thrown instanceof RefusedStatement)
    return invalidArgument(new RangeError(`sql: ${thrown.message} is not run here; only queries are`));
  const fault = faultOf(thrown);
  const bad = entries.find(({ path }) => fault.includes(here.get(path) as string));
  if (bad !== undefined && !fault.startsWith("Permission Error"))
    return unreadableFile(bad.path, new Error(fault.replaceAll(here.get(bad.path) as string, bad.path)));
  const quoted = named.map(({ name }) => writtenName(name)).filter((name) => name.startsWith('"'));
  const hint = quoted.length === 0 ? "" : `; in SQL, write ${quoted.join(", ")} in its quotes`;
  return invalidArgument(new RangeError(`sql: ${fault}${named.length === 0 ? nothingNamed : hint}`));
}

const nothingNamed = "; the statement names no collection of this dataset";
