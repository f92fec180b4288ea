import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readEnvironment } from "../../../src/config/environment.ts";
import { resolveDeployment, type ResolvedDeployment } from "../../../src/config/resolve.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { thrown } from "./thrown.ts";

const blue = `endpoint_name: flights
name: blue
data_collector:
  sampling_rate: 0.5
  collections:
    model_inputs: { enabled: 'True' }
    model_outputs: { enabled: 'True' }
`;

/** A folder with these files, and what a deployment resolves to that is configured by one of them. */
async function folderOf(files: Readonly<Record<string, string>>) {
  const folder = await tempFolder();
  const write = (name: string, content: string): void => writeFileSync(join(folder, name), content);
  for (const [name, content] of Object.entries(files)) write(name, content);
  const open = (name?: string, env: NodeJS.ProcessEnv = {}): ResolvedDeployment =>
    resolveDeployment(name === undefined ? {} : { configFile: join(folder, name) }, readEnvironment(env));
  return { folder, write, open };
}

it.each(["blue.mdc.yml", "blue.mdc.yaml"])(
  "%s beside blue.yml says what Azure's tools do not know",
  async (ours) => {
    const { folder, open } = await folderOf({
      "blue.yml": blue,
      [ours]: `destination: ./mine
collections: { Model_Outputs: { sampling_rate: 1 } }
spool: { max_bytes: 1048576 }
rotation: { maxAgeMs: 10000 }
`,
    });
    const { config } = open("blue.yml");
    expect(config).toMatchObject({
      endpoint: "flights",
      deployment: "blue",
      samplingRate: 0.5,
      destination: { kind: "folder", path: join(folder, "mine") },
      spool: { maxBytes: 1_048_576 },
      rotation: { maxAgeMs: 10_000 },
      othersEnabled: false,
    });
    expect(config.collections.get("model_inputs")).toMatchObject({ enabled: true, samplingRate: 0.5 });
    expect(config.collections.get("model_outputs")).toMatchObject({ enabled: true, samplingRate: 1 });
  },
);

it("ours counts before Azure's, and before x_mdc, which is still read", async () => {
  const { open } = await folderOf({
    "blue.yml": `${blue}  x_mdc: { rotation: { max_age_ms: 1, max_bytes: 2048 } }\n`,
    "blue.mdc.yml": "sampling_rate: 0.25\nrotation: { max_age_ms: 2 }\n",
  });
  expect(open("blue.yml").config).toMatchObject({
    samplingRate: 0.25,
    rotation: { maxAgeMs: 2, maxBytes: 2_048 },
  });
});

it("an empty file of ours says nothing, and so does one that is not there", async () => {
  const { write, open } = await folderOf({ "blue.yml": blue });
  const alone = open("blue.yml").config;
  write("blue.mdc.yml", "# nothing yet\n");
  expect(open("blue.yml").config).toEqual(alone);
});

it("ours is enough where there is no Azure", async () => {
  const { open } = await folderOf({
    "flights.mdc.yml": `endpoint: flights
deployment: green
model_name: late-arrival
model_version: "3"
rolling_rate: day
sampling_rate: 0.1
collections: { model_inputs: { sampling_rate: 1 } }
`,
  });
  const { config } = open("flights.mdc.yml");
  expect(config).toMatchObject({
    ...{ endpoint: "flights", deployment: "green", modelName: "late-arrival", modelVersion: "3" },
    ...{ rollingRate: "day", samplingRate: 0.1, othersEnabled: true },
  });
});

it("ours goes with what the platform tells its own data collector", async () => {
  const { folder, open } = await folderOf({
    "ours.mdc.yml": "limits: { max_frame_rows: 7 }\n",
    "mdc.json": '{"collections":{"model_inputs":{"enabled":true,"sampleRatePercentage":50}}}',
  });
  const { config } = open("ours.mdc.yml", { AZUREML_MDC_CONFIG_PATH: join(folder, "mdc.json") });
  expect(config.limits.maxFrameRows).toBe(7);
  expect([config.othersEnabled, config.collections.get("model_inputs")?.samplingRate]).toEqual([false, 0.5]);
});

