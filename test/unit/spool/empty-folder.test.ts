import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "../../../src/base/time/clock.ts";
import { systemFileSystem } from "../../../src/base/files/file-system.ts";
import { systemIds } from "../../../src/base/ids.ts";
import { createSocketLiveness } from "../../../src/spool/instance/socket-liveness.ts";
import { tempFolder } from "../../support/temp-folder.ts";

test("an empty folder is what a removal left, and nobody waits for its owner; one of an unknown owner is waited for", async () => {
  const folder = await tempFolder();
  const [empty, unknown] = [join(folder, "empty"), join(folder, "unknown")];
  mkdirSync(empty);
  mkdirSync(unknown);
  writeFileSync(join(unknown, "a.seg"), "");
  const liveness = createSocketLiveness({ fileSystem: systemFileSystem, clock: systemClock, ids: systemIds });
  expect(await liveness.isAlive(empty)).toBe(false);
  expect(await liveness.isAlive(unknown)).toBe(true);
});
