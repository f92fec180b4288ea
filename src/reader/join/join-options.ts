import { describe, quote, told, wrongKind, wrongValue } from "../../base/errors.ts";
import { collectionKey } from "../../layout/collection-key.ts";
import { labelCollection } from "../../layout/ground-truth/label-key.ts";
import type { TimeRange } from "../../layout/partition.ts";
import { rangeOption } from "../time-option.ts";
import { checkCallback, type UnreadableFile } from "../unreadable.ts";

/** Which columns the rows of a join have, by side. */
export interface JoinColumns {
  /** Of the inputs. Default: all features. */
  readonly inputs?: readonly string[];
  /** Of each collection of outputs. Default: all features. */
  readonly outputs?: readonly string[];
  /** Of the labels. Default: all features. */
  readonly labels?: readonly string[];
}

/** Options of `Dataset.join`. */
export interface JoinOptions<Outputs extends string | readonly string[] = string | readonly string[]> {
  /** The collection of what went in: `model_inputs`. */
  readonly inputs: string;
  /** The collection of what came out, `model_outputs`, or several. */
  readonly outputs: Outputs;
  /**
   * Whether ground truth is joined, too: true for the collection `labels`, or the name of another one.
   * Default false.
   */
  readonly labels?: boolean | string;
  /**
   * What belongs together of a request's frames. `row` (default): rows with the same index. `request`: every
   * row of one with every row of the other, for models that give another number of rows than they take.
   */
  readonly by?: "row" | "request";
  /**
   * How long after its request an output or a label may be collected, or after its input if that was
   * collected later, as of a request that is replayed: milliseconds, or a text such as `30d`, `12h`, `90m`.
   * What came later is counted as late and not joined. Default `30d`; `Infinity` takes all.
   */
  readonly lateness?: number | string;
  /**
   * Only requests from this time on: a Date, milliseconds since 1970 UTC, or an ISO 8601 text. A row counts
   * where its input does, so the accounts of consecutive ranges add up; what belongs together is found an
   * hour beyond either end.
   */
  readonly from?: Date | number | string;
  /**
   * Only requests before this time. Labels that are stored by when they came, for they have a key or an id
   * that tells no time, are looked for up to `lateness` after it.
   */
  readonly to?: Date | number | string;
  /** Which columns the rows have, those of the system among them. Default: all features. */
  readonly columns?: JoinColumns;
  /**
   * Called with each file whose bytes are bad, once; the join is of what the others hold. Default: all others
   * are read, and then `join` rejects with a `CollectorError` with code `CORRUPT` that names the file.
   */
  readonly onUnreadable?: (file: UnreadableFile) => void;
}

/** What {@link JoinOptions} say, checked. Times are microseconds since 1970 UTC. */
export interface JoinPlan {
  readonly inputs: string;
  readonly outputs: readonly string[];
  /** Whether `outputs` was one name and not a list. */
  readonly isOne: boolean;
  readonly labels: string | undefined;
  readonly by: "row" | "request";
  readonly lateness: number;
  readonly range: TimeRange;
  readonly columns: JoinColumns;
}

/** The plan of a join. Throws for options that are not what {@link JoinOptions} says. */
export function joinPlan(options: JoinOptions): JoinPlan {
  if (typeof options !== "object" || options === null)
    throw wrongKind("join", "an object with inputs and outputs", options);
  const { inputs, outputs, labels = false, by = "row", columns = {} } = options;
  const names = typeof outputs === "string" ? [outputs] : outputs;
  if (typeof inputs !== "string" || inputs === "")
    throw wrongKind("join: inputs", "the name of a collection", inputs);
  if (!Array.isArray(names) || names.length === 0 || !names.every((name) => isName(name)))
    throw wrongKind("join: outputs", "the name of a collection, or a list of some", outputs);
  if (!isName(labels) && typeof labels !== "boolean")
    throw wrongKind("join: labels", "true, or the name of a collection", labels);
  if (by !== "row" && by !== "request") throw wrongValue("join: by", '"row" or "request"', by);
  const truth = labels === true ? labelCollection : labels === false ? undefined : labels;
  const seen = new Set<string>();
  for (const name of [inputs, ...names, ...(truth === undefined ? [] : [truth])]) {
    if (seen.has(collectionKey(name)))
      throw wrongValue("join", "different collections", told(`${quote(name)} twice`));
    seen.add(collectionKey(name));
  }
  checkColumns(columns);
  checkCallback(options.onUnreadable, "join");
  const lateness = latenessOption(options.lateness ?? "30d") * 1_000;
  const range = rangeOption(options, "join");
  return {
    inputs,
    outputs: names,
    isOne: typeof outputs === "string",
    labels: truth,
    by,
    lateness,
    range,
    columns,
  };
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function checkColumns(columns: JoinColumns): void {
  if (typeof columns !== "object" || columns === null)
    throw wrongKind("join: columns", "an object of lists of names", columns);
  for (const [side, names] of Object.entries(columns)) {
    if (!["inputs", "outputs", "labels"].includes(side))
      throw wrongValue("join: columns", "only inputs, outputs, labels", told(quote(side)));
    if (names !== undefined && !(Array.isArray(names) && names.every((name) => typeof name === "string")))
      throw wrongKind(`join: columns.${side}`, "an array of column names", names);
  }
}

const unitsMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

const expectedLateness = "milliseconds of at least 0, or a text such as 30d, 12h or 90m";

/** Milliseconds. */
function latenessOption(value: unknown): number {
  if (typeof value === "number") {
    if (value >= 0) return value;
    throw wrongValue("join: lateness", expectedLateness, told(describe(value)));
  }
  if (typeof value !== "string") throw wrongKind("join: lateness", expectedLateness, value);
  const [, amount, unit = ""] = /^(\d{1,9})([smhdw])$/.exec(value) ?? [];
  if (amount === undefined) throw wrongValue("join: lateness", expectedLateness, value);
  return Number(amount) * (unitsMs[unit] as number);
}