it.each([
  ["rotation:\n  max_age: 1", 'blue.mdc.yml:1: rotation: expected a known name (did you mean "max_age_ms"?)'],
  [
    "\nrotation:\n  max_age_ms: 0",
    "blue.mdc.yml:3: rotation.max_age_ms: expected a whole number of milliseconds",
  ],
  ["data_collector: {}", "blue.mdc.yml:1: expected only "],
  ["collections:\n  a/b: {}", "blue.mdc.yml:2: collections.a/b: expected a name"],
  ["[]", "blue.mdc.yml:1: expected a plain object, got an array of 0"],
  ["a: {", "blue.mdc.yml:1: expected one YAML document"],
])("%j is refused with file, line and place", async (ours, message) => {
  const { open } = await folderOf({ "blue.yml": blue, "blue.mdc.yml": ours });
  const told = thrown(() => open("blue.yml")).replace(/^\w+: /, "");
  expect(told.slice(0, message.length)).toBe(message);
});

it("two files of ours, or one that cannot be read, are errors", async () => {
  const { folder, open } = await folderOf({ "blue.yml": blue, "blue.mdc.yml": "", "blue.mdc.yaml": "" });
  expect(thrown(() => open("blue.yml"))).toContain("blue.mdc.yaml: expected no file beside blue.mdc.yml");
  mkdirSync(join(folder, "red.mdc.yml"));
  writeFileSync(join(folder, "red.yml"), blue);
  expect(thrown(() => open("red.yml"))).toContain("expected a text file that can be read (it is not a file)");
});

it("a change of what is fixed names the file and line that make it", async () => {
  const { open } = await folderOf({ "blue.yml": blue, "blue.mdc.yml": "destination: ./mine\n" });
  const { files } = open("blue.yml");
  const change = (ours: string | undefined, azures = blue): string =>
    thrown(() => files?.resolve([azures, ours, undefined]));
  expect(change("\ndestination: ./other")).toContain("blue.mdc.yml:2: destination: expected no change");
  expect(change("{}")).toContain("blue.mdc.yml:1: destination: expected no change");
  expect(change(undefined)).toContain("blue.mdc.yml: destination: expected no change");
  expect(change("destination: ./mine", blue.replace("flights", "trains"))).toContain(
    "blue.yml:1: endpoint_name: expected no change",
  );
  expect(
    files?.resolve([blue.replace("0.5", "0.1"), "destination: ./mine\nenabled: false", undefined]),
  ).toMatchObject({
    ...{ samplingRate: 0.1, enabled: false },
  });
});

const resource = {
  id: "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints/flights/deployments/blue",
  name: "blue",
  type: "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments",
  properties: {
    model: "azureml://registries/r/models/late-arrival/versions/3",
    dataCollector: {
      rollingRate: "Minute",
      collections: {
        Model_Inputs: { dataCollectionMode: "Enabled", samplingRate: 0.5, dataId: null, clientId: "c" },
        model_outputs: { dataCollectionMode: "Disabled" },
        request: null,
      },
      requestLogging: { captureHeaders: ["x-tenant"] },
    },
  },
};

it("the JSON of Azure's REST interface says what the YAML would", async () => {
  const { properties } = resource;
  const template = { ...resource, id: undefined, name: "ws/flights/blue" };
  const { open } = await folderOf({
    "whole.json": JSON.stringify(resource),
    "template.json": JSON.stringify(template, null, 2),
    "properties.json": JSON.stringify(properties),
    "collector.json": JSON.stringify(properties.dataCollector),
    "none.json": JSON.stringify({ ...resource, properties: { dataCollector: null } }),
  });
  const collections = (name: string): unknown =>
    [...open(name).config.collections].map(([key, { enabled, samplingRate }]) => [
      key,
      enabled,
      samplingRate,
    ]);
  for (const name of ["whole.json", "template.json", "properties.json", "collector.json"]) {
    expect(collections(name)).toEqual([
      ["model_inputs", true, 0.5],
      ["model_outputs", false, 1],
      ["request", false, 1],
    ]);
    expect(open(name).config).toMatchObject({ rollingRate: "minute", clientId: "c", othersEnabled: false });
  }
  for (const name of ["whole.json", "template.json"]) {
    const { endpoint, deployment, modelName, modelVersion } = open(name).config;
    expect([endpoint, deployment, modelName, modelVersion]).toEqual(["flights", "blue", "late-arrival", "3"]);
  }
  expect(open("none.json").config).toMatchObject({ deployment: "blue", othersEnabled: true });
});

