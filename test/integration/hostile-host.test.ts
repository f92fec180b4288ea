import { expect, test } from "vitest";
import { runScript, scratch, storedRows } from "../support/scratch.ts";

/** What a host or a caller does, and how many of its six frames it costs. */
const cases: readonly [string, string, string, number][] = [
  [
    "a toJSON on arrays, as Prototype.js 1.6 has it",
    "Array.prototype.toJSON = function () { return this.join(); };",
    "",
    0,
  ],
  [
    "a toJSON on all built-ins",
    "for (const one of [Object, String, Number, Date, BigInt, Map]) one.prototype.toJSON = () => 1;",
    "",
    0,
  ],
  ["a clock with fractions", "const now = Date.now; Date.now = () => now() + 0.25;", "", 0],
  ["a clock that gives nothing", "Date.now = () => undefined;", "", 0],
  ["a clock before 1970", "Date.now = () => -1e12;", "", 0],
  ["a context whose time was changed", "", "context.requestTimeMs = 1.7e18;", 1],
];

test.each(cases)(
  "%s: the frame is stored or one counted drop, the others are delivered, and the process lives",
  async (_, host, caller, lost) => {
    const { env, destination } = await scratch();
    const { code, stdout, stderr } = await runScript(
      `
    ${host}
    const { CorrelationContext, openDeployment } = await import("model-data-collector");
    const deployment = await openDeployment({ spool: { minFreeBytes: 0 }, onError() {} });
    const inputs = deployment.collector("inputs");
    const context = CorrelationContext.create({ id: "a" });
    ${caller}
    inputs.collect([{ i: 0 }], context);
    for (let i = 1; i < 6; i++) {
      inputs.collect([{ i }]);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    await deployment.flush({ deadlineMs: 20_000 });
    const { offered, delivered, dropped } = deployment.stats().frames;
    // Not as JSON, which the host may have changed.
    console.log([offered, delivered, dropped.invalid ?? 0].join());
    await deployment.close();`,
      { env },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.trim()).toBe([6, 6 - lost, lost].join());
    const rows = await storedRows(destination, "inputs", { i: "float64" });
    expect(rows.map(({ i }) => Number(i)).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5].slice(lost));
  },
);
