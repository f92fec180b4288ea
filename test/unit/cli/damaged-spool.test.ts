import { globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../../src/base/time/clock.ts";
import { systemIds } from "../../../src/base/ids.ts";
import { createFolderSpool } from "../../../src/spool/folder-spool.ts";
import { quarantinePath } from "../../../src/spool/spool-folder.ts";
import { randomFrom } from "../../fuzz/random.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { batchOf } from "../pipeline/pipeline-world.ts";
import { run } from "./run.ts";

const time = Date.UTC(2026, 10, 22, 5, 10);

/** A spool folder whose processes are gone: two segments, of three frames each. */
async function leftBehind(): Promise<string> {
  const directory = await tempFolder();
  for (const collection of ["model_inputs", "model_outputs"]) {
    const options = { directory, clock: systemClock, ids: systemIds, maxBytes: 1e9, minFreeBytes: 0 };
    const spool = createFolderSpool(options);
    for (const index of [1, 2, 3]) {
      const frame = [{ a: index, text: "x".repeat(100 * index) }];
      const { label, bytes, counts, sequence } = batchOf(frame, index, time, { collection });
      expect(spool.writer.append(label, bytes, counts, sequence)).toEqual({ status: "appended" });
    }
    spool.writer.close();
  }
  return directory;
}

function filesOf(directory: string): string[] {
  return globSync(join(directory, "**/*"), {})
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .sort();
}

async function expectEnds(codes: readonly number[], ...command: string[]): Promise<string> {
  const { code, out, err } = await run(...command);
  expect(codes, `${command.join(" ")} ended with ${code}: ${err}`).toContain(code);
  expect(out + err).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  return out;
}

describe("the spool commands, over a damaged spool", () => {
  test("end with 0 or 3 and lose no frame silently, whatever byte of whatever file is another", async () => {
    const first = Math.floor(Math.random() * 2 ** 31);
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, first, first + 1, first + 2, first + 3]) {
      const random = randomFrom(seed);
      const [directory, root] = [await leftBehind(), await tempFolder()];
      const files = filesOf(directory);
      const path = files[random(files.length)] as string;
      const bytes = readFileSync(path);
      const kind = random(4);
      for (let i = 1 + random(4); i > 0; i--) bytes[random(bytes.length)] = random(256);
      writeFileSync(path, kind === 0 ? bytes.subarray(0, random(bytes.length)) : bytes);
      const spool = ["--spool", directory];
      await expectEnds([0, 3], "spool", "ls", ...spool);
      JSON.parse(await expectEnds([0, 3], "spool", "ls", "--json", ...spool));
      const drained = await expectEnds(
        [0, 3],
        "spool",
        "drain",
        ...spool,
        "--root",
        root,
        "--deadline",
        "30",
        "--json",
      );
      const { delivered, lost, left, living } = JSON.parse(drained) as Drained;
      const set = JSON.parse(await expectEnds([0], "spool", "quarantine", "ls", "--json", ...spool)) as {
        id: string;
      }[];
      for (const { id } of set) await expectEnds([0], "spool", "quarantine", "show", id, ...spool);
      const told = delivered.frames + lost.reduce((sum, { frames }) => sum + frames, 0);
      // A torn end is cut, and cannot tell of how many frames. Whose owner cannot be told to be gone is left
      // to it.
      expect(
        told === 6 || left + living + set.length > 0 || lost.length > 0 || kind === 0,
        `seed ${seed}: ${drained}`,
      ).toBe(true);
    }
  }, 300_000);

  test("spool ls ends with 3 where frames are damaged", async () => {
    const directory = await leftBehind();
    const path = filesOf(directory).find((one) => one.endsWith(".open") || one.includes("open")) as string;
    const bytes = readFileSync(path);
    bytes.fill(0xff, bytes.length - 700, bytes.length - 650);
    writeFileSync(path, bytes);
    const { code, out } = await run("spool", "ls", "--spool", directory);
    expect(out).toContain("damaged");
    expect(code).toBe(3);
  });

  test("the quarantine's notes may say anything", async () => {
    const directory = await leftBehind();
    const [segment] = filesOf(directory).filter((path) => statSync(path).size > 200);
    const folder = quarantinePath(directory);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const notes = [
      "",
      "{",
      "[]",
      "null",
      '{"counts":{"frames":1}}',
      '{"id":"0","reason":"\\u001b[2J\\u202e","quarantinedAt":1e300,"counts":{"frames":1,"rows":-1,"bytes":1e300},"label":"[]"}',
      '{"id":"0","reason":"x","quarantinedAt":0,"counts":{"frames":1,"rows":{},"bytes":null}}',
    ];
    for (const [i, note] of notes.entries()) {
      const id = String(i).repeat(32);
      writeFileSync(join(folder, `${id}.damaged.seg`), readFileSync(segment as string));
      writeFileSync(join(folder, `${id}.damaged.json`), note);
    }
    const found = JSON.parse(
      await expectEnds([0], "spool", "quarantine", "ls", "--json", "--spool", directory),
    );
    expect(found).toHaveLength(notes.length);
    await expectEnds([0], "spool", "quarantine", "ls", "--spool", directory);
    for (const { id } of found)
      await expectEnds([0], "spool", "quarantine", "show", id, "--spool", directory);
  });

  test("a spool with folders where files belong holds up nobody", async () => {
    const directory = await leftBehind();
    for (const path of filesOf(directory).filter((one) => statSync(one).size > 200)) {
      rmSync(path);
      mkdirSync(path);
    }
    await expectEnds([0, 3], "spool", "ls", "--spool", directory);
    await expectEnds(
      [0, 3],
      "spool",
      "drain",
      "--spool",
      directory,
      "--root",
      await tempFolder(),
      "--deadline",
      "5",
    );
  });
});

interface Drained {
  readonly delivered: Frames;
  readonly lost: readonly Frames[];
  readonly left: number;
  readonly living: number;
}

interface Frames {
  readonly frames: number;
}
