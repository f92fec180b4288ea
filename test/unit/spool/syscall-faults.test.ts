import { expect, test } from "vitest";
import type { SealedSegment } from "../../../src/spool/sealed-segments.ts";
import type { Spool } from "../../../src/spool/spool.ts";
import { tellFigures } from "../../support/fault-figures.ts";
import { SimulatedFileSystem, type SimulatedFault } from "../../support/simulated-file-system.ts";
import { countsOf, recordOf, recoverAll, SpoolWorld, bodyOf } from "./spool-world.ts";

/**
 * A spool's whole life, with time passing so that it heals. Returns what was acknowledged and what was
 * delivered.
 */
async function live(
  world: SpoolWorld,
  spool: Spool,
): Promise<{ acknowledged: Set<number>; refused: Set<number>; delivered: Set<number> }> {
  const acknowledged = new Set<number>();
  const refused = new Set<number>();
  const delivered = new Set<number>();
  const sealed: SealedSegment[] = [];
  let sequence = 0;
  const append = (label: string): void => {
    sequence++;
    const { status } = spool.writer.append(label, recordOf(sequence, 100), countsOf(sequence), sequence);
    (status === "appended" ? acknowledged : refused).add(sequence);
  };
  for (let round = 0; round < 4; round++) {
    append("a");
    append("b");
    append("a");
    world.nowMs += 400;
    spool.writer.sync();
    append("b");
    if (round % 2 === 1) sealed.push(...spool.writer.seal());
    world.nowMs += 5_500;
    const segment = sealed.shift();
    if (segment === undefined) continue;
    spool.sealed.attempt(segment);
    const frozen = await spool.sealed.freeze(segment, bodyOf("frozen bytes, ", "in two pieces"));
    let bytes = "";
    for await (const chunk of frozen.open()) bytes += Buffer.from(chunk).toString();
    expect(bytes).toBe("frozen bytes, in two pieces");
    const records = [...spool.sealed.read(segment)];
    spool.sealed.release(segment);
    for (const record of records) delivered.add(record.sequence);
  }
  spool.usage();
  return { acknowledged, refused, delivered };
}

async function liveWithFault(
  at: (index: number, nowMs: number) => boolean,
  fault: SimulatedFault,
): Promise<{ struck: boolean; acknowledged: number }> {
  const fileSystem = new SimulatedFileSystem();
  const world = new SpoolWorld(fileSystem);
  let struck = false;
  fileSystem.fault = ({ index }) => {
    if (!at(index, world.nowMs)) return undefined;
    struck = true;
    return fault;
  };
  const { spool } = world.start();
  const result = await live(world, spool).catch((error: unknown) => {
    // Reading a segment may throw the system's error; nothing else may.
    expect(error).toMatchObject({ code: fault.code });
    return undefined;
  });
  if (result === undefined) return { struck, acknowledged: 0 };
  fileSystem.fault = () => undefined;
  world.killAll();
  const { records } = await recoverAll(new SpoolWorld(fileSystem, 90_000).start().spool);
  const found = records.map(({ sequence }) => sequence).sort((a, b) => a - b);
  const waiting = [...result.acknowledged].filter((sequence) => !result.delivered.has(sequence));
  for (const sequence of waiting) expect(found, `acknowledged ${sequence} is lost`).toContain(sequence);
  expect(new Set(found).size).toBe(found.length);
  for (const sequence of found)
    expect(result.refused.has(sequence), `refused ${sequence} is there`).toBe(false);
  return { struck, acknowledged: result.acknowledged.size };
}

const faults: SimulatedFault[] = ["EIO", "ENOSPC", "EMFILE", "EACCES", "EROFS"].flatMap((code) => [
  { code },
  { code, writtenShare: 0.6 },
]);

test("one failing system call, wherever it strikes, loses nothing that was acknowledged", {
  timeout: 120_000,
}, async ({ task }) => {
  let strikes = 0;
  let acknowledged = 0;
  for (const fault of faults) {
    for (let at = 1; ; at++) {
      const { struck, acknowledged: safe } = await liveWithFault((index) => index === at, fault);
      if (!struck) break;
      acknowledged += safe;
      strikes++;
    }
  }
  expect(strikes).toBeGreaterThan(500);
  tellFigures(task, {
    fault: "one failing system call, simulated disk",
    injected: strikes,
    acknowledged,
    figure:
      "each call of a spool's life fails once: EIO, ENOSPC, EMFILE, EACCES, EROFS, with and without a short write",
  });
});