it.each([
  [
    { dataCollectionMode: "On" },
    ':11: properties.dataCollector.collections.Model_Inputs.dataCollectionMode: expected "Enabled" or "Disabled"',
  ],
  [
    { dataCollectionMode: "Enabled", samplingRate: 2 },
    ":12: properties.dataCollector.collections.Model_Inputs.samplingRate: expected a number from 0 to 1",
  ],
  [
    { dataCollectionMode: "Enabled", rate: 1 },
    ":10: properties.dataCollector.collections.Model_Inputs: expected ",
  ],
])("of that JSON %j is refused with file, line and place", async (one, message) => {
  const { dataCollector } = resource.properties;
  const collections = { Model_Inputs: one };
  const wrong = {
    ...resource,
    properties: { model: "azureml:a:1", dataCollector: { ...dataCollector, collections } },
  };
  const { open } = await folderOf({ "whole.json": JSON.stringify(wrong, null, 2) });
  expect(thrown(() => open("whole.json"))).toContain(`whole.json${message}`);
});

it("the platform's own file is taken whoever names it, with either word for a rate", async () => {
  const { open } = await folderOf({
    "mdc.json":
      '{"runMode":"local","captureHeaders":["x"],"collections":{"a":{"enabled":true,"sampling_percentage":"25"},"b":{"enabled":false}}}',
  });
  const { collections, othersEnabled } = open("mdc.json").config;
  expect([othersEnabled, collections.get("a")?.samplingRate, collections.get("b")?.enabled]).toEqual([
    false,
    0.25,
    false,
  ]);
});

it("the platform's variables of before count where it names no file, below ours", async () => {
  const { folder, open } = await folderOf({ "mdc.json": '{"collections":{"a":{"enabled":true}}}' });
  const env = { AZUREML_MDC_ENABLED: "True", AZUREML_MDC_SAMPLE_RATE: "10" };
  expect(open(undefined, env).config).toMatchObject({ enabled: true, samplingRate: 0.1 });
  expect(open(undefined, { ...env, MDC_SAMPLING_RATE: "0.2" }).config.samplingRate).toBe(0.2);
  expect(open(undefined, { ...env, MDC_DISABLED: "1" }).config.enabled).toBe(false);
  for (const word of ["false", "1"]) {
    expect(open(undefined, { AZUREML_MDC_ENABLED: word }).config.enabled).toBe(false);
  }
  const path = { AZUREML_MDC_CONFIG_PATH: join(folder, "mdc.json") };
  expect(open(undefined, { ...env, ...path, AZUREML_MDC_ENABLED: "false" }).config).toMatchObject({
    ...{ enabled: true, samplingRate: 1 },
  });
  expect(thrown(() => open(undefined, { AZUREML_MDC_SAMPLE_RATE: "0.5" }))).toContain(
    "environment variable AZUREML_MDC_SAMPLE_RATE: expected a whole number of percent from 0 to 100, got a text",
  );
});

it("numbers and switches may stand in quotes, and what looks like a number to us alone is a name", async () => {
  const { open } = await folderOf({
    "blue.yml": `endpoint_name: 1e3
name: blue
model: { name: m, version: 12e4567 }
data_collector:
  sampling_rate: ' 5e-1 '
  collections: { a: { enabled: 'TRUE', sampling_rate: "0.25" }, 1e3: { enabled: 'fAlse' } }
`,
    "blue.mdc.yml": `enabled: 'True'
limits: { max_frame_rows: "1_000" }
rotation: { max_age_ms: 1e4 }
collections: { a: { sampling_rate: null } }
`,
  });
  expect(open("blue.yml").config).toMatchObject({
    ...{ endpoint: "1e3", modelVersion: "12e4567", samplingRate: 0.5, enabled: true },
    ...{ limits: { maxFrameRows: 1000 }, rotation: { maxAgeMs: 10_000 } },
  });
  expect([...open("blue.yml").config.collections.keys()].toSorted()).toEqual(["1e3", "a"]);
});

it.each([
  [
    "name: blue\ndata_colector: {}",
    'blue.yml:1: expected a known name (did you mean "data_collector"?), got "data_colector"',
  ],
  [
    "name: blue\nrotation: {}",
    "blue.yml:2: rotation: expected it in blue.mdc.yml, with all that Azure does not know, got it here",
  ],
  [
    "{}",
    "blue.yml:1: expected a deployment with endpoint_name, name, model, data_collector, got none of these",
  ],
])("%j, which would say nothing, is refused", async (content, message) => {
  const { open } = await folderOf({ "blue.yml": content });
  expect(thrown(() => open("blue.yml"))).toBe(`RangeError: ${message}`);
});
