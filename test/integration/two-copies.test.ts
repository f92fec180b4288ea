import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../support/packed-project.ts";
import { runScript, type Scratch, scratch, storedRows } from "../support/scratch.ts";

/*
 * A project can get the package twice: two of its dependencies bring one each, or a test runner loads it
 * anew. What one copy makes the other one takes.
 */

/** Another copy of the built package in the scratch folder, and code that imports both. */
function bothCopies({ folder }: Scratch): string {
  const other = join(folder, "other");
  mkdirSync(other);
  cpSync(join(root, "package.json"), join(other, "package.json"));
  cpSync(join(root, "dist"), join(other, "dist"), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(other, "node_modules"), "junction");
  return `
    import * as a from "model-data-collector";
    import * as b from ${JSON.stringify(join(other, "dist/index.js"))};
    if (a.Collector === b.Collector) throw new Error("they are one");`;
}

async function run(body: (world: Scratch) => string): Promise<{ world: Scratch; stdout: string }> {
  const world = await scratch();
  const { code, stdout, stderr } = await runScript(bothCopies(world) + body(world), { env: world.env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return { world, stdout };
}

test("two copies share the process's own deployment, and each takes the other's contexts", async () => {
  const { world, stdout } = await run(
    () => `
    const inputs = new a.Collector({ name: "model_inputs", onError: console.error });
    const outputs = new b.Collector({ name: "model_outputs", schema: { tags: b.list("string") }, onError: console.error });
    const again = new b.Collector({ name: "model_inputs" });
    const context = inputs.collect([{ x: 1 }], a.CorrelationContext.create({ id: "one", attributes: { tenant: "t" } }));
    if (outputs.collect([{ tags: ["y"] }], context) !== context) throw new Error("another context came back");
    const theirs = b.CorrelationContext.create({ id: "two" });
    if (inputs.collect([{ x: 2 }], theirs) !== theirs) throw new Error("another context came back");
    again.collect([{ x: 3 }], theirs);
    await outputs.flush();
    console.log(JSON.stringify({ stats: inputs.stats().frames.delivered, sampled: [...theirs.sampled] }));`,
  );
  expect(JSON.parse(stdout)).toEqual({ stats: 3, sampled: [["model_inputs", true]] });
  const ids = async (collection: string): Promise<unknown[]> =>
    (await storedRows(world.destination, collection)).map((row) => row["mdc_correlation_id"]);
  expect(await ids("model_inputs")).toEqual(["one", "two", "two"]);
  expect(await ids("model_outputs")).toEqual(["one"]);
});

test("the context that one copy runs with is the other's current one", async () => {
  const { world } = await run(
    () => `
    const inputs = new b.Collector({ name: "model_inputs", onError: console.error });
    a.runWithContext(b.CorrelationContext.create({ id: "theirs" }), () => inputs.collect([{ x: 1 }]));
    a.runWithContext(a.CorrelationContext.create({ id: "ours" }), () => {
      if (b.currentContext().id !== "ours") throw new Error("it is another one");
      inputs.collect([{ x: 2 }]);
    });`,
  );
  const rows = await storedRows(world.destination, "model_inputs");
  expect(rows.map((row) => row["mdc_correlation_id"])).toEqual(["theirs", "ours"]);
});

test("a deployment that one copy opened takes the other's collectors, and whichever closes on signals closes it", async () => {
  const { world, stdout } = await run(
    ({ destination }) => `
    const deployment = await a.openDeployment({ destination: ${JSON.stringify(destination)}, onError: console.error });
    const collector = new b.Collector({ name: "model_inputs", deployment });
    b.closeOnSignals({ signals: ["SIGUSR2"] });
    process.on("SIGUSR2", () => {});
    collector.collect([{ x: 1 }]);
    process.kill(process.pid, "SIGUSR2");
    while (deployment.status().status !== "closed") await new Promise((resolve) => setTimeout(resolve, 5));
    console.log((await deployment.close()).delivered, deployment.stats().frames.offered);`,
  );
  expect(stdout).toBe("1 1\n");
  expect(await storedRows(world.destination, "model_inputs")).toHaveLength(1);
});

test("what only says that it is of another copy is refused as anything else is", async () => {
  const { stdout } = await run(
    () => `
    const codes = [];
    const inputs = new a.Collector({ name: "model_inputs", onError: (error) => codes.push(error.code) });
    const key = Symbol.for("model-data-collector.context");
    const forged = [{ [key]: true }, { [key]: true, id: "x", requestTime: new Date(NaN) }, new Proxy({}, { has() { throw 1; } })];
    for (const context of forged) if (inputs.collect([{ x: 1 }], context) === context) throw new Error("it was taken");
    await inputs.flush();
    console.log(codes.join(), inputs.stats().frames.delivered);`,
  );
  expect(stdout).toBe("INVALID_CONTEXT 3\n");
});
