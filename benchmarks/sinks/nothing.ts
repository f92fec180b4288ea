import type { Sink } from "./sink.ts";

/** Keeps nothing: what everything else is measured against. */
export async function openNothing(): Promise<Sink> {
  return { form: "columns", collect() {}, pressure: () => undefined, async close() {}, lostFrames: 0 };
}
