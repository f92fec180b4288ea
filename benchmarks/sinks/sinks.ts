import { openNothing } from "./nothing.ts";
import { ours } from "./ours.ts";
import type { OpenSink, Sink } from "./sink.ts";

/** All ways to keep frames, by name; each is loaded only where it is measured. */
export const sinks: Readonly<Record<string, () => Promise<OpenSink>>> = {
  nothing: async () => openNothing,
  "ours, memory": async () => ours("memory"),
  "ours, group": async () => ours("group"),
  "ours, frame": async () => ours("frame"),
  "JSON lines": async () => (await import("./json-lines.ts")).openJsonLines,
  "an empty timer": async () => (await import("./gathered.ts")).openTimer,
  "JSON lines, gathered": async () => (await import("./gathered.ts")).openGatheredLines,
  pino: async () => (await import("./pino.ts")).openPino,
  "hyparquet-writer": async () => (await import("./hyparquet-writer.ts")).openHyparquetWriter,
  "DuckDB appender": async () => (await import("./duckdb.ts")).openDuckdb,
  "parquetjs-lite": async () => (await import("./parquetjs-lite.ts")).openParquetjsLite,
};

/** Opens the sink of this name. */
export async function openSink(name: string, folder: string): Promise<Sink> {
  const load = sinks[name];
  if (load === undefined)
    throw new RangeError(`openSink: expected one of ${Object.keys(sinks).join(", ")}, got ${name}`);
  return (await load())(folder);
}
