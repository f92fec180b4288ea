import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isMountedAlone, mountOf } from "../../../src/base/host/mounts.ts";
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

test("a path is on the file system that is mounted deepest above it, also one that is not there yet", async () => {
  const folder = await tempFolder();
  const info = join(folder, "mountinfo");
  mkdirSync(join(folder, "data/spool"), { recursive: true });
  const lines = [
    "22 1 0:21 / / rw - overlay overlay rw",
    `23 22 8:1 / ${folder}/data rw shared:1 master:2 - ext4 /dev/sda1 rw`,
    `24 23 0:22 / ${folder}/data/spool rw - ext4 /dev/sdb1 rw`,
    `25 23 0:23 / ${folder}/data/spool rw - nfs4 server:/x rw`,
  ];
  writeFileSync(info, `${lines.join("\n")}\n`);
  const kinds = ["other", "data", "data/none/yet", "data/spool/x", "data/spoolx"].map(
    (name) => mountOf(join(folder, name), info)?.kind,
  );
  expect(kinds).toEqual(["overlay", "ext4", "ext4", "nfs4", "ext4"]);
  expect(mountOf(folder, join(folder, "none"))).toBeUndefined();
});
