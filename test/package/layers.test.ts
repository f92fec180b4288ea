import { copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { runNode } from "../support/child.ts";
import { manifest, root } from "../support/packed-project.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** A file's imports, and the rules that must object to them. */
interface Planted {
  readonly imports: string;
  readonly broken: readonly string[];
}

const allowed = (imports: string): Planted => ({ imports, broken: [] });
const offence = (imports: string, ...broken: string[]): Planted => ({ imports, broken });

/** One import from every layer, so that planting `<layer>/x.ts` can point anywhere. */
const layers = [
  "base",
  "layout",
  "destination",
  "config",
  "frame",
  "profile",
  "spool",
  "store",
  "agent",
  "codec",
  "delta",
  "pipeline",
  "collector",
  "http",
  "sidecar",
].concat(["operator", "reader", "upkeep", "monitor", "cli"]);

/** The same for the folders inside a layer that have a wall between them. */
const inside = ["pipeline/batching", "pipeline/delivery", "frame/conform", "frame/wire"].concat(
  ["codec/azureml", "codec/jsonl", "codec/parquet"],
  ["collector/background", "collector/report"],
);

/** Files of other layers that `pipeline` may import. */
const ports = ["spool/spool.ts", "spool/spool-writer.ts", "spool/sealed-segments.ts"].concat(
  ["store/store.ts", "agent/sender.ts"],
  ["codec/encoder.ts", "delta/table-logs.ts"],
);

const planted: Readonly<Record<string, Planted>> = {
  "src/index.ts": offence(
    'export * from "./collector/y.ts"; export { y } from "./reader/y.ts";',
    "door-index",
  ),
  "src/reader.ts": offence('export * from "./collector/y.ts";', "door-reader"),
  "src/testing.ts": offence('export * from "./reader/y.ts";', "door-testing"),
  "src/monitor.ts": offence('export * from "./reader/y.ts";', "door-monitor"),
  "src/http.ts": offence('export * from "./collector/y.ts";', "door-http"),
  "src/register.ts": offence('import "./collector/y.ts";', "door-register"),
  "src/other/y.ts": offence('import "node:path";', "no-unknown-layer"),

  "src/base/layer.ts": offence('import "../config/y.ts";', "layer-base"),
  "src/layout/layer.ts": offence('import "../frame/y.ts";', "layer-layout"),
  "src/destination/layer.ts": offence('import "../layout/y.ts";', "layer-destination"),
  "src/config/layer.ts": offence('import "../frame/y.ts";', "layer-config"),
  "src/frame/layer.ts": offence('import "../config/y.ts";', "layer-frame"),
  "src/profile/layer.ts": offence('import "../monitor/y.ts";', "layer-profile"),
  "src/spool/layer.ts": offence('import "../frame/y.ts";', "layer-spool"),
  "src/store/layer.ts": offence('import "../spool/y.ts";', "layer-store"),
  "src/agent/layer.ts": offence('import "../store/y.ts";', "layer-agent"),
  "src/codec/layer.ts": offence('import "../store/y.ts";', "layer-codec"),
  "src/delta/layer.ts": offence('import "../pipeline/y.ts";', "layer-delta"),
  "src/pipeline/layer.ts": offence('import "../spool/y.ts";', "layer-pipeline"),
  "src/collector/layer.ts": offence('import "../reader/y.ts";', "layer-collector"),
  "src/operator/layer.ts": offence('import "../reader/y.ts";', "layer-operator"),
  "src/collector/tools.ts": offence('import "../operator/y.ts";', "layer-collector"),
  "src/http/layer.ts": offence('import "../store/y.ts";', "layer-http"),
  "src/sidecar/layer.ts": offence('import "../reader/y.ts";', "layer-sidecar"),
  "src/reader/layer.ts": offence('import "../collector/y.ts";', "layer-reader"),
  "src/upkeep/layer.ts": offence('import "../pipeline/y.ts";', "layer-upkeep"),
  "src/monitor/layer.ts": offence('import "../reader/y.ts";', "layer-monitor"),
  "src/cli/layer.ts": offence('import "../pipeline/y.ts";', "layer-cli"),
  "src/config/typed.ts": offence(
    'import type { y } from "../frame/y.ts"; export type T = typeof y;',
    "layer-config",
  ),
  "src/pipeline/ports.ts": allowed(
    `${ports.map((port) => `import "../${port}";`).join(" ")} import "../frame/y.ts";`,
  ),

  "src/pipeline/batching/wall.ts": offence('import "../delivery/y.ts";', "wall-pipeline-batching"),
  "src/pipeline/delivery/wall.ts": offence('import "../batching/y.ts";', "wall-pipeline-delivery"),
  "src/frame/from/wall.ts": offence('import "../wire/y.ts";', "wall-frame-from"),
  "src/frame/wire/wall.ts": offence('import "../conform/y.ts";', "wall-frame-wire"),
  "src/codec/parquet/wall.ts": offence('import "../jsonl/y.ts";', "wall-codec-parquet"),
  "src/codec/azureml/wall.ts": offence('import "../parquet/y.ts";', "wall-codec-azureml"),
  "src/codec/jsonl/wall.ts": offence('import "../parquet/y.ts";', "wall-codec-jsonl"),
  "src/collector/context/wall.ts": offence('import "../report/y.ts";', "wall-collector-context"),
  "src/collector/process/wall.ts": offence('import "../background/y.ts";', "wall-collector-process"),

  "src/frame/cycle-a.ts": offence('import "./cycle-b.ts";', "no-circular"),
  "src/frame/cycle-b.ts": allowed('import type { y } from "./cycle-a.ts"; export type T = typeof y;'),
  "src/cli/door.ts": offence('import "../index.ts";', "layer-cli", "no-front-door-inside"),
  "src/base/outside.ts": offence('import "../../test/y.ts";', "no-outside"),
  "src/base/dev.ts": offence('import "fast-check";', "no-dev-dependency"),
  "src/base/gone.ts": offence('import "./no-such-file.ts";', "no-unresolvable"),
  "src/base/undeclared.ts": offence('import "ms";', "no-undeclared"),

  "src/base/disk.ts": allowed('import "node:fs"; import "node:fs/promises";'),
  "src/spool/disk.ts": offence('import "node:fs";', "only-fs"),
  "src/store/disk.ts": offence('import "fs/promises";', "only-fs"),
  "src/store/azure/azure-x.ts": allowed(
    'await import("@azure/storage-blob"); import type {} from "@azure/identity";',
  ),
  "src/store/azure/azure-eager.ts": offence('import "@azure/storage-blob";', "lazy"),
  "src/store/s3/s3-x.ts": allowed('await import("@aws-sdk/client-s3");'),
  "src/store/s3/s3-eager.ts": offence('import "@aws-sdk/client-s3";', "lazy"),
  "src/store/other-vendor.ts": offence('await import("@aws-sdk/client-s3");', "only-aws"),
  "src/store/vendor.ts": offence('await import("@azure/storage-blob");', "only-azure"),
  "src/collector/peer.ts": allowed('await import("@opentelemetry/api");'),
  "src/codec/parquet.ts": allowed('import "hyparquet";'),
  "src/reader/parquet.ts": offence('import "hyparquet";', "only-hyparquet"),
  "src/cli/query.ts": offence('await import("@duckdb/node-api");', "only-duckdb"),
  "src/cli/columns.ts": offence('await import("apache-arrow");', "only-arrow"),
  "src/reader/columns.ts": offence('import "apache-arrow";', "lazy"),
  "src/collector/background/thread.ts": allowed('import "node:worker_threads";'),
  "src/upkeep/compacting/thread.ts": allowed('import "node:worker_threads";'),
  "src/collector/context/ambient.ts": allowed('import "node:async_hooks";'),
  "src/collector/thread.ts": offence('import "node:worker_threads";', "only-threads"),
  "src/collector/context.ts": offence('import "node:async_hooks";', "only-async-context"),
  "src/store/timer.ts": offence('import "node:timers/promises";', "only-timers"),
  "src/store/socket.ts": offence('import "node:https";', "only-sockets"),
  "src/collector/framework.ts": offence('import "fastify";', "only-framework", "no-dev-dependency"),
  "src/reader/terminal.ts": offence('import "node:readline";', "only-terminal"),
  "src/cli/child.ts": offence('import "node:child_process";', "no-child-process"),
  "src/profile/pure.ts": offence('import "node:path";', "monitor-is-pure"),
  "src/cli/ui/page/browser.ts": offence('import "../../y.ts";', "page-runs-in-a-browser"),
  "src/cli/ui/page/answers.ts": allowed('import "../answers.ts";'),
  "src/cli/ui/answers.ts": allowed(""),
  "src/cli/ui/serving/apart.ts": offence('import "../page/browser.ts";', "page-stands-alone"),
  "src/cli/ui/serving/server.ts": allowed('import "node:http";'),
  "src/monitor/pure.ts": offence('import "node:path";', "monitor-is-pure"),
};

test("every rule about who may import whom objects to what it forbids, and to nothing else", async () => {
  const folder = await tempFolder();
  await plant(folder);
  const { stdout, stderr } = await runNode(
    [
      join(root, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs"),
      "src",
      "--config",
      join(folder, ".dependency-cruiser.mjs"),
      "--output-type",
      "json",
    ],
    { cwd: folder },
  );
  expect(stderr).toBe("");
  const { summary } = JSON.parse(stdout) as {
    summary: { violations: { from: string; rule: { name: string } }[] };
  };
  const found = summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`);
  const expected = Object.entries(planted).flatMap(([file, { broken }]) =>
    broken.map((rule) => `${file}: ${rule}`),
  );
  expect([...new Set(found)].sort()).toEqual(expected.sort());
});

test("every rule has an offence planted above", async () => {
  const { default: config } = (await import(join(root, ".dependency-cruiser.mjs"))) as {
    default: { forbidden: { name: string }[] };
  };
  const rules = config.forbidden.map((rule) => rule.name);
  const broken = new Set(Object.values(planted).flatMap((file) => file.broken));
  expect(rules.filter((name) => !broken.has(name))).toEqual([]);
});

async function plant(folder: string): Promise<void> {
  const { dependencies, devDependencies, peerDependencies } = await manifest();
  const files: Record<string, string> = {
    "package.json": JSON.stringify({
      name: "planted",
      type: "module",
      dependencies,
      devDependencies,
      peerDependencies,
    }),
    "tsconfig.json": JSON.stringify({
      compilerOptions: { module: "nodenext", allowImportingTsExtensions: true },
    }),
    "test/y.ts": "export const y = 1;",
  };
  for (const port of ports) files[`src/${port}`] = "export const y = 1;";
  for (const folder of inside) files[`src/${folder}/y.ts`] = "export const y = 1;";
  for (const layer of layers) files[`src/${layer}/y.ts`] = "export const y = 1;";
  for (const [file, { imports }] of Object.entries(planted))
    files[file] = `${imports}\nexport const y = 1;\n`;
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
  await symlink(join(root, "node_modules"), join(folder, "node_modules"), "junction");
  await copyFile(join(root, ".dependency-cruiser.mjs"), join(folder, ".dependency-cruiser.mjs"));
}
