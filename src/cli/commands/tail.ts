import { isAbsolute } from "node:path";
import { quote } from "../../base/errors.ts";
import { sleep } from "../../base/time/wait.ts";
import { systemClock } from "../../base/time/clock.ts";
import type { Row } from "../../layout/row.ts";
import { isSystemColumn, systemColumns } from "../../layout/system-columns.ts";
import { type Filter, timeBetween } from "../../layout/filter/filter.ts";
import { everyTime } from "../../layout/partition.ts";
import { isOwnName } from "../../layout/paths/others-path.ts";
import { isReplacingStem } from "../../layout/upkeep/upkeep-path.ts";
import type { Catalog } from "../../reader/catalog.ts";
import type { DataFile } from "../../reader/data-file.ts";
import { stemOf } from "../../reader/listing/without-replaced.ts";
import { PinnedTypes } from "../../reader/lines/pinned-types.ts";
import { filesOf } from "../../reader/table.ts";
import { scanFile } from "../../reader/scan-file.ts";
import { reasonOf, type UnreadableFile } from "../../reader/unreadable.ts";
import { type CommandInput, type RunnableCommand, wholeNumber } from "../command.ts";
import { type ExitCode, exitCode } from "../exit-code.ts";
import { waitingFrames } from "../live.ts";
import { dim, type Terminal } from "../terminal.ts";
import { tellUnreadable } from "../text/unreadable.ts";
import { jsonValue, timeText, valueText } from "../text/value-text.ts";
import { visibleJson } from "../../base/visible-text.ts";
import { datasetOptions, withDataset } from "../with-dataset.ts";

/** Milliseconds between two looks when following; at a store that is no folder only every fifth time. */
const everyMs = 1_000;

/** Frames of files that are remembered, so that they are not shown again from the spool, or a new file. */
const maxRemembered = 100_000;

/** `mdc tail`: the newest rows, and those that come. */
export const tail: RunnableCommand = {
  name: "tail",
  summary: "show the newest rows of a collection, this host's undelivered ones too, and follow them with -f",
  parameters: "<collection> [-n <rows>] [-f]",
  positionals: [1, 1],
  options: {
    rows: { type: "string", short: "n", value: "<rows>", description: "how many rows; default 10" },
    follow: { type: "boolean", short: "f", description: "go on showing what comes, until it is interrupted" },
    ...datasetOptions,
  },
  examples: ["mdc tail model_inputs -f", "mdc tail request -n 100 --json"],
  async run(input): Promise<ExitCode> {
    const [name = ""] = input.positionals;
    const max = wholeNumber(input, "rows", 1, 10);
    return await withDataset(input, async ({ root }, catalog) => {
      const tail = new Tail(input, catalog, name);
      const newest = await tail.newest(max);
      const follows = input.flag("follow");
      if (!follows) await tail.refuseAbsent();
      if (input.flag("json") && !follows) input.terminal.json(newest.map(jsonRow));
      else tail.show(newest);
      if (!follows) return tail.end(newest.length === 0);
      for (let look = 1; ; look++) {
        await sleep(systemClock, everyMs);
        tail.show(await tail.more(isAbsolute(root) || look % 5 === 0));
      }
    });
  },
};

/** A row of a collection; `delivered` is false while it is in this host's spool alone. */
interface TailRow {
  readonly id: string;
  readonly eventId: string;
  readonly at: Date;
  readonly row: Row;
  readonly delivered: boolean;
}

/** What was shown of a collection, and what was not. */
class Tail {
  readonly #input: CommandInput;
  readonly #terminal: Terminal;
  readonly #catalog: Catalog;
  readonly #collection: string;
  readonly #pins: PinnedTypes;
  readonly #files = new Set<string>();
  /** Frames that were shown from the spool: not again from the file that they come to. */
  readonly #shown = new Set<string>();
  /** Frames that were shown from files, of late, and when they were collected. */
  readonly #stored = new Map<string, number>();
  /** What was collected before is known, or forgotten: no file that is made of others has it anew. */
  #knownUntil = systemClock.now();
  readonly #progress = new Map<string, Map<string, number>>();
  readonly #unreadable: UnreadableFile[] = [];

  constructor(input: CommandInput, catalog: Catalog, collection: string) {
    this.#input = input;
    this.#terminal = input.terminal;
    this.#catalog = catalog;
    this.#pins = new PinnedTypes(catalog.store);
    this.#collection = collection;
  }

