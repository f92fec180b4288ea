import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runNpm } from "../support/child.ts";
import { manifest, root } from "../support/packed-project.ts";

test("the package depends on exactly four packages, and on optional peers for those who have them", async () => {
  const { dependencies, peerDependencies, peerDependenciesMeta, optionalDependencies } = await manifest();
  expect(Object.keys(dependencies)).toEqual([
    "@azure/core-rest-pipeline",
    "@azure/storage-blob",
    "hyparquet",
    "string-width",
  ]);
  const optional = Object.entries(peerDependenciesMeta).filter(([, meta]) => meta.optional);
  expect(optional.map(([name]) => name)).toEqual(Object.keys(peerDependencies));
  expect(Object.keys(peerDependencies)).toEqual([
    "@aws-sdk/client-s3",
    "@azure/identity",
    "@duckdb/node-api",
    "@opentelemetry/api",
    "apache-arrow",
  ]);
  expect(optionalDependencies).toBeUndefined();
});

test("every version is pinned, and installed as pinned", async () => {
  const { dependencies, devDependencies } = await manifest();
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
    expect(version, name).toMatch(/^(npm:[\w-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/);
    const installed = JSON.parse(
      await readFile(join(root, "node_modules", name, "package.json"), "utf8"),
    ) as { version: string };
    expect(installed.version, name).toBe(version.replace(/^npm:.+@/, ""));
  }
});

test("the lock file names no registry, so that every user's own is used", async () => {
  expect(await readFile(join(root, "package-lock.json"), "utf8")).not.toMatch(/"resolved": "https?:/);
});

test("installing the package runs no script on the user's machine", async () => {
  const { scripts } = await manifest();
  expect(Object.keys(scripts)).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/^(pre|post)?install$|^(pre|post)?prepare$/)]),
  );
});

test("an older Node is told at run time, not refused at installation", async () => {
  const { engines, type } = await manifest();
  expect(engines).toEqual({ node: ">=22.15" });
  expect(type).toBe("module");
  expect(existsSync(join(root, ".npmrc")) ? await readFile(join(root, ".npmrc"), "utf8") : "").not.toContain(
    "engine-strict",
  );
});

test("the manifest says what the package is and whose, and names no place that is not there", async () => {
  const { description, keywords, license, author, repository, bugs, homepage } = await manifest();
  expect(description.length).toBeGreaterThan(40);
  expect(new Set(keywords).size).toBe(keywords.length);
  expect(await readFile(join(root, "LICENSE"), "utf8")).toMatch(`${license} License`);
  expect(await readFile(join(root, "LICENSE"), "utf8")).toContain(author);
  expect([repository, bugs, homepage]).toEqual([undefined, undefined, undefined]);
});

test("every front door and the executable are there once built", async () => {
  const { exports, bin } = await manifest();
  expect(Object.keys(exports)).toEqual([
    ".",
    "./http",
    "./monitor",
    "./reader",
    "./register",
    "./testing",
    "./worker",
    "./schema/deployment.schema.json",
    "./schema/mdc.schema.json",
    "./package.json",
  ]);
  const targets = targetsOf(exports);
  expect(targets.length).toBeGreaterThan(15);
  for (const target of [...targets, ...Object.values(bin)])
    expect(existsSync(join(root, target)), target).toBe(true);
});

test("no known vulnerability is in what users install", async (context) => {
  const { code, stdout } = await runNpm(["audit", "--omit=dev", "--json"], { cwd: root, timeoutMs: 60_000 });
  const report = JSON.parse(stdout || "{}") as {
    vulnerabilities?: Record<string, unknown>;
    message?: string;
  };
  // Offline, or a mirror without this service.
  context.skip(report.vulnerabilities === undefined, `the registry gave no answer: ${report.message}`);
  expect(report.vulnerabilities).toEqual({});
  expect(code).toBe(0);
});

/** The files that exports lead to, under whatever conditions. */
function targetsOf(exports: unknown): string[] {
  if (typeof exports === "string") return [exports];
  return Object.values(exports as Record<string, unknown>).flatMap(targetsOf);
}
