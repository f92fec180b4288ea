import { lastTimeMs } from "../base/time/host-time.ts";
/** How much time one partition covers. */
export type RollingRate = "day" | "hour" | "minute";

const lengthMs: Record<RollingRate, number> = { day: 86_400_000, hour: 3_600_000, minute: 60_000 };

/** The start, in milliseconds since 1970 UTC, of the time partition that an instant falls in. */
export function partitionStart(timeMs: number, rate: RollingRate): number {
  return Math.floor(timeMs / lengthMs[rate]) * lengthMs[rate];
}

/**
 * True for an instant, in whole milliseconds since 1970 UTC, whose date can be part of a path: its year has four digits. A request's
 * own time is within narrower bounds, from 1970 on: see `ContextOptions.requestTime`.
 */
export function hasPlainDate(timeMs: unknown): timeMs is number {
  return Number.isInteger(timeMs) && (timeMs as number) >= firstPlainMs && (timeMs as number) <= lastTimeMs;
}

/** 0000-01-01. */
const firstPlainMs = -62_167_219_200_000;

/**
 * The folders of a partition in Hive's `key=value` form, which DuckDB, Spark, Trino, pandas and Synapse prune by:
 * `inference_date=2026-11-22/inference_hour=05/inference_minute=08`, as deep as `rate`.
 */
export function hivePartition(startMs: number, rate: RollingRate): string {
  const iso = new Date(startMs).toISOString();
  let path = `inference_date=${iso.slice(0, 10)}`;
  if (rate !== "day") path += `/inference_hour=${iso.slice(11, 13)}`;
  if (rate === "minute") path += `/inference_minute=${iso.slice(14, 16)}`;
  return path;
}

/** The folders of a partition as Azure Machine Learning writes and reads them: `yyyy/MM/dd/HH`. */
export function azureMlPartition(startMs: number): string {
  return new Date(startMs).toISOString().slice(0, 13).replaceAll("-", "/").replace("T", "/");
}
