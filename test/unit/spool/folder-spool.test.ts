import { dirname } from "node:path";
import { expect, test } from "vitest";
import { createFolderSpool } from "../../../src/spool/folder-spool.ts";
import { listQuarantinedFiles, replayQuarantinedFile } from "../../../src/spool/quarantined-files.ts";
import { countContents, readRecords } from "../../../src/spool/segment/segment-file-reader.ts";
import { maxRecordBytes } from "../../../src/spool/segment/segment-format.ts";
import type { SealedSegment } from "../../../src/spool/sealed-segments.ts";
import type { Spool } from "../../../src/spool/spool.ts";
import { listSpooledFiles } from "../../../src/spool/spooled-files.ts";
import { countsOf, recordOf, recoverAll, SpoolWorld } from "./spool-world.ts";

function fill(spool: Spool, label: string, from: number, to: number, size = 40): void {
  for (let n = from; n <= to; n++)
    expect(spool.writer.append(label, recordOf(n, size), countsOf(n), n)).toEqual({ status: "appended" });
}

function sequences(spool: Spool, segment: SealedSegment): number[] {
  return Array.from(spool.sealed.read(segment), ({ sequence }) => sequence);
}

function only<T>(values: readonly T[]): T {
  expect(values).toHaveLength(1);
  return values[0] as T;
}

