import { nodePayloadLogging } from "model-data-collector/http";
import { createTestDeployment } from "model-data-collector/testing";
import { expect, test } from "vitest";
import { aborted, failed, timedOut, unread } from "../../support/exchanges/broken-cases.ts";
import { complete, refused } from "../../support/exchanges/complete-cases.ts";
import { type Doors, run } from "../../support/exchanges/run-case.ts";

const doors: Doors = { createTestDeployment, nodePayloadLogging };

test.each([...complete, ...refused, ...aborted, ...timedOut, ...failed])("$name", async (one) => {
  const { requests = one.responses.map(() => ({})), responses } = one;
  expect(await run(doors, one)).toEqual({ requests, responses });
});

test("of an answer that its client left, no more is counted than what left this process", async () => {
  const { took, told, of } = await unread(doors);
  expect(told).toBeGreaterThanOrEqual(took);
  expect(told).toBeLessThan(of);
});
