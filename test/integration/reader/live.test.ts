import { spawn } from "node:child_process";
import { CorrelationContext, openDeployment } from "model-data-collector";
import { expect, onTestFinished, test } from "vitest";
import { scratch, until } from "../../support/scratch.ts";

test("tail -f shows each row once: from the spool within moments, and not again when it is delivered", async () => {
  const { options, destination, spool } = await scratch();
  const place = { endpoint: "flights", deployment: "blue" };
  await using deployment = await openDeployment(options(place));
  const inputs = deployment.collector("model_inputs");
  inputs.collect([{ n: -1 }]);
  await deployment.flush({ to: "spool" });

  const env = { ...process.env, MDC_SPOOL_DIR: spool, NODE_OPTIONS: "" };
  const args = ["dist/cli/main.js", "tail", "model_inputs", "-f", "--json", "--root", destination];
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  const rows = (): { n: number; delivered: boolean }[] =>
    out
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  await until(() => rows().length === 1);

  for (let n = 0; n < 20; n++) {
    inputs.collect([{ n }], CorrelationContext.create({ id: `order-${n}` }));
    // Half of them become files at once: seen in the spool, in the file, or in both.
    await deployment.flush({ to: n % 2 === 0 ? "spool" : "store" });
  }
  await until(() => rows().length >= 21);
  await deployment.flush();
  inputs.collect([{ n: 20 }]);
  await deployment.flush();
  await until(() => rows().some(({ n }) => n === 20));
  const seen = rows().map(({ n }) => n);
  expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 22 }, (_, i) => i - 1));
  // Whichever was in a file by the time of the first look.
  expect(rows().some(({ delivered }) => !delivered)).toBe(true);
});
