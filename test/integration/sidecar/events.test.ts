import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readFile, rename } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { connect } from "node:tls";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { makeCertificate } from "../../support/bearer-token.ts";
import { eventIntake, kserve, postEvent } from "../../support/event-intake.ts";
import { until } from "../../support/scratch.ts";
import { tempFolder } from "../../support/temp-folder.ts";

test("what KServe's logger sends is a request and a response, under the service's name", async () => {
  const { sidecar, stored } = await eventIntake();
  const input = '{"instances":[[1.0,9007199254740993]]}';
  expect(await postEvent(sidecar, kserve("request", "e-1"), input, "/any/path")).toEqual({
    status: 200,
    text: "",
  });
  const answer = gzipSync('{"predictions":[1]}');
  expect(await postEvent(sidecar, kserve("response", "e-1"), answer)).toEqual({ status: 200, text: "" });
  // Delivered again, as by a broker.
  expect(await postEvent(sidecar, kserve("response", "e-1"), answer)).toEqual({ status: 200, text: "" });
  const requests = await stored("request");
  const responses = await stored("response");
  const both = {
    mdc_correlation_id: "e-1",
    mdc_request_id: "r-17",
    mdc_endpoint: "sklearn-iris",
    mdc_deployment: "blue",
    mdc_request_time: 1_795_939_200_123_000n,
    http_headers: '{"x-request-id":"r-17","x-tenant":"50%25 \u65e5"}',
  };
  expect(requests).toMatchObject([
    { ...both, mdc_event_time: 1_795_939_200_123_000n, body: input, body_size: 38n, http_path: null },
  ]);
  expect(responses).toMatchObject([
    {
      ...both,
      mdc_event_time: 1_795_939_200_373_000n,
      http_status: 200n,
      duration_ms: 250.5,
      outcome: "complete",
      content_encoding: "gzip",
      body: null,
      body_size: BigInt(answer.length),
    },
  ]);
  expect(requests[0]?.["mdc_event_id"]).not.toBe(responses[0]?.["mdc_event_id"]);
  expect(JSON.parse(String(requests[0]?.["mdc_tags"]))).toEqual({
    source: "http://localhost:9081/",
    namespace: "models",
    component: "predictor",
  });
});

test("a response that overtakes its request still has its time; one without a request its own", async () => {
  const { sidecar, stored } = await eventIntake();
  const failed = { "Ce-Statuscode": "503", "Ce-Endpoint": "canary" };
  await postEvent(sidecar, kserve("response", "late", failed), "busy");
  await postEvent(sidecar, kserve("request", "late", failed), "{}");
  await postEvent(sidecar, kserve("response", "alone", failed), "{}");
  const responses = await stored("response");
  expect(responses).toMatchObject([
    { mdc_correlation_id: "late", http_status: 503n, duration_ms: 250.5, mdc_deployment: "canary" },
    { mdc_correlation_id: "alone", duration_ms: null, mdc_request_time: 1_795_939_200_373_000n },
  ]);
});

