import { expect, test } from "vitest";
import { parseDestination } from "../../../src/destination/parse-destination.ts";
import { objectReference } from "../../../src/destination/object-url.ts";

const path = "e/d/c/2026/03/05/18/0f000000-000000.json";

test.each([
  ["/data", "0f000000-000000.json"],
  ["https://acc.blob.core.windows.net/logs", `https://acc.blob.core.windows.net/logs/${path}`],
  [
    "https://acc.blob.core.windows.net/logs/a%20b/c?sv=1&sig=secret",
    `https://acc.blob.core.windows.net/logs/a%20b/c/${path}`,
  ],
  ["http://127.0.0.1:10000/acc/logs", `http://127.0.0.1:10000/acc/logs/${path}`],
  [
    "azureml://subscriptions/00000000-0000-4000-8000-000000000000/resourcegroups/g/workspaces/ws/datastores/ds/paths/a",
    `azureml://subscriptions/00000000-0000-4000-8000-000000000000/resourcegroups/g/workspaces/ws/datastores/ds/paths/a/${path}`,
  ],
])("a file below %s refers to the object beside it as %s, without a secret", (destination, reference) => {
  expect(objectReference(parseDestination(destination, "destination").destination, path)).toBe(reference);
});
