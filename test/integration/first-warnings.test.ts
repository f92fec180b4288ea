import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runNode } from "../support/child.ts";
import { root } from "../support/packed-project.ts";
import { tempFolder } from "../support/temp-folder.ts";

/** What is said on stderr by a program that collects two frames, with this environment. */
async function warnings(
  env: NodeJS.ProcessEnv,
): Promise<{ readonly folder: string; readonly lines: string[] }> {
  const folder = await tempFolder();
  const script = join(folder, "score.mjs");
  await writeFile(
    script,
    `import { Collector, openDeployment } from ${JSON.stringify(join(root, "dist/index.js"))};
     const context = new Collector({ name: "model_inputs" }).collect([{ a: 1 }]);
     new Collector({ name: "model_outputs" }).collect([{ b: 1 }], context);
     const other = await openDeployment({ destination: "./other" });
     await other.close();`,
  );
  const { code, stderr } = await runNode([script], {
    cwd: folder,
    env: { MDC_DESTINATION: undefined, MDC_CONFIG: undefined, XDG_STATE_HOME: join(folder, "state"), ...env },
  });
  expect(code).toBe(0);
  const lines = stderr.split("\n").filter((line) => line.includes("ModelDataCollectorWarning"));
  return { folder, lines };
}

test("a mistyped variable is warned of once in a process, however many deployments there are", async () => {
  const { lines } = await warnings({ MDC_SAMPLE_RATE: "0" });
  expect(lines).toEqual([
    expect.stringContaining("MDC_SAMPLE_RATE is not read; did you mean MDC_SAMPLING_RATE?"),
  ]);
});

test("a connection string without a destination is warned of, with the folder that data goes to", async () => {
  const { folder, lines } = await warnings({ AZURE_STORAGE_CONNECTION_STRING: "UseDevelopmentStorage=true" });
  expect(lines).toEqual([expect.stringContaining(`data goes to the folder ${join(folder, "collected")}`)]);
  const named = await warnings({
    AZURE_STORAGE_CONNECTION_STRING: "UseDevelopmentStorage=true",
    MDC_DESTINATION: "./collected",
  });
  expect(named.lines).toEqual([]);
});