  /** The newest rows, of files and spool; everything there is counts as shown. */
  async newest(max: number): Promise<TailRow[]> {
    const waiting = this.#waiting();
    const files = (await this.#newFiles()).sort((a, b) => b.start - a.start || (a.path < b.path ? 1 : -1));
    const rows: TailRow[] = [];
    let start = Number.NEGATIVE_INFINITY;
    for (const file of files) {
      // Files of one partition are not in the order of their rows.
      if (rows.length >= max && file.start < start) break;
      start = file.start;
      rows.push(...(await this.#rowsOf(file)));
    }
    const stored = new Set(rows.map(({ eventId }) => eventId));
    for (const eventId of stored) this.#shown.delete(eventId);
    rows.push(...waiting.filter(({ eventId }) => !stored.has(eventId)));
    return rows.sort(byTime).slice(-max);
  }

  /** A `NoCollectionError` if there is nothing of the collection. */
  async refuseAbsent(): Promise<void> {
    if (this.#files.size === 0 && this.#shown.size === 0)
      await filesOf(this.#catalog, this.#collection, everyTime);
  }

  /** What has come since. */
  async more(looksAtStore: boolean): Promise<TailRow[]> {
    // The spool first: what is delivered in between is then seen twice rather than never.
    const rows = this.#waiting();
    if (!looksAtStore) return rows.sort(byTime);
    for (const file of await this.#newFiles()) {
      const stored = await this.#rowsOf(file, isMadeOfOthers(file));
      rows.push(...stored.filter(({ eventId }) => !this.#shown.has(eventId)));
      // It is delivered: nobody has to remember it.
      for (const { eventId } of stored) this.#shown.delete(eventId);
    }
    return rows.sort(byTime);
  }

  show(rows: readonly TailRow[]): void {
    for (const one of rows) {
      if (this.#input.flag("json")) this.#terminal.out(visibleJson(JSON.stringify(jsonValue(jsonRow(one)))));
      else {
        const features = Object.entries(one.row).filter(([name]) => !isSystemColumn(name));
        const cells = features.map(([name, value]) => `${name}=${valueText(value)}`).join(" ");
        const mark = one.delivered ? "" : "  (not yet delivered)";
        this.#terminal.out(dim(`${timeText(one.at)} ${one.id}`), `  ${cells}`, dim(mark));
      }
    }
  }

  end(isEmpty: boolean): ExitCode {
    const code = tellUnreadable(this.#unreadable, this.#terminal);
    if (!isEmpty || code !== exitCode.ok) return code;
    this.#terminal.err(`mdc: nothing is stored of ${quote(this.#collection)} yet`);
    return exitCode.data;
  }

  #waiting(): TailRow[] {
    const frames = waitingFrames(this.#input, { collection: this.#collection, progress: this.#progress });
    // A segment can still be there for a moment when its file is.
    const fresh = frames.filter(({ eventId }) => !this.#stored.has(eventId));
    return fresh.flatMap(({ correlationId: id, eventId, eventTime: at, rows }) => {
      this.#shown.add(eventId);
      return rows.map((row) => ({ id, eventId, at, row, delivered: false }));
    });
  }

  async #newFiles(): Promise<DataFile[]> {
    const files: DataFile[] = [];
    for await (const file of this.#catalog.files({ collection: this.#collection })) {
      if (this.#files.has(file.path)) continue;
      this.#files.add(file.path);
      files.push(file);
    }
    return files;
  }

  /** All rows, or those of frames that were never seen: they can have come and been compacted since. */
  async #rowsOf(file: DataFile, onlyUnseen = false): Promise<TailRow[]> {
    const rows: TailRow[] = [];
    const { correlationId, eventId: event, eventTime } = systemColumns;
    // A file that somebody else has made may lack our columns.
    const filter = (types: ReadonlyMap<string, string>): Filter | undefined =>
      onlyUnseen && types.has(eventTime.name)
        ? timeBetween(eventTime.name, this.#knownUntil, Number.POSITIVE_INFINITY)
        : undefined;
    try {
      for await (const batch of scanFile(this.#catalog.store, file, { pins: this.#pins, filter })) {
        for (const row of batch.rows()) {
          const [id, eventId] = [String(row[correlationId.name]), String(row[event.name] ?? "")];
          if (onlyUnseen && this.#stored.has(eventId)) continue;
          const time = row[eventTime.name];
          const at = time instanceof Date ? time : new Date(file.start);
          rows.push({ id, eventId, at, row, delivered: true });
        }
      }
      for (const { eventId, at } of rows) if (eventId !== "") this.#stored.set(eventId, at.getTime());
      for (const [eventId, at] of this.#stored) {
        if (this.#stored.size <= maxRemembered) break;
        this.#stored.delete(eventId);
        this.#knownUntil = Math.max(this.#knownUntil, at + 1);
      }
    } catch (thrown) {
      this.#unreadable.push({ path: file.path, reason: reasonOf(thrown) });
    }
    return rows;
  }
}

/** Whether upkeep, or another engine, made a file of rows that were in others. */
function isMadeOfOthers({ path, format }: DataFile): boolean {
  return isReplacingStem(stemOf(path)) || (format === "parquet" && !isOwnName(path));
}

function byTime(a: TailRow, b: TailRow): number {
  return a.at.getTime() - b.at.getTime();
}

function jsonRow({ id, eventId, at, row, delivered }: TailRow): Row {
  return {
    [systemColumns.correlationId.name]: id,
    [systemColumns.eventId.name]: eventId,
    [systemColumns.eventTime.name]: at,
    ...row,
    delivered,
  };
}