test("a disk that fails for a while, from any call on, loses nothing that was acknowledged, and heals", {
  timeout: 60_000,
}, async ({ task }) => {
  let healed = 0;
  let outages = 0;
  for (const fault of faults) {
    for (let at = 1; at < 120; at += 3) {
      let until: number | undefined;
      const { acknowledged } = await liveWithFault((index, nowMs) => {
        if (index === at) until = nowMs + 1_000;
        return until !== undefined && nowMs < until;
      }, fault);
      outages++;
      if (acknowledged >= 10) healed++;
    }
  }
  expect(healed).toBeGreaterThan(100);
  tellFigures(task, {
    fault: "disk that fails for a second, simulated",
    injected: outages,
    figure: `${healed} of the lives acknowledged at least 10 of their 16 records`,
  });
});

test("a full disk refuses and keeps what it has; sealing and delivering still work, and make room", async () => {
  const fileSystem = new SimulatedFileSystem();
  const world = new SpoolWorld(fileSystem);
  const { spool } = world.start();
  for (let n = 1; n <= 5; n++) spool.writer.append("a", recordOf(n, 1_000), countsOf(n), n);
  fileSystem.capacity = fileSystem.used() + 300;
  expect(spool.writer.append("a", recordOf(6, 1_000), countsOf(6), 6)).toEqual({
    status: "full",
    reason: "disk_low",
  });
  expect(spool.writer.append("b", recordOf(7, 10), countsOf(7), 7)).toEqual({
    status: "full",
    reason: "disk_low",
  });
  fileSystem.capacity = fileSystem.used();
  const [segment, ...others] = spool.writer.seal();
  expect(others).toEqual([]);
  if (segment === undefined) return expect.unreachable();
  expect(Array.from(spool.sealed.read(segment), ({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
  const frozen = await spool.sealed.freeze(segment, bodyOf("frozen bytes, ", "in two pieces"));
  let text = "";
  for await (const chunk of frozen.open()) text += Buffer.from(chunk).toString();
  expect(text).toBe("frozen bytes, in two pieces");
  expect(spool.sealed.frozen(segment)?.sha256).toBe(frozen.sha256);
  spool.sealed.release(segment);
  world.nowMs += 5_000;
  expect(spool.writer.append("a", recordOf(8, 1_000), countsOf(8), 8)).toEqual({ status: "appended" });
});

test("after an fsync error the segment is written anew before it counts as synced", () => {
  const fileSystem = new SimulatedFileSystem();
  const world = new SpoolWorld(fileSystem);
  const { spool } = world.start();
  spool.writer.append("a", recordOf(1), countsOf(1), 1);
  const [before = ""] = world.files(".open");
  const inode = fileSystem.lstat(before)?.ino;
  let errors = 0;
  fileSystem.fault = ({ name }) => (name === "datasync" && errors++ === 0 ? { code: "EIO" } : undefined);
  expect(spool.writer.sync()).toEqual({ status: "synced" });
  expect(errors).toBe(2);
  expect(world.files(".open")).toEqual([before]);
  expect(fileSystem.lstat(before)?.ino).not.toBe(inode);
});

test("an fsync that keeps failing is reported, and nothing is sealed on the strength of it", async () => {
  const fileSystem = new SimulatedFileSystem();
  const world = new SpoolWorld(fileSystem);
  const { spool } = world.start();
  spool.writer.append("a", recordOf(1), countsOf(1), 1);
  fileSystem.fault = ({ name }) => (name === "datasync" ? { code: "EIO" } : undefined);
  expect(spool.writer.sync()).toMatchObject({ status: "failed" });
  expect(spool.writer.seal()).toEqual([]);
  expect(spool.writer.open()).toHaveLength(1);
  expect(world.files(".tmp")).toEqual([]);
  fileSystem.fault = () => undefined;
  expect(spool.writer.sync()).toEqual({ status: "synced" });
  expect(spool.writer.seal()).toHaveLength(1);
});

test("no failure leaks a descriptor", async () => {
  for (let at = 1; at < 150; at++) {
    const fileSystem = new SimulatedFileSystem();
    const world = new SpoolWorld(fileSystem);
    fileSystem.fault = ({ index }) => (index === at ? { code: "EIO" } : undefined);
    const { spool } = world.start();
    await live(world, spool).catch(() => {});
    spool.writer.close();
    expect(fileSystem.descriptors(), `fault at call ${at}`).toBe(0);
  }
});
