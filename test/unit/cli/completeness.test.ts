import { openDeployment } from "model-data-collector";
import { expect, test, vi } from "vitest";
import { tempFolder } from "../../support/temp-folder.ts";
import { runOn } from "./run.ts";

test("where the line is short, what is missing comes first, and what is 0 last", async () => {
  const warning = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  const root = await tempFolder();
  const spool = { directory: await tempFolder() };
  const options = { destination: root, endpoint: "flights", deployment: "blue", spool };
  const deployment = await openDeployment(options);
  for (const name of ["model_inputs", "model_outputs"]) {
    const collector = deployment.collector(name);
    for (let n = 0; n < 1_200; n++) collector.collect([{ n }]);
  }
  deployment.collector("model_inputs").collect(5 as never);
  await deployment.close();
  expect(warning).toHaveBeenCalledOnce();
  warning.mockRestore();
  const table = async (columns: number) => {
    const { out } = await runOn({ columns }, "completeness", "--root", root);
    return out.replace(/\u001b\[\d+m/g, "").split("\n");
  };
  const [titles = "", inputs = "", outputs = "", more = ""] = await table(60);
  expect(titles).toMatch(/^hour \(UTC\) +collection +verdict +dropped +stored$/);
  expect(inputs).toMatch(/model_inputs +short +1 +1,200$/);
  expect(outputs).toMatch(/model_outputs +complete +0 +1,200$/);
  expect(more).toMatch(/^… and 5 more: offered, endpoint\/deployment, left out, pend/);
  expect((await table(60)).every((line) => line.length <= 60 || line.includes("dropped ("))).toBe(true);
  const [all = ""] = await table(200);
  expect(all).toMatch(
    /collection +verdict +offered +stored +dropped +left out +pending +unaccounted +endpoint/,
  );
});
