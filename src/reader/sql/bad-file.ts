import type { Catalog } from "../catalog.ts";
import { type DataFile, parseDataFile } from "../data-file.ts";
import { PinnedTypes } from "../lines/pinned-types.ts";
import { scanFile } from "../scan-file.ts";
import { unreadableFile } from "../unreadable.ts";
import { Database, type DuckdbLibrary, faultOf, type Reach, RefusedStatement } from "./duckdb.ts";
import type { CollectionFiles } from "./inventory.ts";
import { sqlName } from "./sql-text.ts";
import { viewStatement } from "./view.ts";

/** Kinds of errors of DuckDB's that a damaged file can be behind, though it does not say which. */
const unnamed = /^(Invalid|IO|Conversion|Serialization|INTERNAL|TProtocol|Out of (Memory|Range))/;
/** More is not read once more to find out. */
const maxProbedBytes = 256 * 1024 * 1024;

/** What a query read, and with what. */
interface Asked {
  readonly library: DuckdbLibrary;
  readonly reach: Reach;
  readonly named: readonly CollectionFiles[];
  /** Where its files are on this machine, by path in the store. */
  readonly here: ReadonlyMap<string, string>;
}

/**
 * What to throw for the first file that is to blame for what DuckDB threw; undefined if none is. Each is read
 * by itself: one of Parquet by DuckDB, which can stumble over what this package passes by.
 */
export async function badFile(catalog: Catalog, asked: Asked, thrown: unknown): Promise<unknown> {
  if (!canBeOfFile(thrown)) return undefined;
  // The one that asked may have been spoilt by its fault.
  using database = await Database.open(asked.library, asked.reach);
  const pins = new PinnedTypes(catalog.store);
  let left = maxProbedBytes;
  for (const { file, view } of eachFile(asked)) {
    if ((left -= file.size) < 0) continue;
    const fault = file.format === "parquet" ? await faultIn(database, view) : undefined;
    if (file.format === "parquet" && fault === undefined) continue;
    const known = await ownFaultIn(catalog, file, pins);
    if (known !== undefined) return known;
    if (fault !== undefined) {
      const said = fault.replaceAll(asked.here.get(file.path) as string, file.path);
      return unreadableFile(file.path, new Error(said));
    }
  }
  return undefined;
}

/** Whether a file can be behind what DuckDB threw. */
export function canBeOfFile(thrown: unknown): boolean {
  return (
    !(thrown instanceof RangeError) && !(thrown instanceof RefusedStatement) && unnamed.test(faultOf(thrown))
  );
}

/** Each file, and the statement for a view of it alone. */
function* eachFile({ named, here }: Asked): Generator<{ readonly file: DataFile; readonly view: string }> {
  const forever = { from: -Infinity, to: Infinity };
  for (const collection of named)
    for (const deployment of collection.deployments)
      for (const set of deployment.sets)
        for (const entry of set.files) {
          const file = parseDataFile(entry);
          if (file === undefined) continue;
          const sets = [{ ...set, files: [entry] }];
          const alone = { name: probe, deployments: [{ ...deployment, sets }] };
          const view = viewStatement(alone, forever, ({ path }) => here.get(path) as string);
          yield { file, view };
        }
}

const probe = "probe";

/** What DuckDB has against a file, all of which it reads; undefined if nothing. */
async function faultIn(database: Database, view: string): Promise<string | undefined> {
  try {
    await database.run(`DROP VIEW IF EXISTS ${sqlName(probe)}`);
    await database.run(view);
    await database.run(`SELECT bit_xor(hash(COLUMNS(*))) FROM ${sqlName(probe)}`);
    return undefined;
  } catch (thrown) {
    return faultOf(thrown);
  }
}

/** What this package throws at a file; undefined if it can read it. */
async function ownFaultIn(catalog: Catalog, file: DataFile, pins: PinnedTypes): Promise<unknown> {
  try {
    for await (const _ of scanFile(catalog.store, file, { pins }));
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}
