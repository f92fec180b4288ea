import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isMountedAlone } from "../../../src/base/host/mounts.ts";
import { tempFolder } from "../../support/temp-folder.ts";

test("a file is mounted alone if it is a mount point itself, not if a folder above it is", async () => {
  const folder = await tempFolder();
  mkdirSync(join(folder, "conf ig"));
  for (const name of ["conf ig/blue.yml", "other.yml"]) writeFileSync(join(folder, name), "");
  symlinkSync("conf ig/blue.yml", join(folder, "linked.yml"));
  const info = join(folder, "mountinfo");
  const mounted = (point: string): void =>
    writeFileSync(
      info,
      `22 28 0:21 / /proc rw,nosuid - proc proc rw\n` +
        `99 28 8:1 /var/x ${point.replaceAll(" ", String.raw`\040`)} rw,relatime shared:1 - ext4 /dev/sda1 rw\n`,
    );
  const seen = () =>
    ["conf ig/blue.yml", "linked.yml", "other.yml"].map((name) => isMountedAlone(join(folder, name), info));
  mounted(join(folder, "conf ig/blue.yml"));
  expect(seen()).toEqual([true, true, false]);
  mounted(join(folder, "conf ig"));
  expect(seen()).toEqual([false, false, false]);
});

test("nothing is said of a file that is not there, or where the system does not tell", async () => {
  const folder = await tempFolder();
  expect(isMountedAlone(join(folder, "blue.yml"))).toBe(false);
  writeFileSync(join(folder, "blue.yml"), "");
  expect(isMountedAlone(join(folder, "blue.yml"), join(folder, "none"))).toBe(false);
});
