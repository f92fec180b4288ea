import { expect, test } from "vitest";
import { tellFigures } from "../../support/fault-figures.ts";
import { type SimulatedFileSystem, seeded } from "../../support/simulated-file-system.ts";
import { countsOf, type Recovered, recordOf, recoverAll, SpoolWorld } from "./spool-world.ts";

const sizes = [40, 0, 61, 24];
/** Two headers with a label of seven bytes: where the records begin. */
const headers = 2 * 72;
/** Where each record ends, without padding. */
const ends = [144 + 80 + 40, 264 + 80, 344 + 80 + 61, 488 + 80 + 24];

/** A file with four records, open (a crash) or sealed; and where it lies. */
function sample(
  state: "open" | "seg",
  label = "a label",
): { path: string; bytes: Uint8Array; fileSystem: SimulatedFileSystem } {
  const world = new SpoolWorld();
  const { spool } = world.start();
  sizes.forEach((size, index) =>
    spool.writer.append(label, recordOf(index + 1, size), countsOf(index + 1), index + 1),
  );
  if (state === "seg") spool.writer.seal();
  const [path = ""] = world.files(`.${state}`);
  return { path, bytes: world.fileSystem.contents(path), fileSystem: world.fileSystem };
}

async function recoverWith(
  fileSystem: SimulatedFileSystem,
  path: string,
  bytes: Uint8Array,
): Promise<Recovered & { world: SpoolWorld }> {
  const world = new SpoolWorld(fileSystem.clone(), 1_000);
  world.fileSystem.place(path, bytes);
  return { ...(await recoverAll(world.start().spool)), world };
}

/** Every record is one that was written, none comes twice; returns which are missing. */
function missing({ records, segments }: Recovered): number[] {
  const left = new Set(sizes.map((_, index) => index + 1));
  for (const { sequence, bytes, counts } of records) {
    expect(left.delete(sequence), `record ${sequence} is invented or repeated`).toBe(true);
    expect(Buffer.compare(bytes, recordOf(sequence, sizes[sequence - 1]))).toBe(0);
    expect(counts).toEqual(countsOf(sequence));
  }
  const total = segments.reduce((sum, { counts }) => sum + counts.frames, 0);
  expect(total).toBe(records.reduce((sum, { counts }) => sum + counts.frames, 0));
  return [...left];
}

function framesOf(sequences: readonly number[]): number {
  return sequences.reduce((sum, sequence) => sum + countsOf(sequence).frames, 0);
}

test("an undamaged file is recovered whole, without a loss", async () => {
  for (const state of ["open", "seg"] as const) {
    const { path, bytes, fileSystem } = sample(state);
    const result = await recoverWith(fileSystem, path, bytes);
    expect(missing(result)).toEqual([]);
    expect(result.losses).toEqual([]);
  }
});

test("a file cut at any byte keeps every record that is complete", { timeout: 60_000 }, async ({ task }) => {
  let cuts = 0;
  let kept = 0;
  for (const state of ["open", "seg"] as const) {
    const { path, bytes, fileSystem } = sample(state);
    for (let length = 0; length < bytes.length; length++) {
      const result = await recoverWith(fileSystem, path, bytes.subarray(0, length));
      const complete = length < headers / 2 ? 0 : ends.filter((at) => at <= length).length;
      expect(missing(result), `${state} cut at ${length}`).toHaveLength(sizes.length - complete);
      cuts++;
      kept += complete;
    }
  }
  tellFigures(task, {
    fault: "spool file cut at every byte",
    injected: cuts,
    acknowledged: kept,
    figure: "an open and a sealed file of 4 records; complete records that were missing: 0",
  });
});

test("a flipped bit costs at most one record, and never one that is not reported", {
  timeout: 120_000,
}, async ({ task }) => {
  let flips = 0;
  let harmless = 0;
  let mostLost = 0;
  for (const state of ["open", "seg"] as const) {
    const { path, bytes, fileSystem } = sample(state);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = bytes.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const result = await recoverWith(fileSystem, path, damaged);
      const gone = missing(result);
      expect(gone.length, `${state} bit ${bit}`).toBeLessThanOrEqual(1);
      if (gone.length > 0) {
        expect(result.losses.length, `${state} bit ${bit}: silent`).toBeGreaterThan(0);
        const counted = result.losses.reduce((sum, loss) => sum + loss.frames, 0);
        // Only the head of the last record of a file without footer takes its counts with it.
        const isLastHead =
          state === "open" && gone[0] === sizes.length && result.losses[0]?.reason === "torn";
        expect(counted, `${state} bit ${bit}: counts`).toBe(isLastHead ? 0 : framesOf(gone));
      }
      flips++;
      if (gone.length === 0) harmless++;
      mostLost = Math.max(mostLost, gone.length);
    }
  }
  expect(flips).toBeGreaterThan(10_000);
  tellFigures(task, {
    fault: "every bit of a spool file flipped",
    injected: flips,
    figure: `records lost by one flip: at most ${mostLost}, none silently; ${harmless} flips cost nothing`,
  });
});

