import { once } from "node:events";
import { join } from "node:path";
import { destination, pino } from "pino";
import type { Sink } from "./sink.ts";

/** A log line per row through pino, buffered and asynchronous, as its documentation advises for speed. */
export async function openPino(folder: string): Promise<Sink> {
  const file = destination({ dest: join(folder, "frames.log"), sync: false, minLength: 4096 });
  await once(file, "ready");
  const logger = pino(file);
  return {
    form: "rows",
    collect({ rows }) {
      for (const row of rows) logger.info(row);
    },
    lostFrames: 0,
    pressure: () => undefined,
    async close() {
      file.end();
      await once(file, "close");
    },
  };
}
