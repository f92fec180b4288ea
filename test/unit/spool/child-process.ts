/*
 * A process with a spool, for tests that kill it. Arguments: what to do, the spool's folder. Says on standard
 * output, by synchronous writes, what it has done: a line that was read was true.
 */
import { writeSync } from "node:fs";
import { systemClock } from "../../../src/base/time/clock.ts";
import { systemIds } from "../../../src/base/ids.ts";
import { createFolderSpool } from "../../../src/spool/folder-spool.ts";
import type { SealedSegment } from "../../../src/spool/sealed-segments.ts";

const [task, directory = "", first = "1"] = process.argv.slice(2);
const spool = createFolderSpool({
  directory,
  clock: systemClock,
  ids: systemIds,
  maxBytes: 1e10,
  minFreeBytes: 0,
});
const say = (line: string): void => void writeSync(1, `${line}\n`);
const record = new Uint8Array(new SharedArrayBuffer(5_000));

function append(sequence: number): void {
  new DataView(record.buffer).setFloat64(0, sequence);
  const result = spool.writer.append(
    `label ${sequence % 3}`,
    record,
    { frames: 1, rows: 2, bytes: 3 },
    sequence,
  );
  if (result.status !== "appended") throw new Error(JSON.stringify(result));
  say(`appended ${sequence}`);
}

switch (task) {
  case "write": {
    // Writes, seals and recovers without end, until it is killed.
    const inherited: SealedSegment[] = [];
    void (async () => {
      for await (const segment of spool.sealed.recover(() => {})) inherited.push(segment);
    })();
    let sequence = Number(first);
    const step = (): void => {
      for (let n = 0; n < 20; n++) append(sequence++);
      if (sequence % 3 === 0) spool.writer.sync();
      if (sequence % 2 === 0) spool.writer.seal(({ size }) => size > 60_000);
      setImmediate(step);
    };
    step();
    break;
  }
  case "hold":
    append(1);
    setInterval(() => {}, 1_000);
    break;
  case "block":
    append(1);
    for (;;);
  case "inherit": {
    process.stdin.once("data", () => {
      void (async () => {
        for await (const segment of spool.sealed.recover(() => {})) say(`inherited ${segment.id}`);
        say("done");
        process.stdin.destroy();
      })();
    });
    say("ready");
    break;
  }
  default:
    throw new Error(`unknown task ${task}`);
}