async function* body(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

test("each label has its own segment, and a sealed one holds its records in order, with their counts", () => {
  const world = new SpoolWorld();
  const { spool } = world.start();
  fill(spool, "one", 1, 3);
  fill(spool, "two", 4, 4, 0);
  fill(spool, "one", 5, 5);
  expect(spool.writer.open().map(({ label, counts }) => [label, counts.frames])).toEqual([
    ["two", 4],
    ["one", 11],
  ]);
  const sealed = spool.writer.seal();
  expect(sealed.map((segment) => [segment.label, sequences(spool, segment)])).toEqual([
    ["one", [1, 2, 3, 5]],
    ["two", [4]],
  ]);
  expect(sealed[0]).toMatchObject({ counts: { frames: 11, rows: 110, bytes: 11_000 }, recovered: false });
  expect(structuredClone(sealed)).toEqual(sealed);
  for (const { id, size } of sealed) {
    const [path = ""] = world.files(`${id}.seg`);
    expect(world.fileSystem.contents(path)).toHaveLength(size);
  }
});

test("a record in shared memory, of any length, comes back byte by byte", () => {
  const { spool } = new SpoolWorld().start();
  const shared = new Uint8Array(new SharedArrayBuffer(300));
  for (let n = 1; n <= 40; n++) {
    shared.set(recordOf(n, 300));
    spool.writer.append("a", shared.subarray(n, 2 * n), countsOf(n), n);
  }
  for (const { sequence, bytes } of spool.sealed.read(only(spool.writer.seal()))) {
    expect(bytes).toEqual(recordOf(sequence, 300).slice(sequence, 2 * sequence));
  }
});

test("what is too big, or no count, is refused as a mistake and changes nothing", () => {
  const world = new SpoolWorld();
  const { spool } = world.start();
  const counts = countsOf(1);
  const big = new Uint8Array(new SharedArrayBuffer(maxRecordBytes + 8));
  expect(spool.writer.append("a", big, counts, 1)).toEqual({ status: "too_large" });
  for (const label of ["x".repeat(1_025), "é".repeat(513)]) {
    expect(spool.writer.append(label, recordOf(1), counts, 1)).toMatchObject({
      status: "failed",
      error: { name: "RangeError" },
    });
  }
  for (const sequence of [-1, 0.5, Number.NaN, 2 ** 53]) {
    expect(spool.writer.append("a", recordOf(1), counts, sequence)).toMatchObject({ status: "failed" });
  }
  expect(spool.writer.append("a", recordOf(1), { ...counts, rows: -1 }, 1)).toMatchObject({
    status: "failed",
  });
  expect(world.fileSystem.files()).toEqual([]);
  const longest = "é".repeat(512);
  expect(spool.writer.append(longest, recordOf(1), counts, 2 ** 53 - 1)).toEqual({ status: "appended" });
  expect(only(spool.writer.seal()).label).toBe(longest);
});

test("wrong options are refused with what was expected and what came", () => {
  const { clock, ids } = new SpoolWorld();
  const options = { directory: "/spool", clock, ids, maxBytes: 1, minFreeBytes: 1 };
  expect(() => createFolderSpool({ ...options, directory: "" })).toThrow(
    /directory: expected a path, got an empty text/,
  );
  expect(() => createFolderSpool({ ...options, instance: "../x" })).toThrow(
    /instance: expected 32 hex digits/,
  );
  expect(() => createFolderSpool({ ...options, maxOpen: 0 })).toThrow(
    /maxOpen: expected a whole number from 1/,
  );
});

test("beyond maxOpen the segment that rested longest is sealed, and returned by the next seal", () => {
  const { spool } = new SpoolWorld().start({ maxOpen: 2 });
  fill(spool, "a", 1, 1);
  fill(spool, "b", 2, 2);
  fill(spool, "a", 3, 3);
  fill(spool, "c", 4, 4);
  expect(spool.writer.open().map(({ label }) => label)).toEqual(["a", "c"]);
  expect(spool.sealed.list().map(({ label }) => label)).toEqual(["b"]);
  expect(spool.writer.seal(() => false).map(({ label }) => label)).toEqual(["b"]);
  expect(spool.writer.seal(() => false)).toEqual([]);
});

test("the bound counts what all processes have in the folder, and room comes back with a release", () => {
  const world = new SpoolWorld();
  const other = world.start().spool;
  fill(other, "a", 1, 10, 1_000);
  const [segment] = other.writer.seal();
  const { spool } = world.start({ maxBytes: 12_000 });
  fill(spool, "a", 11, 11, 500);
  expect(spool.writer.append("a", recordOf(12, 1_000), countsOf(12), 12)).toEqual({
    status: "full",
    reason: "spool_full",
  });
  if (segment !== undefined) other.sealed.release(segment);
  expect(spool.writer.append("a", recordOf(12, 1_000), countsOf(12), 12)).toMatchObject({ status: "full" });
  world.nowMs += 5_000;
  expect(spool.writer.append("a", recordOf(12, 1_000), countsOf(12), 12)).toEqual({ status: "appended" });
});

test("bounds may change while the spool runs", () => {
  const bounds = { maxBytes: 1_000 };
  const { clock, ids, fileSystem } = new SpoolWorld();
  const liveness = {
    hold: () => ({ release: () => {} }),
    isAlive: async () => false,
    isWriterAlive: async () => false,
  };
  const spool = createFolderSpool({
    ...{ directory: "/spool", clock, ids, fileSystem, liveness, minFreeBytes: 0 },
    get maxBytes() {
      return bounds.maxBytes;
    },
  });
  // More than all that it may hold: no delivery could ever make room for it.
  expect(spool.writer.append("a", recordOf(1, 2_000), countsOf(1), 1)).toEqual({ status: "too_large" });
  bounds.maxBytes = 2_000;
  expect(spool.writer.append("a", recordOf(1, 1_500), countsOf(1), 1)).toEqual({ status: "appended" });
  expect(spool.writer.append("a", recordOf(1, 1_500), countsOf(2), 2)).toMatchObject({
    reason: "spool_full",
  });
  bounds.maxBytes = 10_000;
  expect(spool.writer.append("a", recordOf(1, 2_000), countsOf(2), 2)).toEqual({ status: "appended" });
});

test("the volume's free space is left to others", () => {
  const world = new SpoolWorld();
  world.fileSystem.capacity = 10_000;
  const { spool } = world.start({ minFreeBytes: 5_000 });
  fill(spool, "a", 1, 1, 4_000);
  expect(spool.writer.append("a", recordOf(2, 4_000), countsOf(2), 2)).toEqual({
    status: "full",
    reason: "disk_low",
  });
  world.fileSystem.capacity = 20_000;
  world.nowMs += 1_000;
  fill(spool, "a", 2, 2, 4_000);
});

test("attempts are counted across processes", async () => {
  const world = new SpoolWorld();
  const first = world.start();
  fill(first.spool, "a", 1, 1);
  const segment = only(first.spool.writer.seal());
  expect(first.spool.sealed.attempt(segment)).toBe(1);
  expect(first.spool.sealed.attempt(segment)).toBe(2);
  first.kill();
  const { spool } = world.start();
  const { segments } = await recoverAll(spool);
  expect(spool.sealed.attempt(only(segments))).toBe(3);
  expect(sequences(spool, only(segments))).toEqual([1]);
});

test("frozen bytes are the same in the next process; damaged ones are forgotten", async () => {
  const world = new SpoolWorld();
  const first = world.start();
  fill(first.spool, "a", 1, 1);
  const segment = only(first.spool.writer.seal());
  const { sha256 } = await first.spool.sealed.freeze(segment, body("these bytes"));
  expect((await first.spool.sealed.freeze(segment, body("not these"))).sha256).toBe(sha256);
  first.kill();
  const second = world.start();
  const again = only((await recoverAll(second.spool)).segments);
  expect(second.spool.sealed.frozen(again)).toMatchObject({ sha256, size: 11 });
  const [path = ""] = world.files(".body");
  world.fileSystem.place(path, new TextEncoder().encode("these Bytes"));
  expect(second.spool.sealed.frozen(again)).toBeUndefined();
  expect(world.files(".body")).toEqual([]);
});

test("frozen bytes whose maker fails leave nothing, and the error reaches the caller", async () => {
  const world = new SpoolWorld();
  const { spool } = world.start();
  fill(spool, "a", 1, 1);
  const segment = only(spool.writer.seal());
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(10);
    throw new Error("cannot encode");
  }
  await expect(spool.sealed.freeze(segment, broken())).rejects.toThrow("cannot encode");
  expect(spool.sealed.frozen(segment)).toBeUndefined();
  expect(world.files(".tmp")).toEqual([]);
});

