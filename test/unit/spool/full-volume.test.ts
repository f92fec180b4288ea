import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../../src/base/time/clock.ts";
import { systemIds } from "../../../src/base/ids.ts";
import { createFolderSpool } from "../../../src/spool/folder-spool.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { countsOf, recordOf, recoverAll } from "./spool-world.ts";

/** A real volume of its own, or undefined where this user may not make one. */
async function smallVolume(options: string): Promise<string | undefined> {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return undefined;
  const folder = await tempFolder();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  onTestFinished(() => void execFileSync("umount", ["-l", folder]));
  return folder;
}

for (const [what, options] of [
  ["room", "size=1m"],
  ["inodes", "nr_inodes=14"],
] as const) {
  test(`a real volume without ${what} refuses, keeps all it acknowledged, and takes more once there is some`, async ({
    skip,
  }) => {
    const volume = await smallVolume(options);
    if (volume === undefined) return skip("no volume can be mounted here");
    let late = 0;
    const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + late };
    const common = {
      directory: join(volume, "spool"),
      clock,
      ids: systemIds,
      maxBytes: 1e9,
      minFreeBytes: 0,
      maxOpen: 64,
    };
    const spool = createFolderSpool(common);
    const acknowledged: number[] = [];
    let sequence = 0;
    const append = (): string => {
      sequence++;
      const label = `label ${what === "inodes" ? sequence : sequence % 3}`;
      const result = spool.writer.append(label, recordOf(sequence, 15_000), countsOf(sequence), sequence);
      if (result.status === "appended") acknowledged.push(sequence);
      return result.status;
    };
    for (let n = 0; n < 500 && append() === "appended"; n++);
    expect(append()).toBe("full");
    expect(acknowledged.length).toBeGreaterThan(5);
    const [segment, ...others] = spool.writer.seal();
    if (segment === undefined) return expect.unreachable();
    expect(others.length).toBeGreaterThan(1);
    const { size } = await spool.sealed.freeze(
      segment,
      (async function* () {
        yield new Uint8Array(200_000);
      })(),
    );
    expect(size).toBe(200_000);
    const delivered = new Set(Array.from(spool.sealed.read(segment), (record) => record.sequence));
    spool.sealed.release(segment);
    late += 6_000;
    expect(append()).toBe("appended");
    spool.writer.close();
    const heir = createFolderSpool(common);
    const { records } = await recoverAll(heir);
    heir.writer.close();
    const waiting = acknowledged.filter((one) => !delivered.has(one));
    expect(records.map((record) => record.sequence).sort((a, b) => a - b)).toEqual(waiting);
  });
}
