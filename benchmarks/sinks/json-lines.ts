import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import type { Sink } from "./sink.ts";

/** A JSON line per row, appended to a file through a stream: what most services start with. */
export async function openJsonLines(folder: string): Promise<Sink> {
  const stream = createWriteStream(join(folder, "frames.jsonl"), { highWaterMark: 1024 * 1024 });
  await once(stream, "open");
  return {
    form: "rows",
    collect({ rows }) {
      let text = "";
      for (const row of rows) text += `${JSON.stringify(row)}\n`;
      stream.write(text);
    },
    lostFrames: 0,
    pressure: () => (stream.writableNeedDrain ? once(stream, "drain").then(() => {}) : undefined),
    async close() {
      stream.end();
      await once(stream, "close");
    },
  };
}
