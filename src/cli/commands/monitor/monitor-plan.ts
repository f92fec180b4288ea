import { utcTime } from "../../../base/time/utc-time.ts";
import { asError, messageOf, quote, told, wrongValue } from "../../../base/errors.ts";
import { readFileChunks } from "../../../base/files/files.ts";
import { readTextFile } from "../../../base/files/text-file.ts";
import { systemClock } from "../../../base/time/clock.ts";
import { collectionKey } from "../../../layout/collection-key.ts";
import { everyTime } from "../../../layout/partition.ts";
import { Baseline, type BaselineJson } from "../../../monitor/baseline/baseline.ts";
import type { DriftProfile } from "../../../monitor/drift/drift-options.ts";
import {
  type AttributionMonitor,
  type CollectionMonitor,
  type MonitorOptions,
  monitorWindows,
} from "../../../monitor/run/monitor-options.ts";
import type { TimeSpan } from "../../../monitor/run/rows/monitor-source.ts";
import type { Catalog } from "../../../reader/catalog.ts";
import { filesOf } from "../../../reader/table.ts";
import { type CommandInput, timeOption, UsageError, wholeNumber } from "../../command.ts";
import { attributionOption, attributionOptions, readAttribution } from "../../monitoring/importances.ts";
import { parseDuration } from "./duration.ts";
import type { FileCollection, MonitorFile } from "./file-settings.ts";
import { readMonitorFile } from "./monitor-file.ts";
import { ruleOf } from "../../options/rule-option.ts";
import { thresholdsOption } from "./threshold-option.ts";

/**
 * What a command line and its `monitor.yml` want to be looked at; what is given by both, the line says. With
 * `at` it is asked as of that time, where windows end.
 */
export async function planOf(
  input: CommandInput,
  catalog: Catalog,
  asksOf: MonitorOptions["signals"],
  at?: Date,
): Promise<MonitorOptions> {
  const file = fileOf(input);
  for (const line of file?.unread ?? []) input.terminal.err(`mdc: ${line}`);
  const now = at ?? new Date(systemClock.now());
  const asked = collectionsOf(input, file);
  const signals = isOnLine(input) && asksOf !== undefined ? [...asksOf, "attribution" as const] : asksOf;
  const isAsked = signals?.includes("attribution") ?? true;
  const attributions = isAsked ? await attributionsOf(input, asked) : [];
  const collections: CollectionMonitor[] = [];
  for (const [i, { attribution: _, ...one }] of asked.entries()) {
    const windows = await windowsOf(input, catalog, one.collection, file, at);
    const baseline = await baselineOf(input, one, windows);
    const attribution = attributions[i];
    collections.push({
      ...{ ...one, windows, baseline, ...overrides(input, one) },
      ...(attribution === undefined ? {} : { attribution }),
    });
  }
  const profile = profileOf(input) ?? file?.profile;
  const minRows = wholeNumber(input, "min-rows", 0, file?.minRows ?? 100);
  return {
    now,
    collections,
    minRows,
    rule: ruleOf(input, file),
    ...(signals === undefined ? {} : { signals }),
    ...(profile === undefined ? {} : { profile }),
    ...(file?.minEffect === undefined ? {} : { minEffect: file.minEffect }),
    onProgress: (what) => input.terminal.progress(what),
  };
}

/** What the configuration file says, if one is given. */
export function fileOf(input: CommandInput): MonitorFile | undefined {
  const path = input.text("config");
  if (path === undefined) return undefined;
  let content: string;
  try {
    content = readTextFile(path);
  } catch (thrown) {
    throw new UsageError(`--config: cannot be read: ${messageOf(asError(thrown))}`);
  }
  return readMonitorFile(content, path);
}

/** The collection that is named, with what the file says of it; else all of the file. */
function collectionsOf(input: CommandInput, file: MonitorFile | undefined): readonly FileCollection[] {
  const [name] = input.positionals;
  if (name === undefined) {
    if (file === undefined)
      throw new UsageError("expected the name of a collection, or --config monitor.yml");
    return file.collections;
  }
  const key = collectionKey(name);
  const said = file?.collections.find(({ collection }) => collectionKey(collection) === key);
  if (file !== undefined && said === undefined)
    throw new UsageError(
      `--config: says nothing of ${quote(name)}; it has ${file.collections.map((one) => one.collection).join(", ")}`,
    );
  return [said ?? { collection: name }];
}

/**
 * The windows: of one length up to `--to`, or from `--from` on; without a length one window, of all rows
 * there are or from `--from` to `--to`.
 */
export async function windowsOf(
  input: CommandInput,
  catalog: Catalog,
  collection: string,
  file?: MonitorFile,
  at?: Date,
): Promise<readonly TimeSpan[]> {
  const given = input.text("window");
  const windowMs = given === undefined ? file?.windowMs : parseDuration(given);
  if (given !== undefined && windowMs === undefined)
    throw new UsageError("--window: expected a length of time such as 7d, 24h or 30min");
  const [from, to] = [timeOption(input, "from"), timeOption(input, "to") ?? at];
  // Asked for only where it matters: a collection of which all is sampled out has no file.
  const stored = (): Promise<TimeSpan> => spanOf(catalog, collection);
  const end = to ?? (await stored()).to;
  if (windowMs === undefined) {
    const start = from ?? (await stored()).from;
    if (!(start < end)) throw new UsageError("--from, --to: expected two times in order, with rows between");
    return [{ from: start, to: end }];
  }
  const count = wholeNumber(input, "windows", 1, file?.windows ?? 3);
  if (from === undefined) return monitorWindows({ to: end, windowMs, count });
  if (!(from < end)) throw new UsageError("--from, --to: expected two times in order");
  // From there on; what is left at the end is a window too while nobody says where to end.
  const room = (end.getTime() - from.getTime()) / windowMs;
  const fitting = to === undefined ? Math.ceil(room) : Math.floor(room);
  if (fitting < 1) throw new UsageError("--window: there is no room for one between --from and --to");
  const last = new Date(from.getTime() + fitting * windowMs);
  const asked = input.text("windows") === undefined ? fitting : Math.min(count, fitting);
  return monitorWindows({ to: last, windowMs, count: asked });
}

