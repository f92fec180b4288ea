import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hasLeavings } from "../../../src/spool/instance/leavings.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const instance = "a".repeat(32);
const other = "b".repeat(32);

test.each([
  ["no folder", [], false],
  ["nothing", ["mc1"], false],
  ["this process's own", [`mc1/${instance}`], false],
  ["what is just being made", [`mc1/.new-${other}-00000000`], false],
  ["a quarantine where nothing is", ["mc1/quarantine"], false],
  ["another process's", [`mc1/${instance}`, `mc1/${other}`], true],
  ["what another one took over", [`mc1/${other}.by-${"c".repeat(32)}`], true],
  ["what this one took over", [`mc1/${other}.by-${instance}`], true],
  ["something in quarantine", ["mc1/quarantine/x"], true],
] as const)("a spool's folder with %s", async (_, folders, expected) => {
  const directory = await tempFolder();
  for (const folder of folders) mkdirSync(join(directory, folder), { recursive: true });
  expect(hasLeavings({ directory, instance })).toBe(expected);
});

test("what cannot be looked at is taken for something", async () => {
  const directory = await tempFolder();
  writeFileSync(join(directory, "mc1"), "");
  expect(hasLeavings({ directory, instance })).toBe(true);
});
