import { countOf } from "../../../base/plural.ts";
import type { TableLogs } from "../../../delta/table-logs.ts";
import type { SealedSegments } from "../../../spool/sealed-segments.ts";
import type { Emit } from "../../engine-event.ts";
import type { Obstacle } from "../delivery-health.ts";
import type { DeliveryTask } from "../delivery-task.ts";

/** What {@link TableEntries} needs. */
export interface TableEntriesParts {
  readonly spool: SealedSegments;
  readonly emit: Emit;
  /** Without it, segments that tell of tables stay in the spool. */
  readonly tables?: TableLogs | undefined;
}

/** How long until a log is tried again, milliseconds. */
export const tableRetryMs = 10_000;

type StoredFile = Parameters<TableLogs["enter"]>[0][number];

/**
 * Enters files that are stored into the logs of their tables, as the records of a segment tell of them. It is
 * a step of its own, after delivery: what stands in its way holds up no frames.
 */
export class TableEntries {
  readonly #parts: TableEntriesParts;

  constructor(parts: TableEntriesParts) {
    this.#parts = parts;
  }

  /** Why it must be tried again; undefined when it is done, or told that it never will be. */
  async enter({ segment, label }: DeliveryTask): Promise<Obstacle | undefined> {
    const { spool, emit, tables } = this.#parts;
    const files: StoredFile[] = [];
    for (const { bytes } of spool.read(segment)) {
      const file = fileOf(bytes);
      if (file !== undefined) files.push(file);
    }
    const troubles = (await tables?.enter(files)) ?? [];
    const passing = troubles.find(({ passes }) => passes);
    for (const { table, files: count, passes, problem } of troubles) {
      if (passes) continue;
      const message = `${countOf(count, "file")} of the table ${table} are not in its log, and will not be by themselves: ${problem}`;
      const { collection } = label;
      emit({ kind: "trouble", code: "TABLE_LOG_FAILED", reason: "table_log_failed", message, collection });
    }
    if (passing === undefined) return undefined;
    const { table, files: count, problem } = passing;
    return {
      status: "degraded",
      message: `${countOf(count, "file")} of the table ${table} not yet in its log: ${problem}`,
    };
  }
}

function fileOf(bytes: Uint8Array): StoredFile | undefined {
  try {
    const value = JSON.parse(new TextDecoder().decode(bytes)) as Partial<StoredFile> | null;
    const { path, size, modifiedAt } = value ?? {};
    if (typeof path !== "string" || typeof size !== "number" || typeof modifiedAt !== "number")
      return undefined;
    return { path, size, modifiedAt };
  } catch {
    // A record that is damaged.
    return undefined;
  }
}
