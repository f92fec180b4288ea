import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runChild } from "../support/child.ts";
import { scratch } from "../support/scratch.ts";

/** Whether this user may have mounts of his own, which nobody else sees. */
const canMount = process.platform === "linux" && spawnSync("unshare", ["-rm", "true"]).status === 0;

const script = `
  import { renameSync, writeFileSync } from "node:fs";
  import { setTimeout as sleep } from "node:timers/promises";
  import { openDeployment } from "model-data-collector";
  const [configFile, source] = process.argv.slice(1);
  const open = () => openDeployment({ configFile, spool: { durability: "memory" } });
  const [deployment, second] = [await open(), await open()];
  // As Kubernetes and editors do it: another file takes the place.
  writeFileSync(source + ".new", "data_collector: { sampling_rate: 0.5 }");
  renameSync(source + ".new", source);
  await sleep(2_000);
  const { status, reasons } = deployment.status();
  console.log(JSON.stringify({ status, reasons, rate: deployment.config.samplingRate }));
  await deployment.close();
  await second.close();
`;

test.skipIf(!canMount).each([
  ["the file alone", "blue.yml", { status: "ok", rate: 1 }],
  ["its folder", ".", { status: "ok", rate: 0.5 }],
])("a configuration file of which %s is mounted", async (_, mounted, expected) => {
  const { folder, env } = await scratch();
  const [source, target] = [join(folder, "source"), join(folder, "target")];
  for (const each of [source, target]) {
    mkdirSync(each);
    writeFileSync(join(each, "blue.yml"), "data_collector: { sampling_rate: 1 }");
  }
  const configFile = join(target, "blue.yml");
  const shell = 'mount --bind "$1" "$2" && exec "$3" --input-type=module --eval "$4" "$5" "$6"';
  const { code, stdout, stderr } = await runChild(
    "unshare",
    [
      ...["-rm", "sh", "-c", shell, "sh", join(source, mounted), join(target, mounted)],
      ...[process.execPath, script, configFile, join(source, "blue.yml")],
    ],
    { cwd: join(import.meta.dirname, "../.."), env, timeoutMs: 60_000 },
  );
  expect(code, stderr).toBe(0);
  const isAlone = mounted !== ".";
  const hint = `${configFile} is mounted by itself (a subPath, or a bind mount of the file): changes that put another file in its place are not seen; mount its folder`;
  expect(JSON.parse(stdout)).toEqual({ ...expected, reasons: isAlone ? [hint] : [] });
  expect(stderr.match(/is mounted by itself/g) ?? []).toHaveLength(isAlone ? 1 : 0);
});