test("a loss states frames, rows and bytes of the damaged record, and the original is kept for a person", async () => {
  const { path, bytes, fileSystem } = sample("seg");
  const damaged = bytes.slice();
  damaged[headers + 80 + 3] = 255;
  const { losses, world } = await recoverWith(fileSystem, path, damaged);
  expect(losses).toEqual([
    { reason: "corrupt", ...countsOf(1), detail: expect.stringContaining("record 1") },
  ]);
  expect(world.quarantined()).toEqual([
    expect.stringMatching(/corrupt\.json$/),
    expect.stringMatching(/corrupt\.seg$/),
  ]);
});

test("a loss is told once: the repaired segment is whole for the next process", async () => {
  const { path, bytes, fileSystem } = sample("open");
  const damaged = bytes.slice();
  damaged[headers + 80 + 3] = 255;
  const first = await recoverWith(fileSystem, path, damaged);
  expect(first.losses).toHaveLength(1);
  first.world.killAll();
  const second = await recoverAll(first.world.start().spool);
  expect(missing(second)).toEqual([1]);
  expect(second.losses).toEqual([]);
});

test("blocks that are moved, repeated or come from another file are never taken for records", async ({
  task,
}) => {
  const { path, bytes, fileSystem } = sample("seg");
  const foreign = sample("seg", "a lAbel").bytes;
  const random = seeded(7);
  let damaging = 0;
  for (let run = 0; run < 4_000; run++) {
    const damaged = bytes.slice();
    const size = 8 * (1 + random(20));
    const from = 8 * random((bytes.length - size) / 8);
    const to = 8 * random((bytes.length - size) / 8);
    damaged.set((run % 2 === 0 ? bytes : foreign).subarray(from, from + size), to);
    const result = await recoverWith(fileSystem, path, damaged);
    const gone = missing(result);
    if (gone.length > 0) {
      damaging++;
      expect(result.losses.length).toBeGreaterThan(0);
    }
  }
  tellFigures(task, {
    fault: "blocks of a spool file moved, repeated, foreign",
    injected: 4_000,
    fired: damaging,
    figure: "records invented: 0; fired: those that cost a record, each reported",
  });
});

test("files of random bytes, with and without our magic words, yield nothing and end", async ({ task }) => {
  const { path, bytes, fileSystem } = sample("open");
  const random = seeded(11);
  for (let run = 0; run < 4_000; run++) {
    const noise = Uint8Array.from({ length: random(600) }, () => random(256));
    if (run % 3 === 1) noise.set(bytes.subarray(0, Math.min(8, noise.length)));
    if (run % 3 === 2 && noise.length > 200) noise.set(bytes.subarray(headers, headers + 4), headers);
    const { records, segments } = await recoverWith(fileSystem, path, noise);
    expect(records).toEqual([]);
    expect(segments).toEqual([]);
  }
  tellFigures(task, { fault: "spool files of random bytes", injected: 4_000, figure: "records accepted: 0" });
});

test("noise after good headers yields nothing and does not hide a later record of the file", async () => {
  const { path, bytes, fileSystem } = sample("open");
  const random = seeded(13);
  for (let run = 0; run < 500; run++) {
    const damaged = bytes.slice();
    const until = headers + 8 * random(30);
    for (let at = headers; at < until; at++) damaged[at] = random(256);
    const gone = missing(await recoverWith(fileSystem, path, damaged));
    const touched = [headers, ...ends].filter((at) => at < until).length;
    expect(gone.length).toBeLessThanOrEqual(touched);
  }
});

test("empty and all-zero files of a crash are deleted; a file of a later version is left alone", async () => {
  const { path, bytes, fileSystem } = sample("open");
  for (const size of [0, 1, 4_096]) {
    const { losses, world } = await recoverWith(fileSystem, path, new Uint8Array(size));
    expect(losses).toEqual([]);
    expect(world.files(".open")).toEqual([]);
  }
  const later = bytes.slice();
  new DataView(later.buffer).setUint16(8, 2, true);
  const { crc32 } = await import("node:zlib");
  const crc = crc32(later.subarray(64, 71), crc32(later.subarray(0, 60)));
  new DataView(later.buffer).setUint32(60, crc, true);
  later.copyWithin(72, 0, 72);
  const { losses, world, records } = await recoverWith(fileSystem, path, later);
  expect(records).toEqual([]);
  expect(losses).toEqual([
    expect.objectContaining({ frames: 0, detail: expect.stringContaining("later version") }),
  ]);
  expect(world.files(".open")).toHaveLength(1);
});

test("a copy of a segment under another segment's name is not delivered twice", async () => {
  const { path, bytes, fileSystem } = sample("seg");
  const world = new SpoolWorld(fileSystem.clone(), 1_000);
  world.fileSystem.place(path.replace(/[0-9a-f]{4}\.seg$/, "ffff.seg"), bytes);
  const result = await recoverAll(world.start().spool);
  expect(missing(result)).toEqual([]);
  expect(world.quarantined()).toHaveLength(2);
});
