import { cp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Azurite, startAzurite } from "../support/azurite.ts";
import { bundles, packageOf } from "../support/bundles.ts";
import { type ChildResult, runNode } from "../support/child.ts";
import { createProject, pack } from "../support/packed-project.ts";
import { scratch, storedRows } from "../support/scratch.ts";
import { disposableFolder } from "../support/temp-folder.ts";

/*
 * The packed package, bundled as docs/bundlers.md prints it, by the real bundlers; the bundle runs in a
 * folder of its own, with no `node_modules` and none of the optional peers.
 */

let project: Awaited<ReturnType<typeof disposableFolder>>;
let azurite: Azurite;

const program = `
  import { openDeployment } from "model-data-collector";
  async function main() {
    const heard = [];
    const deployment = await openDeployment({ onError: ({ message }) => heard.push(message) });
    const inputs = deployment.collector("model_inputs");
    for (let a = 0; a < 50; a++) inputs.collect([{ a }]);
    await deployment.flush({ deadlineMs: 30_000 });
    const { endpoint } = deployment.config;
    await deployment.close();
    console.log(JSON.stringify({ heard, endpoint, frames: deployment.stats().frames }));
  }
  main();`;

beforeAll(async () => {
  project = await disposableFolder();
  await createProject(project.path, await pack(project.path));
  await writeFile(join(project.path, "server.js"), program);
  azurite = await startAzurite();
});

afterAll(async () => {
  await azurite?.stop();
  await project?.[Symbol.asyncDispose]();
});

/** What the bundle says when it runs by itself. */
async function runBundle(
  main: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ChildResult> {
  await using deployed = await disposableFolder();
  await cp(join(project.path, "dist"), deployed.path, { recursive: true });
  await writeFile(join(deployed.path, "package.json"), await packageOf(deployed.path, main));
  await writeFile(
    join(deployed.path, "blue.yml"),
    "endpoint_name: flights\nname: blue\ndata_collector: { collections: { model_inputs: { enabled: true } } }\n",
  );
  return await runNode([main], { cwd: deployed.path, env });
}

/** Those that need nothing of the registry; `npm run test:runtimes` has all of them. */
const here = Object.entries(bundles).filter(([, { packages }]) => packages === undefined);

test.each(here)("%s", async (name, { build, main, thread }) => {
  await rm(join(project.path, "dist"), { recursive: true, force: true });
  await build(project.path);
  const { env, destination } = await scratch();
  const expected = {
    heard: thread ? [] : [expect.stringContaining("the background thread cannot be started")],
    frames: { offered: 50, delivered: 50 },
  };

  const stored = await runBundle(main, { ...env, MDC_CONFIG: "blue.yml" });
  expect(stored).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(stored.stdout)).toMatchObject({ ...expected, endpoint: "flights" });
  expect(await storedRows(destination, "model_inputs", { a: "float64" })).toHaveLength(50);

  const container = name.toLowerCase().replace(/[^a-z]+/g, "-");
  await azurite.container(container);
  const uploaded = await runBundle(main, {
    ...env,
    MDC_DESTINATION: `${azurite.url}/${container}`,
    AZURE_STORAGE_CONNECTION_STRING: azurite.connectionString,
  });
  expect(uploaded).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(uploaded.stdout)).toMatchObject(expected);
});
