import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { Counts } from "../../../src/base/counts.ts";
import { AsideBodies } from "../../../src/collector/bodies/aside-bodies.ts";
import type { DeploymentConfig } from "../../../src/config/deployment-config.ts";
import { bodyPath } from "../../../src/layout/body-path.ts";
import type { Collection } from "../../../src/pipeline/collection.ts";
import { readBodyEnd } from "../../../src/pipeline/delivery/bodies/body-end.ts";
import { Ledger } from "../../../src/pipeline/ledger.ts";
import { parseLabel } from "../../../src/pipeline/segment-label.ts";
import { createHandClock } from "../../support/hand-clock.ts";
import { countingIds } from "../pipeline/pipeline-world.ts";

const KiB = 1024;
const requestTime = Date.parse("2026-11-22T05:17:00Z");

interface Sent {
  readonly sequence: number;
  readonly label: string;
  readonly bytes: Uint8Array;
  readonly counts: Counts | undefined;
}

/** The bodies of a deployment whose spool answers by hand. */
function world({ durability = "group", maxMemoryBytes = 128 << 20, maxBytes = 1 << 30 } = {}) {
  const sent: Sent[] = [];
  const ledger = new Ledger();
  const config = { format: "parquet", spool: { durability, maxBytes }, limits: { maxMemoryBytes } };
  const bodies = new AsideBodies({
    clock: createHandClock(),
    ids: countingIds(),
    handle: { current: config as unknown as DeploymentConfig },
    batcher: {
      addRecord: (label, bytes, numbered, counts) => {
        numbered(sent.length + 1);
        sent.push({ sequence: sent.length + 1, label, bytes: Uint8Array.from(bytes), counts });
      },
    },
  });
  const place = { endpoint: "flights", deployment: "blue", name: "request", rollingRate: "hour" };
  const collection = { ...place, ledger } as unknown as Collection;
  return {
    bodies,
    sent,
    ledger,
    open: (known?: "undecided") => bodies.open(collection, requestTime, known),
    spooled: ({ sequence, counts = { frames: 0, rows: 0, bytes: 0 } }: Sent) =>
      bodies.heard({ kind: "spooled", collection: "request", sequence, counts }),
    dropped: ({ sequence, counts = { frames: 0, rows: 0, bytes: 0 } }: Sent) => {
      const origin = { from: "memory", sequences: [sequence] } as const;
      bodies.heard({ kind: "dropped", reason: "disk_low", collection: "request", counts, origin });
    },
  };
}

const bytesOf = (size: number): Uint8Array => Buffer.alloc(size, "piece");

test("a body goes to the spool in pieces and with an end, under its own label, and is whole when that is there", async () => {
  const { open, sent, spooled, ledger, bodies } = world();
  const body = open();
  const chunks = [bytesOf(10), bytesOf(300 * KiB), bytesOf(400 * KiB)];
  for (const chunk of chunks) body.write(chunk);
  const whole = Buffer.concat(chunks);
  const sha256 = createHash("sha256").update(whole).digest("hex");
  body.written(sha256);
  expect(bodies.areEnding).toBe(false);
  body.end();
  expect(bodies.areEnding).toBe(true);
  expect(sent.map(({ counts }) => counts?.bytes)).toEqual([256 * KiB, 256 * KiB, 188 * KiB + 10, 0]);
  expect(Buffer.concat(sent.slice(0, -1).map(({ bytes }) => bytes)).equals(whole)).toBe(true);
  expect(readBodyEnd(sent.at(-1)?.bytes ?? new Uint8Array())).toEqual({ size: whole.length, sha256 });
  const labels = [...new Set(sent.map(({ label }) => label))];
  expect(labels).toHaveLength(1);
  const label = parseLabel(labels[0] ?? "");
  expect(bodyPath({ ...label, id: label.body ?? "" })).toBe(body.ref);
  expect(ledger.snapshot().bytes).toMatchObject({ offered: whole.length, buffered: whole.length });
  for (const record of sent) spooled(record);
  await body.over;
  expect([body.fault, body.sha256, bodies.areEnding]).toEqual([undefined, sha256, false]);
});

test("a piece that is refused ends it: the rest goes nowhere, and the spool is told to forget it", async () => {
  const { open, sent, dropped } = world();
  const body = open();
  body.write(bytesOf(256 * KiB));
  dropped(sent[0] as Sent);
  await body.over;
  body.write(bytesOf(256 * KiB));
  body.written("f".repeat(64));
  body.end();
  expect(body.fault).toBe("disk_low");
  expect(sent.map(({ bytes }) => bytes.length)).toEqual([256 * KiB, 0]);
});

test("what the spool does not take in time is cut, and what it took makes room", () => {
  const { open, spooled, sent } = world({ maxMemoryBytes: 1024 * KiB });
  const [first, second] = [open(), open()];
  first.write(bytesOf(512 * KiB));
  for (const record of [...sent]) spooled(record);
  first.write(bytesOf(512 * KiB));
  expect(first.fault).toBeUndefined();
  second.write(bytesOf(256 * KiB));
  expect([first.fault, second.fault]).toEqual([undefined, "memory"]);
});

test("one body takes a quarter of the spool at most, and 64 are under way at once", () => {
  const { open } = world({ maxBytes: 4096 * KiB });
  const large = open();
  large.write(bytesOf(1024 * KiB));
  expect(large.fault).toBeUndefined();
  large.write(bytesOf(1));
  expect(large.fault).toBe("too_large");
  const others = Array.from({ length: 65 }, open.bind(undefined, undefined));
  expect(others.map(({ fault }) => fault).filter((fault) => fault !== undefined)).toEqual(["too_many"]);
  others[0]?.giveUp();
  expect(open().fault).toBeUndefined();
});

test("what cannot be stored has a fault from the start, and sends nothing", async () => {
  for (const [durability, known, fault] of [
    ["memory", undefined, "unavailable"],
    ["group", "undecided", "undecided"],
  ] as const) {
    const { open, sent } = world({ durability });
    const body = open(known);
    body.write(bytesOf(512 * KiB));
    body.written("f".repeat(64));
    body.end();
    await body.over;
    expect([body.fault, sent]).toEqual([fault, []]);
  }
});
