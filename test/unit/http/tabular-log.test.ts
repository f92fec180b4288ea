import { expect, test } from "vitest";
import { CorrelationContext } from "../../../src/collector/context/correlation-context.ts";
import { createTestDeployment } from "../../../src/collector/testing/test-deployment.ts";
import { TabularLog } from "../../../src/http/tabular-log.ts";
import type { ModelBody } from "../../../src/http/tabular/model-body.ts";

function body(content: string): ModelBody {
  const facts = { truncated: false, isAside: false, encoding: null, inferenceHeader: undefined };
  return { side: "inputs", content, ...facts };
}

test("bodies wait for their turn, and who asks for frames has them read before", async () => {
  const deployment = createTestDeployment();
  const log = new TabularLog(deployment);
  const done: string[] = [];
  for (const id of ["a", "b"]) {
    const context = CorrelationContext.create({ id });
    log.read(context, [body(`[{"x":"${id}"}]`)], {}, () => void done.push(id));
  }
  expect(done).toEqual([]);
  expect(deployment.stats().frames.offered).toBe(0);
  expect((await deployment.frames("model_inputs")).map(({ rows }) => rows)).toEqual([
    [{ x: "a" }],
    [{ x: "b" }],
  ]);
  expect(done).toEqual(["a", "b"]);
  await deployment.close();
});

test("bodies beyond what may wait are dropped, which the ledger counts", async () => {
  const deployment = createTestDeployment({ onError: () => {} });
  const log = new TabularLog(deployment);
  let done = 0;
  const long = body(`[{"x":"${"y".repeat(3 << 20)}"}]`);
  for (let i = 0; i < 16; i++) log.read(CorrelationContext.create(), [long], {}, () => void done++);
  expect(done).toBe(6);
  await deployment.close();
  expect(done).toBe(16);
  const { offered, dropped } = deployment.stats().frames;
  expect({ offered, dropped }).toEqual({ offered: 16, dropped: { memory: 6 } });
});
