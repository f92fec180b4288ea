import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { readAgentFile } from "../../../src/config/file/agent-file.ts";
import { readDeploymentFile } from "../../../src/config/file/deployment-file.ts";
import { readModelReference } from "../../../src/config/file/model-reference.ts";
import { thrown } from "./thrown.ts";

const workspace = {
  subscriptionId: "11111111-2222-3333-4444-555555555555",
  resourceGroup: "rg-1",
  workspace: "ws",
};
const read = (content: string) => readDeploymentFile(content, "/etc/mdc/blue.yml", workspace);
const refusal = (content: string) => thrown(() => read(content));

/** As `az ml online-deployment create` takes it, with much that is not ours. */
const whole = `
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: flights
model: azureml:late-arrival:3
code_configuration:
  code: ../../model-1/onlinescoring/
  scoring_script: score.py
environment:
  conda_file: ../../model-1/environment/conda.yaml
  image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04:latest
environment_variables: { LEVEL: "1" }
instance_type: Standard_F2s_v2
instance_count: 1
data_collector:
  sampling_rate: 0.5
  rolling_rate: Hour
  collections:
    Model_Inputs:
      enabled: 'True'
      client_id: 0000-1111
      data:
        name: inputs_asset
        path: azureml://datastores/workspaceblobstore/paths/modelDataCollector/flights/blue/Model_Inputs
        version: 1
    model_outputs:
      enabled: 'False'
    request:
      enabled: true
      sampling_rate: "0.25"
      data: azureml:requests:1
  request_logging:
    capture_headers: [X-Tenant, accept]
  x_mdc:
    destination: ./collected
    format: jsonl
    enabled: true
    collections: { model_inputs: { sampling_rate: 0.1 } }
    spool: { directory: spool, max_bytes: 1048576, minFreeBytes: 0 }
    limits: { max_frame_rows: 5 }
    rotation: { max_age_ms: 10000 }
`;

