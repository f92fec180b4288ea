import { connect } from "node:http2";
import { join } from "node:path";
import { expect, test } from "vitest";
import { duckdbCollection } from "../../support/parquet-engines.ts";
import { sidecarForTest } from "../../support/sidecar-process.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { PlannedHttp2, playStream, type StreamPlan } from "../../support/transparency/http2.ts";

const early: StreamPlan = {
  method: "POST",
  path: "/score",
  headers: {},
  body: [new Uint8Array(5), new Uint8Array(5)],
  read: "while",
  status: 200,
  answerHeaders: {},
  pieces: [],
  trailers: { "x-checksum": "1" },
  pauseMs: 3,
  ending: "head",
  cancelAt: 201,
};
const streams: readonly StreamPlan[] = [
  early,
  { ...early, body: [new Uint8Array(6), new Uint8Array(22_485)], ending: "reset", cancelAt: 3 },
  { ...early, pieces: [new Uint8Array(9), new Uint8Array(8)], ending: "end", cancelAt: 11, pauseMs: 1 },
  {
    ...early,
    body: [new Uint8Array(9), new Uint8Array(41_972)],
    pieces: [new Uint8Array(85_443)],
    ending: "reset",
    cancelAt: 1_921,
    pauseMs: 0,
  },
];

// Node 24.9 sent empty frames of a cancelled stream for ever, until there was no memory left.
test("streams that are answered early, broken off and cancelled beside each other all come to an end", async () => {
  const count = 600;
  const width = 8;
  const plans = new Map(
    Array.from({ length: count }, (_, n) => [
      `reset.${n}`,
      streams[(n * 7 + Math.floor(n / width)) % streams.length] as StreamPlan,
    ]),
  );
  const target = new PlannedHttp2(plans);
  const folder = await tempFolder();
  const destination = join(folder, "collected");
  const sidecar = await sidecarForTest(destination, join(folder, "spool"), [
    "--target",
    `http://127.0.0.1:${await target.listen()}`,
    "--listen",
    "127.0.0.1:0",
  ]);
  const session = connect(String(sidecar.urls["listen"]));
  const queue = [...plans];
  let ended = 0;
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await playStream(session, ...next);
      ended++;
    }
  };
  const all = Promise.all(Array.from({ length: width }, work));
  await expect.poll(() => ended, { timeout: 60_000, interval: 200 }).toBe(count);
  await all;
  session.close();
  target.close();
  expect(await sidecar.end()).toBe(0);
  const rows = await duckdbCollection(destination, "response");
  expect(new Set(rows.map((row) => row["mdc_correlation_id"]))).toEqual(new Set(plans.keys()));
  expect(rows).toHaveLength(count);
});
