import { asError, describe } from "../base/errors.ts";
import { ColumnCopier, type SnapshotColumn } from "./column-copier.ts";
import { NamesCache } from "./column-names.ts";
import { openFrame } from "./open-frame.ts";
import type { Redaction } from "./redaction.ts";
import type { Schema } from "./schema.ts";
import { FrameProblem, frameTooLarge, type SourceFrame } from "./source-frame.ts";

export type { SnapshotColumn } from "./column-copier.ts";

/** A frame as it was when it was passed: nobody else can change it. */
export interface Snapshot {
  readonly names: readonly string[];
  /** A column per name. */
  readonly columns: readonly SnapshotColumn[];
  readonly rows: number;
  /** About the bytes of memory that it keeps alive. */
  readonly bytes: number;
  /** Declared types, of these columns and of others. */
  readonly declared: Schema;
}

/** A snapshot, or why the frame can not be stored. */
export type SnapshotResult =
  | { readonly status: "ok"; readonly snapshot: Snapshot }
  | { readonly status: "dropped"; readonly reason: "invalid" | "too_large"; readonly error: Error };

/** How to take snapshots. */
export interface SnapshotOptions {
  readonly limits: {
    /** Bytes of memory that one snapshot may keep alive. */
    readonly maxFrameBytes: number;
    readonly maxFrameRows: number;
    readonly maxFrameColumns: number;
  };
  /** What to do with columns before anything of them is copied; nothing by default. */
  readonly redaction?: Redaction;
  /** Declared types; none by default. */
  readonly declared?: Schema;
}

const nothingDeclared: Schema = new Map();
const goodNames = new NamesCache();

/**
 * Copies a frame, whatever kind it is of (`open-frame.ts`). Values that are primitives are copied by slicing their
 * arrays; objects become JSON text at once. Never throws,
 * whatever a getter, a Proxy or a redactor does.
 */
export function takeSnapshot(frame: unknown, options: SnapshotOptions): SnapshotResult {
  try {
    return { status: "ok", snapshot: copyFrame(openFrame(frame, options.limits), options) };
  } catch (thrown) {
    return dropped(thrown, options);
  }
}

function dropped(thrown: unknown, options: SnapshotOptions): SnapshotResult {
  if (thrown === frameTooLarge) {
    const bound = `the ${options.limits.maxFrameBytes} bytes of limits.maxFrameBytes`;
    const error = new FrameProblem(`the frame takes more than ${bound}: pass it in parts`, "too_large");
    return { status: "dropped", reason: "too_large", error };
  }
  const error = problemOf(thrown);
  return { status: "dropped", reason: error.reason, error };
}

/** Our own problem, or one that says of the caller's error only its kind: its text may hold data. */
function problemOf(thrown: unknown): FrameProblem {
  let kind = "something unreadable";
  try {
    if (thrown instanceof FrameProblem) return thrown;
    kind = asError(thrown).name;
  } catch {
    // A thrown Proxy need not even say what it is.
  }
  return new FrameProblem(`the frame can not be read: it throws ${describe(kind)}`);
}

function copyFrame(source: SourceFrame, options: SnapshotOptions): Snapshot {
  const { limits, redaction, declared } = options;
  const checked = goodNames.check(source.names);
  if ("problem" in checked) throw new FrameProblem(checked.problem);
  const copier = new ColumnCopier(source, limits);
  // Every cell takes a byte at least, so this needs no look at any.
  if (source.rows * checked.length > limits.maxFrameBytes) throw frameTooLarge;
  const columns: SnapshotColumn[] = [];
  let names = checked;
  if (redaction === undefined || redaction.size === 0) {
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      columns.push(
        copier.copy(source.column(i, limits.maxFrameBytes - copier.bytes), name, declared?.get(name)),
      );
    }
  } else {
    const kept: string[] = [];
    for (let i = 0; i < checked.length; i++) {
      const name = checked[i] as string;
      const redactor = redaction.get(name.toLowerCase());
      if (redactor === "drop") continue;
      kept.push(name);
      const column = source.column(i, limits.maxFrameBytes - copier.bytes);
      const redacted = redactor === undefined ? column : copier.redact(column, name, redactor);
      columns.push(copier.copy(redacted, name, declared?.get(name)));
    }
    names = kept;
  }
  const rows = Math.max(0, copier.rows);
  if (rows > 0 && checked.length === 0) {
    throw new FrameProblem(`the frame has ${rows} rows and no columns: pass rows with at least one property`);
  }
  return { names, columns, rows, bytes: copier.bytes, declared: declared ?? nothingDeclared };
}
