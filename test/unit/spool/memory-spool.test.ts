import { expect, test } from "vitest";
import { createMemorySpool } from "../../../src/spool/memory-spool.ts";
import { bodyOf, countsOf, recordOf, SpoolWorld } from "./spool-world.ts";

function memory(maxBytes = 1_000) {
  const { clock, ids } = new SpoolWorld();
  return createMemorySpool({ maxBytes, clock, ids });
}

test("it keeps copies, by label, in order, and is not durable", () => {
  const spool = memory();
  const record = recordOf(1);
  spool.writer.append("a", record, countsOf(1), 1);
  record.fill(0);
  spool.writer.append("a", record, countsOf(2), 2);
  expect(spool.writer.durable).toBe(false);
  const [segment] = spool.writer.seal();
  if (segment === undefined) return expect.unreachable();
  expect(segment.counts).toEqual(countsOf(3));
  expect(Array.from(spool.sealed.read(segment), ({ bytes }) => bytes)).toEqual([
    recordOf(1),
    new Uint8Array(40),
  ]);
});

test("its bound counts records and frozen bytes, and a release gives both back", async () => {
  const spool = memory(100);
  expect(spool.writer.append("a", new Uint8Array(60), countsOf(1), 1)).toEqual({ status: "appended" });
  expect(spool.writer.append("a", new Uint8Array(60), countsOf(2), 2)).toEqual({
    status: "full",
    reason: "memory",
  });
  const [segment] = spool.writer.seal();
  if (segment === undefined) return expect.unreachable();
  const frozen = await spool.sealed.freeze(
    segment,
    (async function* () {
      yield new Uint8Array(30);
    })(),
  );
  expect(frozen.size).toBe(30);
  expect(spool.writer.append("a", new Uint8Array(20), countsOf(2), 2)).toMatchObject({ status: "full" });
  spool.sealed.release(segment);
  expect(spool.writer.append("a", new Uint8Array(100), countsOf(2), 2)).toEqual({ status: "appended" });
  expect(() => [...spool.sealed.read(segment)]).toThrow(/gone/);
});

test("frozen bytes are its own, though a piece holds only until the next one is asked for", async () => {
  const spool = memory();
  spool.writer.append("a", recordOf(1), countsOf(1), 1);
  const [segment] = spool.writer.seal();
  if (segment === undefined) return expect.unreachable();
  const frozen = await spool.sealed.freeze(segment, bodyOf("one ", "two ", "three"));
  for (const body of [frozen, spool.sealed.frozen(segment)]) {
    let text = "";
    for await (const chunk of body?.open() ?? []) text += Buffer.from(chunk).toString();
    expect(text).toBe("one two three");
  }
});

test("it counts attempts and quarantined segments, and recovers nothing", async () => {
  const spool = memory();
  spool.writer.append("a", recordOf(1), countsOf(1), 1);
  const [segment] = spool.writer.seal();
  if (segment === undefined) return expect.unreachable();
  expect([spool.sealed.attempt(segment), spool.sealed.attempt(segment)]).toEqual([1, 2]);
  spool.sealed.quarantine(segment, "poison");
  expect(spool.usage()).toEqual({ bytes: 0, segments: 0, quarantined: 1, oldest: undefined });
  const recovery = spool.sealed.recover(() => {})[Symbol.asyncIterator]();
  expect(await recovery.next()).toMatchObject({ done: true });
  spool.writer.close();
  expect(spool.writer.append("a", recordOf(2), countsOf(2), 2)).toMatchObject({ status: "failed" });
});

test("it remembers how many parts of a segment were delivered", () => {
  const spool = memory();
  spool.writer.append("a", recordOf(1), countsOf(1), 1);
  const [segment] = spool.writer.seal();
  if (segment === undefined) return expect.unreachable();
  expect(spool.sealed.progress(segment)).toBe(0);
  spool.sealed.advance(segment, 3);
  expect(spool.sealed.progress(segment)).toBe(3);
});
