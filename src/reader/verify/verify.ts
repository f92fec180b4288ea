import { countOf } from "../../base/plural.ts";
import { systemClock } from "../../base/time/clock.ts";
import { isLogPath } from "../../delta/log-paths.ts";
import { collectionKey } from "../../layout/collection-key.ts";
import { typeText } from "../../layout/column-type.ts";
import { parsePath, pathPrefix } from "../../layout/dataset-path.ts";
import { labelCollection } from "../../layout/ground-truth/label-key.ts";
import { isBodyPath } from "../../layout/body-path.ts";
import { parseMonitorPath } from "../../layout/monitoring/monitor-path.ts";
import { upkeepKind } from "../../layout/upkeep/upkeep-path.ts";
import { overlaps, type TimeRange } from "../../layout/partition.ts";
import { isSystemColumn, systemColumnList, systemColumns } from "../../layout/system-columns.ts";
import type { Catalog } from "../catalog.ts";
import { completenessOf } from "../completeness/completeness.ts";
import { type DataFile, parseDataFile } from "../data-file.ts";
import { readFooterSummary } from "../footer-summary.ts";
import { parseAnyPath } from "../../layout/paths/others-path.ts";
import { TableFiles } from "../listing/table-files.ts";
import { withoutReplaced } from "../listing/without-replaced.ts";
import { PinnedTypes } from "../lines/pinned-types.ts";
import { scanFile } from "../scan-file.ts";
import { reasonOf, type UnreadableFile } from "../unreadable.ts";
import { compareLog } from "./compare-log.ts";
import { type Finding, Findings } from "./findings.ts";

/** What to look at. */
export interface VerifyOptions {
  readonly range: TimeRange;
  /** Every column is decoded, not only ids and times. */
  readonly full: boolean;
  /** Told how many files were looked at, of how many. */
  readonly onProgress?: (done: number, files: number) => void;
}

/** What a verification came to. */
export interface Verification {
  readonly files: number;
  readonly rows: number;
  readonly findings: readonly Finding[];
}

/** Clocks of two hosts may differ by so much, milliseconds. */
const maxSkewMs = 5 * 60_000;

/** Collections of which a request has either both or none. */
const pairs = [
  ["model_inputs", "model_outputs"],
  ["request", "response"],
] as const;

/**
 * Looks through stored data: whether every file can be read, has the pinned types and the rows of its
 * partition, no row is there twice, clocks agree, nothing foreign lies about, requests have both their ends,
 * and the ledger misses nothing. Only reads.
 */
export async function verify(catalog: Catalog, options: VerifyOptions): Promise<Verification> {
  const findings = new Findings();
  const files = await listFiles(catalog, options.range, findings);
  const look = new Look(catalog, findings, options.full);
  // The rows of a partition are compared with one another: its files come together, and are then forgotten.
  files.sort((a, b) => a.start - b.start || (a.path < b.path ? -1 : 1));
  for (const [i, file] of files.entries()) {
    if (i > 0 && files[i - 1]?.start !== file.start) look.endPartition();
    options.onProgress?.(i, files.length);
    await look.at(file);
  }
  look.endPartition();
  await addGaps(catalog, options.range, findings);
  return { files: files.length, rows: look.rows, findings: findings.result() };
}

async function listFiles(catalog: Catalog, range: TimeRange, findings: Findings): Promise<DataFile[]> {
  const { store, scope } = catalog;
  const files: DataFile[] = [];
  const tables = new Set<string>();
  const counting = new TableFiles(store);
  for await (const entry of store.list(pathPrefix(scope.endpoint, scope.deployment))) {
    counting.see(entry.path);
    const path = parseAnyPath(entry.path);
    if (path === undefined) {
      const upkeep = upkeepKind(entry.path);
      if (upkeep === "plan")
        findings.add(
          "unfinished",
          "",
          entry.path,
          "files of this partition are being replaced, or were left so",
        );
      if (upkeep !== undefined || parseMonitorPath(entry.path) !== undefined || isBodyPath(entry.path))
        continue;
      if (isLogPath(entry.path)) {
        tables.add(entry.path.split("/", 3).join("/"));
        continue;
      }
      findings.add("foreign", "", entry.path, "it is no path of this package's");
      continue;
    }
    const file = parseDataFile(entry);
    const isMeant = scope.deployment === undefined || path.deployment === scope.deployment;
    if (file !== undefined && isMeant && overlaps(file, range)) files.push(file);
  }
  for (const table of tables) await compareLog(store, table, files, range, findings);
  const counted: DataFile[] = [];
  // Of what is wrong with a log there is a finding by now.
  for (const file of files)
    if (await counting.counts(file).catch((thrown: unknown) => reasonOf(thrown))) counted.push(file);
  const kept: DataFile[] = [];
  for await (const file of withoutReplaced(store, each(counted))) kept.push(file);
  for (const { path } of kept.length < counted.length ? counted.filter((file) => !kept.includes(file)) : [])
    findings.add("unfinished", "", path, "another file of its folder replaces it");
  return kept;
}

async function* each<T>(items: Iterable<T>): AsyncGenerator<T, void, undefined> {
  yield* items;
}

async function addGaps(catalog: Catalog, range: TimeRange, findings: Findings): Promise<void> {
  const now = systemClock.now();
  // Bad data files are known by now.
  const onUnreadable = ({ path, reason }: UnreadableFile): void => {
    if (parsePath(path)?.kind === "ledger") findings.add("unreadable", path, path, reason);
  };
  const bounds = {
    onUnreadable,
    ...(Number.isFinite(range.from) ? { from: range.from } : {}),
    ...(Number.isFinite(range.to) ? { to: range.to } : {}),
  };
  for (const { hour, endpoint, deployment, collection, verdict, reasons } of await completenessOf(
    catalog,
    bounds,
    now,
  )) {
    if (verdict !== "short" && verdict !== "unknown") continue;
    const where = `${endpoint}/${deployment}/${collection}`;
    findings.add(
      verdict === "short" ? "gap" : "untold",
      where,
      where,
      `${hour.toISOString().slice(0, 16)}: ${verdict}: ${reasons.join("; ")}`,
    );
  }
}

