import { basename, dirname, isAbsolute, join } from "node:path";
import { inspectPath, readDirectory } from "../base/files/files.ts";
import { systemClock } from "../base/time/clock.ts";
import { nearest } from "../base/nearest.ts";
import { withCache } from "../reader/cache/cached-store.ts";
import { type Catalog, createCatalog } from "../reader/catalog.ts";
import { type Dataset, datasetOf } from "../reader/dataset.ts";
import { CountedStore, type StoreCounts } from "../reader/counted-store.ts";
import { parseDataFile } from "../reader/data-file.ts";
import { openRoot } from "../reader/open-root.ts";
import { createFolderStore } from "../store/folder-store.ts";
import { StoreError } from "../store/store-error.ts";
import { explained, isInScope, refuseAbsentScope, scopeOf } from "./absent.ts";
import type { CommandInput, CommandOptions } from "./command.ts";
import { amountText, bytesText } from "./text/value-text.ts";
import { waitingLines } from "./waiting.ts";

/** The options of every command that reads what is stored. */
export const datasetOptions: CommandOptions = {
  endpoint: { type: "string", value: "<name>", description: "only this endpoint" },
  deployment: { type: "string", value: "<name>", description: "only this deployment" },
  "cache-dir": {
    type: "string",
    value: "<folder>",
    description: "keep there what is fetched from Azure, for the next time; at most 4 GiB",
  },
  stats: { type: "boolean", description: "say on stderr how many requests and bytes it took" },
};

/** So many files that are no data are looked at for a sign of where the root is. */
const maxForeignFiles = 1_000;

/**
 * Runs `use` on the data that a command line names: `--root`, else what `openDataset` finds without one. A
 * folder that is given, and is not there, is a mistake, unless something waits to be stored in it; so is an
 * endpoint or deployment of which nothing is stored.
 */
export async function withDataset<T>(
  input: CommandInput,
  use: (data: Dataset, catalog: Catalog) => Promise<T>,
): Promise<T> {
  const given = input.text("root");
  const scope = scopeOf(input);
  let isThere = scope.endpoint === undefined && scope.deployment === undefined;
  const counted = new CountedStore(openRoot(given, undefined), (path) => {
    isThere ||= isInScope(path, scope);
  });
  const store = withCache(counted, input.text("cache-dir"));
  const started = systemClock.monotonic();
  await using data = datasetOf(store, scope);
  if (given !== undefined)
    await refuseWrongRoot(data.root, async () => (await waitingLines(input)).length > 0);
  try {
    const used = await use(data, createCatalog(store, scope));
    if (!isThere) await refuseAbsentScope(input, store);
    return used;
  } catch (thrown) {
    throw await explained(input, store, thrown);
  } finally {
    if (input.flag("stats")) input.terminal.err(statsLine(counted.counts, systemClock.monotonic() - started));
  }
}

function statsLine({ listings, listed, reads, bytes }: StoreCounts, ms: number): string {
  const looked = `${amountText(listings, "listing")} of ${amountText(listed, "object")}`;
  return `stats: ${looked}, ${amountText(reads, "read")} of ${bytesText(bytes)}, ${Math.round(ms)} ms`;
}

/** Says that there is nothing at a place, and why, if that is plain. */
export async function nothingStored(root: string): Promise<string> {
  const why = (await isMissing(root)) ? ": there is no such folder" : await rootAbove(root);
  return `nothing is stored under ${root}${why}`;
}

/** Where the root is, if a folder is an endpoint, a deployment or a collection of it. */
async function rootAbove(root: string): Promise<string> {
  if (!isAbsolute(root)) return "";
  let looked = 0;
  for await (const entry of createFolderStore({ root }).list("")) {
    let [above, path] = [root, entry.path];
    for (let depth = 1; depth <= 3; depth++) {
      path = `${basename(above)}/${path}`;
      above = dirname(above);
      if (parseDataFile({ ...entry, path }) !== undefined) return `; did you mean ${above}?`;
    }
    if (++looked === maxForeignFiles) break;
  }
  return "";
}

/** Throws if a root that was given is a file, or a folder that is not there, unless it may be missing. */
export async function refuseWrongRoot(root: string, mayBeMissing?: () => Promise<boolean>): Promise<void> {
  if (!isAbsolute(root)) return;
  const there = await inspectPath(root);
  if (there === undefined && (await mayBeMissing?.()) !== true) throw await missingRoot(root);
  if (there?.kind === "file")
    throw new StoreError("configuration", `--root: expected a folder, ${root} is a file`, {
      ...{ operation: "list", code: "ENOTDIR" },
    });
}

/** Whether a root is a folder that is not there. */
async function isMissing(root: string): Promise<boolean> {
  return isAbsolute(root) && (await inspectPath(root)) === undefined;
}

async function missingRoot(root: string): Promise<StoreError> {
  const folder = dirname(root);
  const beside = (await readDirectory(folder)).filter(({ kind }) => kind === "directory");
  const near = nearest(
    basename(root),
    beside.map(({ name }) => name),
  );
  const hint = near === undefined ? "" : `; did you mean ${join(folder, near)}?`;
  const facts = { operation: "list", code: "ENOENT" };
  return new StoreError("configuration", `--root: there is no folder ${root}${hint}`, facts);
}