test("another thread's spool can read, freeze and release a segment that came by message", async () => {
  const world = new SpoolWorld();
  const instance = "a".repeat(32);
  const one = world.start({ instance }).spool;
  const two = world.start({ instance }).spool;
  fill(one, "a", 1, 2);
  const segment = structuredClone(only(one.writer.seal()));
  expect(sequences(two, segment)).toEqual([1, 2]);
  await two.sealed.freeze(segment, body("x"));
  two.sealed.release(segment);
  expect(world.files(".seg")).toEqual([]);
  expect(world.files(".body")).toEqual([]);
  expect(() => [...one.sealed.read(segment)]).toThrow(/ENOENT/);
});

test("a batch written by a thread that died and again by its successor is read once", async () => {
  const world = new SpoolWorld();
  const instance = "a".repeat(32);
  const first = world.start({ instance });
  fill(first.spool, "a", 1, 4);
  first.kill();
  const second = world.start({ instance });
  fill(second.spool, "a", 3, 5);
  const { segments, records } = await recoverAll(second.spool);
  expect(records.map(({ sequence }) => sequence)).toEqual([1, 2]);
  expect(only(segments)).toMatchObject({ recovered: false, counts: { frames: 3 } });
  // What comes late is known to be there.
  fill(second.spool, "a", 1, 1);
  expect(sequences(second.spool, only(second.spool.writer.seal()))).toEqual([3, 4, 5]);
});

test("the same, when nobody of that process lives to tell", async () => {
  const world = new SpoolWorld();
  const instance = "a".repeat(32);
  const [worker, main] = [world.start({ instance }), world.start({ instance })];
  fill(worker.spool, "a", 1, 4);
  fill(main.spool, "a", 3, 6);
  world.killAll();
  const { records, losses } = await recoverAll(world.start().spool);
  expect(new Set(records.map(({ sequence }) => sequence))).toEqual(new Set([1, 2, 3, 4, 5, 6]));
  expect(records).toHaveLength(6);
  expect(losses).toEqual([]);
});

test("an inherited folder is gone once its last segment is released", async () => {
  const world = new SpoolWorld();
  const dead = world.start();
  fill(dead.spool, "a", 1, 1);
  fill(dead.spool, "b", 2, 2);
  dead.kill();
  const { spool } = world.start();
  const { segments } = await recoverAll(spool);
  expect(segments.map(({ directory }) => directory)).toEqual(Array(2).fill(expect.stringMatching(/\.by-/)));
  for (const segment of segments) spool.sealed.release(segment);
  spool.writer.close();
  expect(world.fileSystem.files()).toEqual([]);
});

test("an heir that dies is inherited from in turn", async () => {
  const world = new SpoolWorld();
  const dead = world.start();
  fill(dead.spool, "a", 1, 1);
  dead.kill();
  for (let heirs = 0; heirs < 4; heirs++) {
    const heir = world.start();
    expect((await recoverAll(heir.spool)).records).toHaveLength(1);
    heir.kill();
  }
});

test("usage tells what is held, from when, and what is in quarantine", () => {
  const world = new SpoolWorld();
  const { spool } = world.start();
  expect(spool.usage()).toEqual({ bytes: 0, segments: 0, quarantined: 0, oldest: undefined });
  const start = world.nowMs;
  fill(spool, "a", 1, 1);
  const segment = only(spool.writer.seal());
  world.nowMs += 1_000;
  fill(spool, "b", 2, 2);
  const open = only(spool.writer.open());
  expect(spool.usage()).toEqual({
    bytes: segment.size + open.size,
    segments: 2,
    quarantined: 0,
    oldest: start,
  });
  spool.sealed.quarantine(segment, "conflict");
  expect(spool.usage()).toEqual({ bytes: open.size, segments: 1, quarantined: 1, oldest: start + 1_000 });
});