describe("an Azure ML deployment YAML", () => {
  it("is read whole, and of it what concerns data collection", () => {
    expect(read(whole).settings).toEqual({
      endpoint: "flights",
      deployment: "blue",
      captureHeaders: ["x-tenant", "accept"],
      modelName: "late-arrival",
      modelVersion: "3",
      samplingRate: 0.5,
      rollingRate: "hour",
      collections: new Map([
        ["model_inputs", { enabled: true, samplingRate: 0.1 }],
        ["model_outputs", { enabled: false }],
        ["request", { enabled: true, samplingRate: 0.25 }],
      ]),
      othersEnabled: false,
      clientId: "0000-1111",
      destination: { destination: { kind: "folder", path: resolve("/etc/mdc/collected") }, credential: null },
      format: "jsonl",
      enabled: true,
      spool: { directory: resolve("/etc/mdc/spool"), maxBytes: 1_048_576, minFreeBytes: 0 },
      limits: { maxFrameRows: 5 },
      rotation: { maxAgeMs: 10_000 },
    });
  });

  it("knows where it says each setting, or would", () => {
    const { where } = read(whole);
    expect(
      ["endpoint", "rollingRate", "spool.maxBytes", "spool.fsyncIntervalMs", "clientId"].map(where),
    ).toEqual([
      "blue.yml:4: endpoint_name",
      "blue.yml:17: data_collector.rolling_rate",
      "blue.yml:39: data_collector.x_mdc.spool.max_bytes",
      "blue.yml:39: data_collector.x_mdc.spool.fsync_interval_ms",
      "blue.yml:21: data_collector.collections.Model_Inputs.client_id",
    ]);
    expect(read("data_collector: {}").where("clientId")).toBe("blue.yml:1: data_collector.collections");
  });

  it("says of a setting that it leaves open where it would stand: beside it, unless it has an x_mdc", () => {
    const { where } = read("name: blue\ndata_collector: {}");
    expect(["spool.maxBytes", "samplingRate"].map(where)).toEqual([
      "blue.mdc.yml: spool.max_bytes",
      "blue.yml:2: data_collector.sampling_rate",
    ]);
  });

  it("that names no collections leaves all of them on, and so does one without data_collector", () => {
    expect(read("name: blue\ninstance_count: 1").settings).toEqual({ deployment: "blue" });
    const { settings } = read("name: blue\ndata_collector: { sampling_rate: 0 }");
    expect(settings).toEqual({ deployment: "blue", samplingRate: 0 });
    expect(read("data_collector: { collections: {} }").settings.othersEnabled).toBe(false);
  });

  it("tells the destination that its data assets have in common", () => {
    const path = "azureml://datastores/blobs/paths/mdc";
    const data = (root: string, end = "e/d/model_inputs") => `
endpoint_name: e
name: d
data_collector:
  collections:
    model_inputs: { enabled: 'True', data: { path: ${root}/${end}/ } }
    model_outputs: { enabled: 'True', data: { path: ${path}/e/d/model_outputs } }
    request: { enabled: 'False', data: { path: elsewhere } }`;
    expect(read(data(path)).fallbackDestination?.()?.destination).toEqual({
      kind: "azureml-datastore",
      ...workspace,
      datastore: "blobs",
      prefix: "mdc",
    });
    expect(read("data_collector: {}").fallbackDestination?.()).toBeUndefined();
    expect(thrown(() => read(data(path, "inputs")).fallbackDestination?.())).toBe(
      "RangeError: blue.yml:6: data_collector.collections.model_inputs.data.path: expected a path that ends in " +
        "/e/d/model_inputs, or a destination that is set, got a URL azureml://…",
    );
    expect(thrown(() => read(data(`${path}2`)).fallbackDestination?.())).toContain(
      "blue.yml:7: data_collector.collections.model_outputs.data.path: expected the same beginning as in blue.yml:6: ",
    );
  });

  it.each([
    ["azureml:late-arrival:3", "late-arrival", "3"],
    ["azureml:late-arrival@latest", "late-arrival", undefined],
    ["azureml:late-arrival", "late-arrival", undefined],
    ["azureml:azureml:3", "azureml", "3"],
    ["late-arrival:3", "late-arrival", "3"],
    [
      "azureml:/subscriptions/s/resourceGroups/g/providers/p/workspaces/w/models/late/versions/7",
      "late",
      "7",
    ],
    ["azureml://subscriptions/s/resourceGroups/g/workspaces/w/models/late", "late", undefined],
    ["/subscriptions/s/resourceGroups/g/providers/p/workspaces/w/models/late/versions/7", "late", "7"],
    ["azureml://registries/azureml/models/late", "late", undefined],
    ["azureml://jobs/j/outputs/o/paths/model", undefined, undefined],
    ["azureml://datastores/d/paths/model", undefined, undefined],
    ["./models/late/versions/3", undefined, undefined],
    ["late-arrival", undefined, undefined],
    ["azureml://registries/azureml/models/late/versions/7", "late", "7"],
    ["azureml://registries/azureml/models/late/labels/latest", "late", undefined],
    ["{ name: late, version: 12, path: ./m.pkl, type: custom_model }", "late", "12"],
    ["{ path: ./model }", undefined, undefined],
    ["../model-1/model/", undefined, undefined],
  ])("with the model %s", (model, name, version) => {
    const { modelName, modelVersion } = read(`model: ${model}\ndata_collector: {}`).settings;
    expect([modelName, modelVersion]).toEqual([name, version]);
  });

  it("says of the long form of a workspace's model what it is", () => {
    const arm =
      "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/models/late/versions/2";
    expect(readModelReference(`azureml:${arm}`)).toEqual({ name: "late", version: "2" });
  });

  it("follows anchors, merges and a byte order mark", () => {
    const { settings } = read(`\ufeff
x: &on { enabled: 'True' }
data_collector:
  collections:
    a: *on
    b: { <<: *on, sampling_rate: 0.5 }`);
    expect([...(settings.collections ?? [])]).toEqual([
      ["a", { enabled: true }],
      ["b", { enabled: true, samplingRate: 0.5 }],
    ]);
  });

  it.each([
    ["", "blue.yml:1: expected a plain object, got null"],
    ["- a\n- b", "blue.yml:1: expected a plain object, got an array of 2"],
    ["name: blue\ndata_collector:", "blue.yml:2: data_collector: expected a plain object, got null"],
    ["a: 1\na: 2\ndata_collector: {}", 'blue.yml:2: expected one YAML document, got "DUPLICATE_KEY"'],
    ["a: {\n\n", 'blue.yml:3: expected one YAML document, got "BAD_INDENT"'],
    ["a: 1\n---\nb: 2", 'blue.yml:2: expected one YAML document, got "MULTIPLE_DOCS"'],
    [
      "data_collector:\n\n  sampling_rate: 1.5",
      "blue.yml:3: data_collector.sampling_rate: expected a number from 0 to 1, got 1.5",
    ],
    [
      "data_collector:\n  sampling_rate: half",
      "blue.yml:2: data_collector.sampling_rate: expected a number from 0 to 1, got a text",
    ],
    [
      "data_collector:\n  rolling_rate: Month",
      'blue.yml:2: data_collector.rolling_rate: expected "Day", "Hour" or "Minute", got a text ',
    ],
    [
      "data_collector:\n  sample_rate: 1",
      'blue.yml:1: data_collector: expected a known name (did you mean "sampling_rate"?), got "sample_rate"',
    ],
    [
      "data_collector:\n  collections:\n    inputs:\n      data: azureml:x:1\n",
      "blue.yml:3: data_collector.collections.inputs.enabled: expected 'True' or 'False', got undefined",
    ],
    [
      "data_collector:\n  collections:\n    inputs:\n      enabled: 'Ture'\n",
      "blue.yml:4: data_collector.collections.inputs.enabled: expected 'True' or 'False', got a text",
    ],
    [
      "data_collector:\n  collections:\n    a/b: { enabled: 'True' }\n",
      'blue.yml:3: data_collector.collections.a/b: expected a name of 1 to 63 letters, digits, ".", "_" or "-" that starts ' +
        'with a letter or digit and has no "..", got a tex',
    ],
    [
      "data_collector:\n  collections:\n    a: { enabled: 'True' }\n    A: { enabled: 'True' }\n",
      'blue.yml:4: data_collector.collections.A: expected each name once, in whatever case, got "A"',
    ],
    [
      "data_collector:\n  collections:\n    a: { enabled: 'True', client_id: x }\n    b: { enabled: 'True', client_id: y }\n",
      "blue.yml:4: data_collector.collections.b.client_id: expected the same identity for all collections, got a t",
    ],
    [
      "data_collector:\n  request_logging:\n    capture_headers: ['a b']",
      "blue.yml:3: data_collector.request_logging.capture_headers: expected a list of header names, got a tex",
    ],
    [
      "data_collector:\n  x_mdc:\n    limits:\n      max_frame_rows: 0",
      "blue.yml:4: data_collector.x_mdc.limits.max_frame_rows: expected a whole number from 1 to 100000000, got 0",
    ],
    [
      "data_collector:\n  x_mdc:\n    limits:\n      maxFrameRows: 0",
      "blue.yml:4: data_collector.x_mdc.limits.maxFrameRows: expected a whole number from 1 to 100000000, got 0",
    ],
    [
      "data_collector:\n  x_mdc:\n    rotation:\n      max_age: 1",
      'blue.yml:3: data_collector.x_mdc.rotation: expected a known name (did you mean "max_age_ms"?), got "max_age"',
    ],
    [
      "data_collector:\n  x_mdc:\n    rotation:\n      max_age_ms: 1\n      maxAgeMs: 2",
      'blue.yml:5: data_collector.x_mdc.rotation.maxAgeMs: expected each setting once, got "max_age_ms"',
    ],
    [
      "data_collector:\n  collections:\n    a: { enabled: 'True', client_id: null }\n",
      "blue.yml:3: data_collector.collections.a.client_id: expected a text of 1 to 256 characters",
    ],
    ["endpoint_name: 5\ndata_collector: {}", "blue.yml:1: endpoint_name: expected a name of 1 to 63 letters"],
    ...[
      "azureml:a:b:c",
      "azureml:",
      "azureml:a:",
      "azureml:a@",
      "azureml://registries/r/models/m/versions/",
    ].map((model): [string, string] => [
      `model: '${model}'\ndata_collector: {}`,
      "blue.yml:1: model: expected azureml:<name>:<version>",
    ]),
    ["model: 'azureml:a b'\ndata_collector: {}", "blue.yml:1: model: expected azureml:<name>:<version>"],
    [
      "a: &a [1]\nb: *c\ndata_collector: {}",
      "blue.yml:2: expected aliases of anchors that are there, 100 uses at most",
    ],
  ])("%j is refused with file, line and place", (content, message) => {
    expect(refusal(content)).toMatch(/^(Type|Range)Error: /);
    expect(
      refusal(content)
        .replace(/^\w+: /, "")
        .slice(0, message.length),
    ).toBe(message);
  });

  it("is refused, and not unfolded, when its aliases grow without bound", () => {
    const laughs = Array.from({ length: 12 }, (_, i) =>
      i === 0
        ? "l0: &l0 [ha, ha]"
        : `l${i}: &l${i} [${Array.from({ length: 10 }, () => `*l${i - 1}`).join(", ")}]`,
    );
    expect(refusal([...laughs, "data_collector: {}"].join("\n"))).toContain(
      "expected aliases of anchors that are there, 100 uses at most",
    );
  });

  it("shows no secret of a line it refuses", () => {
    const signature = "sv=2024&sig=TopSecret";
    for (const content of [
      `data_collector:\n  x_mdc:\n    destination: ftp://x?${signature}`,
      `data_collector:\n  x_mdc: { destination: "https://a.blob.core.windows.net/c?${signature}`,
      `data_collector:\n  x_mdc:\n    credential: ${signature}`,
      `a: ${signature}\na: ${signature}`,
    ]) {
      expect(refusal(content)).toMatch(/^\w+Error: blue\.yml/);
      expect(refusal(content)).not.toContain("TopSecret");
    }
  });
});

