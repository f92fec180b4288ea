import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import type { Sink } from "./sink.ts";

/** As long as ours gathers by default. */
const gatherMs = 20;

/** JSON lines that are gathered as long as our frames are, and then written at once: as much is at stake. */
export async function openGatheredLines(folder: string): Promise<Sink> {
  const stream = createWriteStream(join(folder, "frames.jsonl"));
  await once(stream, "open");
  let text = "";
  const write = (): void => {
    stream.write(text);
    text = "";
  };
  return {
    form: "rows",
    collect({ rows }) {
      if (text === "") setTimeout(write, gatherMs);
      for (const row of rows) text += `${JSON.stringify(row)}\n`;
    },
    lostFrames: 0,
    pressure: () => undefined,
    async close() {
      write();
      stream.end();
      await once(stream, "close");
    },
  };
}

/** Keeps nothing, but wakes up once more for what came: the least that gathering for a while costs. */
export async function openTimer(): Promise<Sink> {
  let isSet = false;
  return {
    form: "rows",
    collect() {
      if (isSet) return;
      isSet = true;
      setTimeout(() => (isSet = false), gatherMs);
    },
    lostFrames: 0,
    pressure: () => undefined,
    async close() {},
  };
}
