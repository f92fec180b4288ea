import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { duckdbCollection } from "../../support/parquet-engines.ts";
import { scratch } from "../../support/scratch.ts";
import { type SidecarProcess, sidecarForTest } from "../../support/sidecar-process.ts";

async function agent(env: NodeJS.ProcessEnv = {}) {
  const { destination, spool } = await scratch();
  const sidecar = await sidecarForTest(destination, spool, ["--agent", "127.0.0.1:0"], env);
  const stored = async (collection: string) => {
    expect(await sidecar.end()).toBe(0);
    return duckdbCollection(destination, collection);
  };
  return { sidecar, stored };
}

async function post(
  { urls }: SidecarProcess,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
  path = "/modeldata/log",
) {
  const response = await fetch(`${urls["agent"]}${path}`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", "ce-type": "azureml.inference.model_inputs", ...headers },
  });
  return { status: response.status, text: (await response.text()).trim() };
}

test("a frame of Azure's SDK is stored with its context, and with the types that its text has", async () => {
  const { sidecar, stored } = await agent();
  const body = String.raw`[{"whole":9007199254740993,"float":1.0,"mixed":1,"text":"caf\u00e9 \/","yes":true,
    "list":[1.0,null,2.5],"ints":[1,9007199254740993],"nested":{"a":1.0,"10":9007199254740993,"2":[1]},"none":null},
    {"whole":-9223372036854775808,"float":0.1,"mixed":2.5,"text":null,"yes":null,
    "list":[],"ints":null,"nested":[1.0,{"b":null}],"none":null}]`;
  const headers = {
    "trace-id": "5f2b8a52-6b0e-4b3a-9a55-3a2c1f0d9b11",
    "ce-time": "1772734585",
    "ce-collect-data-type": "pandas.core.frame.DataFrame",
    "ce-agent": "azureml-ai-monitoring/0.1.0",
    "ce-x-request-id": "order 17 %41",
    "ce-model-version": "default",
    "ce-Tenant-Name": "%E6%97%A5",
  };
  expect(await post(sidecar, body, headers)).toEqual({ status: 200, text: "" });
  // Posted again, as by a sender that had not heard the answer.
  expect(await post(sidecar, body, headers)).toEqual({ status: 200, text: "" });
  const rows = await stored("model_inputs");
  expect(rows).toHaveLength(2);
  expect(rows).toMatchObject([
    {
      mdc_correlation_id: "order 17 %41",
      mdc_row_index: 0,
      mdc_tags: JSON.stringify({ tenantname: "日" }),
      mdc_sampling_rate: 1,
      mdc_rejected: null,
      whole: 9007199254740993n,
      float: 1,
      mixed: 1,
      text: "café /",
      yes: true,
      nested: '{"a":1.0,"10":9007199254740993,"2":[1]}',
    },
    {
      mdc_row_index: 1,
      whole: -9223372036854775808n,
      float: 0.1,
      mixed: 2.5,
      text: null,
      yes: null,
      nested: '[1.0,{"b":null}]',
    },
  ]);
  expect(rows[0]?.["mdc_request_time"]).toBe(1_772_734_585_000_000n);
  expect(rows.map(({ list, ints }) => [list, ints])).toEqual([
    [
      [1, null, 2.5],
      [1n, 9007199254740993n],
    ],
    [[], null],
  ]);
});

test("a frame that cannot be stored is answered with what is wrong, and counted", async () => {
  const { sidecar, stored } = await agent();
  const refused = async (body: string | Uint8Array, headers = {}, path?: string) => {
    const { status, text } = await post(sidecar, body, { "trace-id": randomUUID(), ...headers }, path);
    return `${status} ${text}`;
  };
  const row = '[{"a":1}]';
  expect(await refused(row, { "ce-type": "" })).toMatch(
    /^400 ce-type: expected azureml\.inference\.<collection>/,
  );
  expect(await refused(row, { "ce-type": "azureml.inference.a/../b" })).toMatch(
    /^400 ce-type, collection: expected a name of/,
  );
  expect(await refused(row, { "ce-time": "yesterday" })).toMatch(/^400 ce-time: expected seconds since 1970/);
  expect(await refused(row, { "ce-x-request-id": "x".repeat(600) })).toMatch(
    /^400 ce-x-request-id: expected 1 to 512/,
  );
  expect(await refused(row, { "content-type": "text/csv" })).toMatch(
    /^415 Content-Type: expected application\/json/,
  );
  expect(await refused(row, {}, "/other")).toBe("404 nothing is here; frames are posted to /modeldata/log");
  expect(await refused('{"a":1}')).toBe(
    "400 the body: expected a JSON array of row objects, got not an array of row objects",
  );
  expect(await refused("[[1]]")).toMatch(/row 0 is not a row object$/);
  expect(await refused('[{"a":1},{"a":01}]')).toMatch(/^400 .*no JSON: expected } at character 15$/);
  expect(await refused('[{"a":NaN}]')).toMatch(/no JSON: expected a value at character 6$/);
  expect(await refused('[{"a":1,"a":2}]')).toMatch(/row 0 has a column twice$/);
  expect(await refused('[{"a.b":1}]')).toMatch(/^400 .*the name contains "\."/);
  expect(await refused(`[{"a":${"[".repeat(70)}${"]".repeat(70)}}]`)).toMatch(/more than 64 levels/);
  expect(await refused(Buffer.from([0x5b, 0xff, 0x5d]))).toBe("400 the body: expected UTF-8");
  expect(await refused("[{}]")).toBe("400 the frame was not taken (invalid)");
  expect((await fetch(`${sidecar.urls["agent"]}/modeldata/log`)).status).toBe(405);
  expect(await post(sidecar, "   a\n0  1", { "content-type": "application/octet-stream" })).toMatchObject({
    status: 200,
  });
  expect(await post(sidecar, "[]")).toMatchObject({ status: 200 });
  expect(await stored("model_inputs")).toMatchObject([{ data: "   a\n0  1" }]);
  expect(sidecar.told()).toMatch(/frame.* dropped/i);
});

test("what the sender has sampled is not sampled again", async () => {
  const { sidecar, stored } = await agent({ MDC_SAMPLING_RATE: "0" });
  const posts = Array.from({ length: 50 }, (_, n) =>
    post(sidecar, `[{"n":${n}}]`, { "ce-x-request-id": `c-${n}` }),
  );
  expect(new Set((await Promise.all(posts)).map(({ status }) => status))).toEqual(new Set([200]));
  const rows = await stored("model_inputs");
  expect(rows.map(({ n }) => Number(n)).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 50 }, (_, n) => n),
  );
});