test("an operator sees what waits, what is in quarantine and why, and can send it again", async () => {
  const world = new SpoolWorld();
  const { directory, fileSystem, clock, ids } = world;
  const options = { directory, fileSystem, clock, ids };
  const { spool } = world.start();
  fill(spool, "a", 1, 2);
  fill(spool, "b", 3, 3);
  const [a, b] = spool.writer.seal();
  fill(spool, "c", 4, 4);
  if (a === undefined || b === undefined) return expect.unreachable();
  await spool.sealed.freeze(b, body("x"));
  expect(listSpooledFiles(options).map(({ label, state }) => [label, state])).toEqual([
    ["a", "sealed"],
    ["b", "frozen"],
    ["c", "open"],
  ]);
  spool.sealed.quarantine(a, "Conflict: the destination has other bytes!");
  const note = only(listQuarantinedFiles(options));
  expect(note).toMatchObject({
    id: a.id,
    label: "a",
    counts: a.counts,
    reason: "Conflict: the destination has other bytes!",
  });
  expect(countContents(fileSystem, note.path)).toEqual({
    records: 2,
    readable: a.counts,
    damaged: { frames: 0, rows: 0, bytes: 0 },
  });
  expect(Array.from(readRecords(fileSystem, note.path), ({ sequence }) => sequence)).toEqual([1, 2]);
  replayQuarantinedFile(note, options);
  expect(listQuarantinedFiles(options)).toEqual([]);
  const { segments } = await recoverAll(spool);
  expect(only(segments)).toMatchObject({ id: a.id, label: "a", counts: a.counts, recovered: true });
});

test("a copy of one record can be set aside while its segment stays", () => {
  const world = new SpoolWorld();
  const { spool } = world.start();
  fill(spool, "a", 1, 3);
  const segment = only(spool.writer.seal());
  const [, record] = spool.sealed.read(segment);
  if (record === undefined) return expect.unreachable();
  spool.sealed.quarantineRecord(segment, record, "poison");
  expect(sequences(spool, segment)).toEqual([1, 2, 3]);
  const note = only(listQuarantinedFiles(world));
  expect(note).toMatchObject({ label: "a", reason: "poison", counts: countsOf(2) });
  expect(Array.from(readRecords(world.fileSystem, note.path), ({ sequence }) => sequence)).toEqual([2]);
  expect(world.files(".tmp")).toEqual([]);
});

test("the quarantine keeps 64 MiB, the newest", () => {
  const world = new SpoolWorld();
  const { spool } = world.start();
  const big = new Uint8Array(30 * 1_024 * 1_024);
  for (let n = 1; n <= 3; n++) {
    world.nowMs++;
    spool.writer.append(`label ${n}`, big, countsOf(n), n);
    spool.sealed.quarantine(only(spool.writer.seal()), "poison");
  }
  expect(listQuarantinedFiles(world).map(({ label }) => label)).toEqual(["label 2", "label 3"]);
  expect(world.quarantined()).toHaveLength(4);
});

test("half-made folders of the dead are swept after ten minutes", async () => {
  const world = new SpoolWorld();
  world.fileSystem.place(`/spool/mc1/.new-${"a".repeat(32)}-${"b".repeat(8)}/owner.json`, new Uint8Array(3));
  const { spool } = world.start();
  await recoverAll(spool);
  expect(world.fileSystem.files()).toHaveLength(1);
  world.nowMs += 11 * 60_000;
  await recoverAll(spool);
  expect(world.fileSystem.files()).toEqual([]);
});

test("a closed spool refuses, and what was open waits for the next process", async () => {
  const world = new SpoolWorld();
  const { spool } = world.start();
  fill(spool, "a", 1, 1);
  spool.writer.close();
  expect(spool.writer.append("a", recordOf(2), countsOf(2), 2)).toMatchObject({ status: "failed" });
  expect((await recoverAll(world.start().spool)).records).toHaveLength(1);
});

test("recovery lets the event loop turn, about once a MiB", async () => {
  const world = new SpoolWorld();
  const dead = world.start();
  const mib = new Uint8Array(1_024 * 1_024);
  for (let n = 1; n <= 8; n++) dead.spool.writer.append("a", mib, countsOf(n), n);
  dead.kill();
  let turns = 0;
  const count = (): void => {
    turns++;
    again = setImmediate(count);
  };
  let again = setImmediate(count);
  for await (const segment of world.start().spool.sealed.recover(() => {}))
    expect(segment.counts.frames).toBe(36);
  clearImmediate(again);
  expect(turns).toBeGreaterThanOrEqual(7);
});

test("a listener that throws does not keep other segments from being recovered", async () => {
  const world = new SpoolWorld();
  const dead = world.start();
  fill(dead.spool, "a", 1, 2);
  fill(dead.spool, "b", 3, 3);
  dead.kill();
  const [path = ""] = world.files(".open");
  const bytes = world.fileSystem.contents(path);
  world.fileSystem.place(path, bytes.subarray(0, bytes.length - 20));
  const found: string[] = [];
  for await (const { label } of world.start().spool.sealed.recover(() => {
    throw new Error("listener");
  })) {
    found.push(label);
  }
  expect(found).toEqual(["a", "b"]);
  expect(dirname(path)).toMatch(/mc1/);
});