test("metrics tell of each service", async () => {
  const { sidecar } = await eventIntake(["--admin", "127.0.0.1:0", "--agent", "127.0.0.1:0"]);
  expect(await postEvent(sidecar, kserve("request", "1"), "{}")).toMatchObject({ status: 200 });
  const metrics = await (await fetch(`${sidecar.urls["admin"]}/metrics`)).text();
  expect(metrics).toMatch(
    /^mdc_frames_offered_total\{mdc_endpoint="sklearn-iris",.*mdc_collection="request"\} 1$/m,
  );
  expect(metrics.match(/^# TYPE mdc_frames_offered_total/gm)).toHaveLength(1);
  expect((await fetch(`${sidecar.urls["admin"]}/readyz`)).status).toBe(200);
});

test("a body is stored whole up to 1 MiB, and of a longer one its beginning", async () => {
  const { sidecar, stored } = await eventIntake();
  const [whole, long] = [`"${"x".repeat(200_000)}"`, "y".repeat((1 << 20) + 1)];
  expect(await postEvent(sidecar, kserve("request", "1"), whole)).toMatchObject({ status: 200 });
  const plain = { "Content-Type": "text/plain", "Ce-Time": "2026-11-29T08:00:02+00:00" };
  expect(await postEvent(sidecar, kserve("request", "2", plain), long)).toMatchObject({ status: 200 });
  const rows = await stored("request");
  expect(rows.map(({ body, body_size: size, body_truncated: cut }) => [body, size, cut])).toEqual([
    [whole, 200_002n, false],
    [long.slice(0, 1 << 20), BigInt(long.length), true],
  ]);
});

test("structured and batched events have their data as it stands in the text", async () => {
  const { sidecar, stored } = await eventIntake();
  const event = (id: string, rest: string) =>
    `{"specversion":"1.0","id":"${id}","source":"s","type":"org.kubeflow.serving.inference.request","time":"2026-11-29T08:00:00.00${id}Z",${rest}}`;
  const structured = { "Content-Type": "Application/CloudEvents+JSON; charset=utf-8" };
  const batch = { "Content-Type": "application/cloudevents-batch+json" };
  expect(
    await postEvent(sidecar, structured, event("1", '"data": {"b":1.0, "1":9007199254740993}')),
  ).toMatchObject({ status: 200 });
  const events = [
    event("2", '"datacontenttype":"text/plain","data":"caf\\u00e9"'),
    event("3", '"datacontenttype":"application/json","data":"text"'),
    event("4", '"datacontenttype":"application/octet-stream","data_base64":"AP8=","data":null'),
    event("5", '"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"'),
  ];
  expect(await postEvent(sidecar, batch, `[${events.join()}]`)).toMatchObject({ status: 200 });
  const rows = await stored("request");
  expect(rows.map(({ body, content_type: type }) => [body, type])).toEqual([
    ['{"b":1.0, "1":9007199254740993}', "application/json"],
    ["café", "text/plain"],
    ['"text"', "application/json"],
    [null, "application/octet-stream"],
    [null, "application/json"],
  ]);
  expect(rows[3]?.["body_bytes"]).toBe("x00ff");
});

test("what is no event is answered with what is wrong, and of a batch nothing is stored", async () => {
  const { sidecar, stored } = await eventIntake();
  const refused = async (headers: Readonly<Record<string, string>>, body: string) => {
    const { status, text } = await postEvent(sidecar, headers, body);
    return `${status} ${text}`;
  };
  const json = { "Content-Type": "application/cloudevents+json" };
  const good = '"specversion":"1.0","id":"1","source":"s","type":"org.kubeflow.serving.inference.request"';
  expect(await refused({ "Content-Type": "application/json" }, "{}")).toMatch(
    /^400 headers: expected the attribute id/,
  );
  expect(await refused(kserve("request", "1", { "Ce-Type": "io.kserve.inference.response" }), "{}")).toMatch(
    /^400 type: expected/,
  );
  expect(await refused(kserve("request", "1", { "Ce-Time": "now" }), "{}")).toMatch(
    /^400 headers: expected the attribute time/,
  );
  expect(await refused(kserve("request", "1", { "Ce-Specversion": "0.3" }), "{}")).toBe(
    "400 headers: expected specversion 1.0",
  );
  expect(await refused(json, "{")).toMatch(/^400 the body: expected a CloudEvents JSON object, got no JSON/);
  expect(await refused(json, `{${good},"data":1,"data_base64":"AA=="}`)).toBe(
    "400 the body: expected either data or data_base64",
  );
  expect(await refused(json, `{${good},"x":{}}`)).toMatch(/no arrays or objects$/);
  expect(await refused({ "Content-Type": "application/cloudevents+avro" }, "")).toMatch(/^415 /);
  const batch = { "Content-Type": "application/cloudevents-batch+json" };
  expect(await refused(batch, `[{${good}},{${good.replace('"id":"1",', "")}}]`)).toMatch(
    /^400 event 1: expected the attribute id/,
  );
  expect(await postEvent(sidecar, kserve("request", "only"), "{}")).toMatchObject({ status: 200 });
  expect((await stored("request")).map(({ mdc_correlation_id: id }) => id)).toEqual(["only"]);
});

test("beyond the memory that bodies may take, events are answered with 503 and when to come again", async () => {
  const { sidecar, stored } = await eventIntake();
  const url = new URL(sidecar.urls["events"] ?? "");
  const piece = Buffer.alloc(1 << 20, "x");
  const held = await Promise.all(
    ["h-1", "h-2"].map(async (id) => {
      const request = httpRequest(url, {
        method: "POST",
        headers: { ...kserve("request", id), "Content-Length": String(64 << 20) },
      });
      request.on("error", () => {});
      for (let sent = 0; sent < 63; sent++) if (!request.write(piece)) await once(request, "drain");
      return request;
    }),
  );
  const answer = (): Promise<Response> =>
    fetch(url, { method: "POST", headers: kserve("request", "late"), body: Buffer.alloc(4 << 20, "y") });
  const status = async (): Promise<number> => (await answer()).status;
  // What was written is read a little later.
  await expect.poll(status, { timeout: 20_000 }).toBe(503);
  const refused = await answer();
  expect([refused.headers.get("retry-after"), await refused.text()]).toEqual([
    "1",
    "too many bodies are being read\n",
  ]);
  for (const request of held) request.destroy();
  await expect.poll(status, { timeout: 20_000 }).toBe(200);
  expect(await stored("request")).toMatchObject([{ mdc_correlation_id: "late", body_size: 4n << 20n }]);
});

test("with a certificate it speaks TLS", async () => {
  const folder = await tempFolder();
  const certificate = makeCertificate(folder);
  if (certificate === undefined) return expect.unreachable("there is no openssl");
  const { cert, key } = certificate;
  const { sidecar, stored } = await eventIntake(["--events-cert", cert, "--events-key", key]);
  expect(sidecar.urls["events"]).toMatch(/^https:/);
  const ca = await readFile(cert);
  for (const side of ["request", "response"] as const)
    expect(await postEvent(sidecar, kserve(side, "t"), "{}", "/", ca)).toEqual({ status: 200, text: "" });
  expect(await stored("response")).toMatchObject([{ mdc_correlation_id: "t", duration_ms: 250.5 }]);
});

test("a certificate that is renewed holds for new connections, and one that is no pair with its key changes nothing", async () => {
  const [folder, other] = [await tempFolder(), await tempFolder()];
  const [first, second] = [makeCertificate(folder), makeCertificate(other)];
  if (first === undefined || second === undefined) return expect.unreachable("there is no openssl");
  const { sidecar } = await eventIntake(["--events-cert", first.cert, "--events-key", first.key]);
  const shown = async (): Promise<string | undefined> => {
    const { port } = new URL(sidecar.urls["events"] ?? "");
    const socket = connect({ host: "127.0.0.1", port: Number(port), rejectUnauthorized: false });
    await once(socket, "secureConnect");
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256;
  };
  const fingerprint = async (path: string) => new X509Certificate(await readFile(path)).fingerprint256;
  const [before, after] = [await fingerprint(first.cert), await fingerprint(second.cert)];
  expect(await shown()).toBe(before);
  await rename(second.cert, first.cert);
  await until(() => sidecar.told().includes("are no certificate and its private key"));
  expect(await shown()).toBe(before);
  await rename(second.key, first.key);
  await expect.poll(shown, { timeout: 20_000 }).toBe(after);
  expect(await sidecar.end()).toBe(0);
});