const { correlationId, eventId, rowIndex, eventTime, requestTime } = systemColumns;
const needed = [correlationId, eventId, rowIndex, eventTime, requestTime].map(({ name }) => name);

/** What is known of files while they are looked at. */
class Look {
  readonly #catalog: Catalog;
  readonly #findings: Findings;
  readonly #full: boolean;
  readonly #pins: PinnedTypes;
  /** Of the present partition, by collection: which file has a row, and the requests. */
  readonly #seen = new Map<string, Map<string, string>>();
  readonly #requests = new Map<string, Set<string>>();
  rows = 0;

  constructor(catalog: Catalog, findings: Findings, full: boolean) {
    this.#catalog = catalog;
    this.#findings = findings;
    this.#full = full;
    this.#pins = new PinnedTypes(catalog.store);
  }

  async at(file: DataFile): Promise<void> {
    const where = `${file.endpoint}/${file.deployment}/${collectionKey(file.collection)}`;
    try {
      if (file.format === "parquet") await this.#lookAtTypes(file, where);
      await this.#lookAtRows(file, where);
    } catch (thrown) {
      this.#findings.add("unreadable", where, file.path, reasonOf(thrown));
    }
  }

  /** Forgets the rows of a partition, after it has compared its collections. */
  endPartition(): void {
    for (const [where, requests] of this.#requests) {
      const [endpoint, deployment, collection] = where.split("/");
      for (const pair of pairs) {
        if (!(pair as readonly (string | undefined)[]).includes(collection)) continue;
        const other = pair[0] === collection ? pair[1] : pair[0];
        const others = this.#requests.get(`${endpoint}/${deployment}/${other}`);
        const alone = [...requests].filter((id) => others?.has(id) !== true);
        if (alone.length === 0) continue;
        const message = `${countOf(alone.length, "request")} of ${requests.size} without anything in ${other}, such as ${alone[0]}`;
        this.#findings.add("orphan", where, where, message);
      }
    }
    this.#seen.clear();
    this.#requests.clear();
  }

  async #lookAtTypes(file: DataFile, where: string): Promise<void> {
    const pins = await this.#pins.of(file);
    const { columns } = await readFooterSummary(this.#catalog.store, file);
    const system = new Map(systemColumnList.map(({ name, type }) => [name, type]));
    if (pins.size === 0)
      this.#findings.add("unpinned", where, file.path, "no types are pinned for its collection");
    for (const { name, type } of columns) {
      const pinned = isSystemColumn(name) ? system.get(name as never) : pins.get(name);
      if (pinned === undefined && pins.size > 0)
        this.#findings.add(
          "unpinned",
          where,
          file.path,
          `no type is pinned for column ${JSON.stringify(name)}`,
        );
      // A program that knows no notes of ours writes JSON as text.
      if (pinned === undefined || typeText(pinned) === type || (pinned === "json" && type === "string"))
        continue;
      const message = `column ${JSON.stringify(name)} is ${type}, and ${typeText(pinned)} is pinned`;
      this.#findings.add("type", where, file.path, message);
    }
  }

  async #lookAtRows(file: DataFile, where: string): Promise<void> {
    const seen = this.#seen.get(where) ?? new Map<string, string>();
    this.#seen.set(where, seen);
    const requests = this.#requests.get(where) ?? new Set<string>();
    this.#requests.set(where, requests);
    const counts = { twice: 0, outside: 0, early: 0, late: 0 };
    let twin = "";
    const latest = systemClock.now() + maxSkewMs;
    const isExact = file.format === "parquet";
    const columns = this.#full ? {} : { columns: needed };
    for await (const batch of scanFile(this.#catalog.store, file, { ...columns, pins: this.#pins })) {
      this.rows += batch.length;
      for (const row of batch.rows()) {
        const key = `${String(row[eventId.name])} ${String(row[rowIndex.name])}`;
        const known = seen.get(key);
        if (known !== undefined) {
          counts.twice++;
          twin = known;
        } else seen.set(key, file.path);
        requests.add(String(row[correlationId.name]));
        const [at, requested] = [timeOf(row[eventTime.name]), timeOf(row[requestTime.name])];
        // A record of JSON lines says no request time: its own stands for it, which may be of a later hour.
        if (isExact && (requested < file.start || requested >= file.end)) counts.outside++;
        if (requested - at > maxSkewMs) counts.early++;
        if (at > latest) counts.late++;
      }
    }
    const tell = (count: number, kind: "duplicate" | "misplaced" | "clock", text: string): void => {
      if (count > 0) this.#findings.add(kind, where, file.path, `${countOf(count, "row")} ${text}`);
    };
    // The same file of labels can have been imported twice: the first one of a version counts.
    if (file.collection !== labelCollection)
      tell(counts.twice, "duplicate", `that ${twin === file.path ? "it" : twin} has, too`);
    tell(counts.outside, "misplaced", "of requests outside its partition");
    tell(counts.early, "clock", "collected more than 5 min before their request");
    tell(counts.late, "clock", "collected in the future");
  }
}

/** NaN is neither before nor after anything: what has no time is not blamed for it. */
function timeOf(value: unknown): number {
  return value instanceof Date ? value.getTime() : Number.NaN;
}
