import { lastTimeMs } from "../base/time/host-time.ts";
import { uuidTime } from "../base/uuid-v7.ts";

/** How much time one partition covers. */
export type RollingRate = "day" | "hour" | "minute";

/** The rows of one file: those whose requests started in it. */
export interface Partition {
  /** Milliseconds since 1970 UTC. */
  readonly start: number;
  readonly rate: RollingRate;
}

/** The times that something covers, milliseconds since 1970 UTC; `end` is not part of it. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The times that are asked for, milliseconds since 1970 UTC, `to` not included; infinite where open. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** The range of all times. */
export const everyTime: TimeRange = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };

const lengthMs: Readonly<Record<RollingRate, number>> = {
  day: 86_400_000,
  hour: 3_600_000,
  minute: 60_000,
};

/** The partition keys in paths, from the outermost in; features cannot have their names. */
export const partitionKeys: readonly string[] = ["inference_date", "inference_hour", "inference_minute"];

/** True for the name of a rate. */
export function isRollingRate(value: unknown): value is RollingRate {
  return typeof value === "string" && Object.hasOwn(lengthMs, value);
}

/** The start, in milliseconds since 1970 UTC, of the time partition that an instant falls in. */
export function partitionStart(timeMs: number, rate: RollingRate): number {
  return Math.floor(timeMs / lengthMs[rate]) * lengthMs[rate];
}

/** The times that a partition covers. */
export function partitionSpan({ start, rate }: Partition): Span {
  return { start, end: start + lengthMs[rate] };
}

/** True when what covers `span` can hold a time of `range`. */
export function overlaps(span: Span, range: TimeRange): boolean {
  return span.start < range.to && span.end > range.from;
}

/**
 * When the request most likely started that has this correlation id: a UUIDv7 holds when it was made. An hour
 * to either side of that, for a context can be made just before midnight and used just after. Undefined for
 * an id that does not say.
 */
export function likelyTimes(correlationId: string): TimeRange | undefined {
  const made = uuidTime(correlationId);
  return made === undefined ? undefined : { from: made - lengthMs.hour, to: made + lengthMs.hour + 1 };
}

/**
 * True for an instant, in whole milliseconds since 1970 UTC, whose date can be part of a path: its year has
 * four digits. A request's own time is within narrower bounds, from 1970 on: see
 * `ContextOptions.requestTime`.
 */
export function hasPlainDate(timeMs: unknown): timeMs is number {
  return Number.isInteger(timeMs) && (timeMs as number) >= firstPlainMs && (timeMs as number) <= lastTimeMs;
}

/** 0000-01-01. */
const firstPlainMs = -62_167_219_200_000;

/**
 * The folders of a partition in Hive's `key=value` form, which DuckDB, Spark, Trino, pandas and Synapse prune
 * by: `inference_date=2026-11-22/inference_hour=05/inference_minute=08`, as deep as `rate`.
 */
export function hivePartition({ start, rate }: Partition): string {
  const { text, partition } = lastRead;
  if (start === partition?.start && rate === partition.rate) return text;
  const iso = new Date(start).toISOString();
  const values = [iso.slice(0, 10), iso.slice(11, 13), iso.slice(14, 16)];
  const folders = partitionKeys.map((key, depth) => `${key}=${values[depth]}`);
  return folders.slice(0, rates.indexOf(rate) + 1).join("/");
}

/** Reads what {@link hivePartition} wrote; undefined for any other text. */
export function parseHivePartition(text: string): Partition | undefined {
  if (text === lastRead.text) return lastRead.partition;
  const folders = text.split("/", rates.length + 1);
  const rate = rates[folders.length - 1];
  if (rate === undefined) return undefined;
  const [date, hour = "00", minute = "00"] = folders.map((folder) => folder.slice(folder.indexOf("=") + 1));
  const partition = { start: Date.parse(`${date}T${hour}:${minute}:00.000Z`), rate };
  if (!hasPlainDate(partition.start) || hivePartition(partition) !== text) return undefined;
  lastRead = { text, partition };
  return partition;
}

/** Listings have the files of one partition after another. */
let lastRead: { readonly text: string; readonly partition: Partition | undefined } = {
  text: "",
  partition: undefined,
};

/** By how many keys a partition's folders have. */
const rates: readonly RollingRate[] = ["day", "hour", "minute"];

/** The folders of a time as Azure Machine Learning writes and reads them, always four: `yyyy/MM/dd/HH`. */
export function azureMlPartition(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 13).replaceAll("-", "/").replace("T", "/");
}

/**
 * The start of the hour that {@link azureMlPartition} wrote, milliseconds since 1970 UTC; undefined for any
 * other text.
 */
export function parseAzureMlPartition(text: string): number | undefined {
  const [year, month, day, hour] = text.split("/", 4);
  const start = Date.parse(`${year}-${month}-${day}T${hour}:00:00.000Z`);
  return hasPlainDate(start) && azureMlPartition(start) === text ? start : undefined;
}
