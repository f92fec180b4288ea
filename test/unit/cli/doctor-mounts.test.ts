import { join } from "node:path";
import { expect, test } from "vitest";
import { checkMounts } from "../../../src/cli/commands/doctor/check-mounts.ts";
import { readEnvironment } from "../../../src/config/environment.ts";
import { resolveDeployment } from "../../../src/config/resolve.ts";
import { tempFolder } from "../../support/temp-folder.ts";

test.each([
  ["ext4", /^ok: the spool, .*spool, is on ext4, mounted at \/$/, /^ok: the destination, /],
  ["tmpfs", /^hint: .* in memory, which a restart empties$/, /^hint: .* in memory/],
  [
    "overlay",
    /^hint: .* the container's own layer, which goes with it; mount a volume/,
    /^hint: .* own layer/,
  ],
  ["nfs4", /^hint: .* over a network, .* choose a local disk$/, /^ok: the destination, .* is on nfs4/],
  ["fuse.s3fs", /^hint: .* over a network/, /^ok: /],
])("mdc doctor says what it means that something is on %s", async (kind, spool, destination) => {
  const folder = await tempFolder();
  const options = { destination: join(folder, "data"), spool: { directory: join(folder, "spool") } };
  const resolved = resolveDeployment(options, readEnvironment({ HOME: folder }));
  const findings = checkMounts(resolved, () => ({ point: "/", kind }));
  expect(findings.map(({ check }) => check)).toEqual(["mount", "mount"]);
  const [ofSpool, ofDestination] = findings.map(({ state, text }) => `${state}: ${text}`);
  expect(ofSpool).toMatch(spool);
  expect(ofDestination).toMatch(destination);
  expect(checkMounts(resolved, () => undefined)).toEqual([]);
});
