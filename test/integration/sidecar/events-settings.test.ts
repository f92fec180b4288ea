import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { eventIntake, kserve, postEvent } from "../../support/event-intake.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** What a configuration says of bodies holds for those of events as for those of exchanges. */

async function configured(yaml: string) {
  const file = join(await tempFolder(), "flights.mdc.yml");
  writeFileSync(file, yaml);
  const { sidecar, stored } = await eventIntake(["--config", file]);
  let at = 0;
  return {
    stored,
    told: sidecar.told,
    post: async (
      side: "request" | "response",
      id: string,
      body: string | Uint8Array,
      more: Readonly<Record<string, string>> = {},
    ) => {
      const time = { "Ce-Time": `2026-11-29T08:00:00.${String(++at).padStart(3, "0")}Z` };
      const headers = kserve(side, id, { ...time, ...more });
      expect(await postEvent(sidecar, headers, body)).toEqual({ status: 200, text: "" });
    },
  };
}

test("bodies of events are redacted, and one that cannot be is not stored, which its row tells", async () => {
  const { post, stored, told } = await configured(
    "payload: { decode: true, redact: { request: [$.email], response: { $..score: drop } } }",
  );
  await post("request", "1", `{"email":"a@b","x":1.0}`);
  await post("response", "1", gzipSync(`[{"score":1,"late":true}]`));
  await post("request", "2", `email=a@b`);
  await post("response", "2", `{"score":1`);
  const requests = await stored("request");
  expect(requests.map((row) => row["body"])).toEqual([`{"email":"***","x":1.0}`, null]);
  expect(String(requests[1]?.["mdc_tags"])).toContain(`"body_dropped":"not_json"`);
  const responses = await stored("response");
  expect(responses.map((row) => [row["body"], row["mdc_correlation_id"]])).toEqual([
    [`[{"late":true}]`, "1"],
    [null, "2"],
  ]);
  expect(responses[0]).toMatchObject({ content_encoding: "gzip", duration_ms: 1 });
  expect(told()).toContain("the body of a request is not stored: it is no text of JSON");
});

test("a policy holds for events, by route where they tell theirs; of both sides, as the request has it", async () => {
  const { post, stored } = await configured(
    "payload: { policy: { '*': hash, /v1/score: full, /secret*: none }, ignore: [GET /ping] }",
  );
  const routed = (path: string, method = "POST") => ({ "Ce-Path": path, "Ce-Method": method });
  for (const [id, more] of [
    ["kserve", {}],
    ["score", routed("/v1/score?a=1")],
    ["secret", routed("/secret/a")],
    ["ping", routed("/ping", "get")],
  ] as const) {
    await post("request", id, `"${id}"`, more);
    await post("response", id, `"${id}"`);
  }
  const seen = (rows: readonly Readonly<Record<string, unknown>>[]) =>
    rows.map((row) => [
      row["mdc_correlation_id"],
      row["body"],
      row["body_size"],
      row["body_sha256"] !== null,
    ]);
  for (const side of ["request", "response"])
    expect(seen(await stored(side))).toEqual([
      ["kserve", null, 8n, true],
      ["score", `"score"`, 7n, false],
    ]);
  const [, scored] = await stored("request");
  expect(scored).toMatchObject({ http_path: "/v1/score", http_query: "a=1", http_method: "POST" });
});

test("typed columns are read from the bodies of events, with the event's id and time", async () => {
  const { post, stored } = await configured("payload: { tabular: { columns: { outputs: [late] } } }");
  await post(
    "request",
    "1",
    `{"instances":[{"distance":2475,"origin":"JFK"},{"distance":12,"origin":"LGA"}]}`,
  );
  await post("response", "1", `{"predictions":[0.25,0.5]}`);
  await post("request", "2", `{"instances":[{"distance":7,"origin":"EWR"}]}`);
  await post("response", "2", `{"predictions":[1]}`, { "Ce-Statuscode": "500" });
  const inputs = await stored("model_inputs");
  expect(inputs.map((row) => [row["mdc_correlation_id"], row["mdc_row_index"], row["distance"]])).toEqual([
    ["1", 0, 2475],
    ["1", 1, 12],
    ["2", 0, 7],
  ]);
  const [request] = await stored("request");
  for (const name of ["mdc_event_id", "mdc_event_time", "mdc_request_time", "mdc_endpoint"])
    expect(inputs[0]?.[name]).toEqual(request?.[name]);
  expect((await stored("model_outputs")).map((row) => row["late"])).toEqual([0.25, 0.5]);
});

test("a long text is cut behind a whole character, whatever its encoding and the limit of other texts", async () => {
  const { post, stored } = await configured(
    "payload: { max_body_bytes: 100001 }\nlimits: { max_string_bytes: 64 }",
  );
  const text = { "Content-Type": "text/plain" };
  const utf16 = { "Content-Type": "text/plain; charset=utf-16le" };
  const long = "日".repeat(40_000);
  await post("request", "utf-8", long, text);
  await post("request", "utf-16", Buffer.from(long, "utf16le"), utf16);
  await post("request", "whole", Buffer.from("日".repeat(50_000), "utf16le"), utf16);
  const rows = await stored("request");
  expect(rows.map((row) => [row["body"], row["body_size"], row["body_truncated"]])).toEqual([
    ["日".repeat(33_333), 120_000n, true],
    ["日".repeat(40_000), 80_000n, false],
    ["日".repeat(50_000), 100_000n, false],
  ]);
  expect(rows.map((row) => row["body_sha256"] !== null)).toEqual([true, false, false]);
});