/** From the first partition that has rows to the end of the last one, which is no later than now. */
async function spanOf(catalog: Catalog, collection: string): Promise<TimeSpan> {
  const files = await filesOf(catalog, collection, everyTime);
  const start = Math.min(...files.map((file) => file.start));
  const end = files.reduce((latest, file) => Math.max(latest, file.end), 0);
  return { from: new Date(start), to: new Date(Math.max(start + 1, Math.min(end, systemClock.now()))) };
}

async function baselineOf(
  input: CommandInput,
  { collection, baseline }: FileCollection,
  windows: readonly TimeSpan[],
): Promise<CollectionMonitor["baseline"]> {
  const [file, against] = [input.text("baseline"), input.text("against")];
  if (file !== undefined && against !== undefined)
    throw new UsageError("expected one of --baseline and --against, got both");
  if (file !== undefined) return await readBaseline(file);
  if (against === "previous") return "previous";
  if (against !== undefined) return spanOption(against);
  if (baseline === undefined)
    throw new UsageError(
      `nothing to compare ${collection} with: give --baseline <file> (mdc baseline create), --against <from>/<to>, or --against previous`,
    );
  if (baseline === "previous") return "previous";
  if ("file" in baseline) return await readBaseline(baseline.file);
  if ("from" in baseline) return baseline;
  const start = (windows[0] as TimeSpan).from.getTime() - baseline.offsetMs;
  return { from: new Date(start - baseline.lookbackMs), to: new Date(start) };
}

function spanOption(text: string): TimeSpan {
  const [from, to, ...rest] = text.split("/").map((part) => new Date(utcTime(part)));
  if (from !== undefined && to !== undefined && rest.length === 0 && from < to) return { from, to };
  throw new UsageError("--against: expected previous, or two UTC times in order, 2026-11-01/2026-11-08");
}

/** A baseline that was kept. {@link UsageError} for a file that cannot be read. */
async function readBaseline(path: string): Promise<Baseline> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of readFileChunks(path)) text += decoder.decode(chunk, { stream: true });
  } catch (thrown) {
    throw new UsageError(`--baseline: cannot be read: ${messageOf(asError(thrown))}`);
  }
  let kept: unknown;
  try {
    kept = JSON.parse(text);
  } catch {
    throw wrongValue(`--baseline ${quote(path)}`, "JSON that mdc baseline create wrote", told("other text"));
  }
  return Baseline.fromJSON(kept as BaselineJson);
}

function overrides(input: CommandInput, said: FileCollection): Partial<CollectionMonitor> {
  const [features, by] = [namesOption(input, "columns"), namesOption(input, "by")];
  const { all, columns } = thresholdsOption(input);
  const read = readOption(input);
  return {
    ...(read === undefined ? {} : { read }),
    ...(features === undefined ? {} : { features }),
    ...(by === undefined ? {} : { by }),
    ...(all === undefined ? {} : { thresholds: { all } }),
    ...(columns === undefined ? {} : { columns: merged(said.columns, columns) }),
  };
}

/**
 * What is asked of importances, for each collection. What the line says of them is of the collections of
 * which the file says something of them, or of the only one.
 */
async function attributionsOf(
  input: CommandInput,
  asked: readonly FileCollection[],
): Promise<readonly (AttributionMonitor | undefined)[]> {
  const { attribution: threshold } = thresholdsOption(input);
  const given = asked.map(({ attribution }) =>
    attribution === undefined && asked.length > 1
      ? undefined
      : attributionOption(input, attribution, threshold),
  );
  if (isOnLine(input) && given.every((one) => one === undefined))
    throw new UsageError(
      "--baseline-importances, --production-importances: expected the name of the collection that they are of",
    );
  return await Promise.all(
    given.map(async (one, i) => {
      if (one === undefined) return undefined;
      if (one.baseline !== undefined || one.production !== undefined) return await readAttribution(one);
      input.terminal.err(
        `mdc: ${asked[i]?.collection}: attributions are not compared: give --baseline-importances and --production-importances`,
      );
      return undefined;
    }),
  );
}

function isOnLine(input: CommandInput): boolean {
  return Object.keys(attributionOptions).some((option) => input.text(option) !== undefined);
}

function readOption(input: CommandInput): CollectionMonitor["read"] {
  const what = input.text("read");
  if (what === undefined || what === "rows" || what === "profiles") return what;
  throw new UsageError("--read: expected rows or profiles");
}

type Columns = NonNullable<CollectionMonitor["columns"]>;

function merged(before: Columns = {}, after: Columns): Columns {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return Object.fromEntries([...names].map((name) => [name, { ...before[name], ...after[name] }]));
}

/** Names separated by commas; undefined when none were given. */
export function namesOption(input: CommandInput, option: string): readonly string[] | undefined {
  const names = input.text(option)?.split(",");
  if (names?.includes("") === true) throw new UsageError(`--${option}: expected names separated by commas`);
  return names;
}

function profileOf(input: CommandInput): DriftProfile | undefined {
  const name = input.text("profile");
  if (name === undefined || name === "azureml" || name === "evidently") return name;
  throw new UsageError("--profile: expected azureml or evidently");
}
