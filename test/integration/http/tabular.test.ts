import { createServer, type RequestListener } from "node:http";
import type { DeploymentOptions } from "model-data-collector";
import { nodePayloadLogging, type PayloadOptions } from "model-data-collector/http";
import { expect, test } from "vitest";
import { duckdbCollection, duckdbSql } from "../../support/parquet-engines.ts";
import { type PayloadServer, payloadServer } from "../../support/payload-server.ts";

/** A server that answers what the header `x-answer` says. */
function served(options: PayloadOptions, settings: DeploymentOptions = {}): Promise<PayloadServer> {
  return payloadServer((deployment) => {
    const listener: RequestListener = (request, response) => {
      request.resume().on("end", () => {
        response.statusCode = Number(request.headers["x-status"] ?? 200);
        response.setHeader("content-type", "application/json");
        response.end(String(request.headers["x-answer"] ?? "{}"));
      });
    };
    return createServer(nodePayloadLogging(listener, { ...options, deployment }));
  }, settings);
}

async function score(
  port: number,
  id: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers = {},
): Promise<void> {
  const all = { "content-type": "application/json", "x-request-id": id, ...headers };
  await (await fetch(`http://127.0.0.1:${port}/score`, { method: "POST", body, headers: all })).text();
}

test("what models are asked and answer is joined by id and row, whichever protocol they speak", async () => {
  const server = await served({ tabular: { columns: { outputs: ["late"] } } });
  const { port } = server;
  const tensor = `{"name":"distance","shape":[2],"datatype":"INT64","parameters":{"binary_data_size":16}}`;
  const head = `{"inputs":[${tensor}]}`;
  const binary = Buffer.concat([Buffer.from(head), Buffer.from(BigInt64Array.of(1n, 2n ** 60n + 1n).buffer)]);
  await score(port, "v2", new Uint8Array(binary), {
    "content-type": "application/octet-stream",
    "inference-header-content-length": String(head.length),
    "x-answer": `{"outputs":[{"name":"late","shape":[2],"datatype":"FP32","data":[0.5,0.25]}]}`,
  });
  await score(port, "tf", `{"instances":[{"km":3.5,"origin":"JFK"},{"km":4,"origin":"LAX"}]}`, {
    "x-answer": `{"predictions":[0.75,1]}`,
  });
  await score(port, "pandas", `{"dataframe_split":{"columns":["km"],"index":[0],"data":[[7.0]]}}`, {
    "x-answer": `[{"late":0}]`,
  });
  const { folder } = await server.close();
  const view = (name: string): string =>
    `read_parquet('${folder}/*/*/${name}/**/*.parquet', union_by_name = true)`;
  const rows = await duckdbSql(
    `SELECT mdc_correlation_id AS id, i.distance, i.km, i.origin, o.late, typeof(i.distance) AS type
     FROM ${view("model_inputs")} i JOIN ${view("model_outputs")} o USING (mdc_correlation_id, mdc_row_index)
     ORDER BY id DESC, mdc_row_index`,
  );
  expect(rows).toEqual([
    { id: "v2", distance: 1n, km: null, origin: null, late: 0.5, type: "BIGINT" },
    { id: "v2", distance: 2n ** 60n + 1n, km: null, origin: null, late: 0.25, type: "BIGINT" },
    { id: "tf", distance: null, km: 3.5, origin: "JFK", late: 0.75, type: "BIGINT" },
    { id: "tf", distance: null, km: 4, origin: "LAX", late: 1, type: "BIGINT" },
    { id: "pandas", distance: null, km: 7, origin: null, late: 0, type: "BIGINT" },
  ]);
});

test("a body that is no table is stored as it is, and told of with the reason and how often", async () => {
  const told: string[] = [];
  const server = await served(
    { tabular: true },
    { onError: ({ code, message }, { reason }) => void told.push(`${code} ${reason}: ${message}`) },
  );
  await score(server.port, "a", `{"instances":[1,2]}`, { "x-answer": `{"error":"no"}`, "x-status": "400" });
  const { folder } = await server.close();
  expect(told).toEqual([
    "BODY_NOT_TABULAR tabular_names: a body has no columns for model_inputs: it has rows without names, " +
      "and none, or another number of them, are declared",
  ]);
  expect(await duckdbCollection(folder, "model_inputs")).toEqual([]);
  expect(await duckdbCollection(folder, "request")).toMatchObject([{ body: `{"instances":[1,2]}` }]);
});

test("columns are stored without the bodies where only they are collected, under the collection's redaction", async () => {
  const server = await served(
    { tabular: true },
    {
      collections: {
        request: { enabled: false },
        response: { enabled: false },
        model_inputs: { redact: { email: "drop" } },
      },
    },
  );
  await score(server.port, "a", `[{"email":"a@example.com","age":7}]`);
  const { folder } = await server.close();
  const [row] = await duckdbCollection(folder, "model_inputs");
  expect(row).toMatchObject({ mdc_correlation_id: "a", age: 7 });
  expect(row).not.toHaveProperty("email");
  expect(await duckdbCollection(folder, "request")).toEqual([]);
});

test("a rule of a column keeps the request in whose body it stands", async () => {
  const server = await served(
    { tabular: true },
    { samplingRate: 0, keep: [{ column: "amount", above: 100 }] },
  );
  await score(server.port, "small", `[{"amount":7}]`);
  await score(server.port, "large", `[{"amount":700}]`);
  const { folder } = await server.close();
  for (const collection of ["request", "response", "model_inputs"])
    expect(await duckdbCollection(folder, collection)).toMatchObject([{ mdc_correlation_id: "large" }]);
});

test("options that cannot be are refused with where they stand", () => {
  const make = (tabular: unknown) => (): unknown =>
    nodePayloadLogging(() => {}, { tabular } as PayloadOptions);
  expect(make("yes")).toThrow(
    "nodePayloadLogging option tabular: expected true, false or an object of options, got a text of 3 characters",
  );
  expect(make({ column: {} })).toThrow(/option tabular: expected a known name \(did you mean "columns"\?\)/);
  expect(make({ columns: { inputs: "a" } })).toThrow(
    /option tabular.columns.inputs: expected a list of column/,
  );
  expect(make({ columns: { inputs: ["a", "a"] } })).toThrow(/names that are all different/);
  expect(make({ columns: { outputs: ["a.b"] } })).toThrow(
    /option tabular.columns.outputs: expected a good column/,
  );
});