describe("what a data asset's path and a folder may not be", () => {
  it("a path with a signature is not shown", () => {
    const path = "https://a.blob.core.windows.net/c/e?sv=2024&sig=TopSecret";
    const file = read(
      `data_collector:\n  collections:\n    a: { enabled: 'True', data: { path: "${path}" } }`,
    );
    const message = thrown(() => file.fallbackDestination?.());
    expect(message).toContain(
      "blue.yml:3: data_collector.collections.a.data.path: expected a path that ends in",
    );
    expect(message).not.toContain("TopSecret");
  });

  it.each(["' '", '"a\\0b"', "5"])("spool.directory: %s", (directory) => {
    expect(refusal(`data_collector:\n  x_mdc:\n    spool: { directory: ${directory} }`)).toContain(
      "blue.yml:3: data_collector.x_mdc.spool.directory: expected the path of a folder",
    );
  });
});

describe("the platform's JSON", () => {
  const agent = (content: string) => readAgentFile(content, "/etc/mdc-config.json");

  it("says which collections are on, and at what rate", () => {
    const { settings } = agent(
      '{"runMode":"cloud","captureHeaders":["X-A"],"collections":{"Model_Inputs":{"enabled":true,"sampleRatePercentage":25},' +
        '"request":{"enabled":true,"sampling_percentage":0},"off":{"enabled":false},"unsaid":{}}}',
    );
    expect(settings).toEqual({
      collections: new Map([
        ["model_inputs", { enabled: true, samplingRate: 0.25 }],
        ["request", { enabled: true, samplingRate: 0 }],
        ["off", { enabled: false }],
        ["unsaid", { enabled: false }],
      ]),
      othersEnabled: false,
      captureHeaders: ["x-a"],
    });
    expect(agent("{}").settings).toEqual({ collections: new Map(), othersEnabled: false });
  });

  it.each([
    ["[]", "mdc-config.json:1: expected a plain object, got an array of 0"],
    [
      '{"collections":{\n"a":{"enabled":"yes"}}}',
      "mdc-config.json:2: collections.a.enabled: expected true or false, got a text of 3 characters",
    ],
    [
      '{"collections":{\n"a":{"sampleRatePercentage":null,\n"sampling_percentage":-1}}}',
      "mdc-config.json:3: collections.a.sampling_percentage: expected a number from 0 to 100, got -1",
    ],
    [
      '{"collections":{\n"a":{"enabled":true,\n"sampleRatePercentage":101}}}',
      "mdc-config.json:3: collections.a.sampleRatePercentage: expected a number from 0 to 100, got 101",
    ],
  ])("%j is refused with file, line and place", (content, message) => {
    expect(thrown(() => agent(content)).replace(/^\w+: /, "")).toBe(message);
  });
});
