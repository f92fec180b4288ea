import { renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { nodePayloadLogging, type PayloadOptions } from "model-data-collector/http";
import { expect, test } from "vitest";
import { type PayloadServer, payloadServer } from "../../support/payload-server.ts";
import { until } from "../../support/scratch.ts";
import { tempFolder } from "../../support/temp-folder.ts";

const yaml = (headers: string): string => `
endpoint_name: flights
name: blue
data_collector:
  collections:
    request: { enabled: 'True' }
    response: { enabled: 'True' }
  request_logging:
    capture_headers: [${headers}]
`;

async function served(headers: string, options: PayloadOptions = {}) {
  const file = join(await tempFolder(), "blue.yml");
  writeFileSync(file, yaml(headers));
  const server = await payloadServer(
    (deployment) =>
      createServer(
        nodePayloadLogging(
          (_request, response) => {
            const location = "https://a.test/b?sv=1&sig=secret%2B&x=1";
            response
              .writeHead(200, { "X-Model": "late", "Set-Cookie": "a=secret", Location: location })
              .end();
          },
          { deployment, ...options },
        ),
      ),
    { configFile: file },
  );
  return { server, file };
}

const ask = (server: PayloadServer, path: string, headers: Record<string, string> = {}) =>
  fetch(`http://127.0.0.1:${server.port}${path}`, { headers: { "X-Tenant": "t1", ...headers } });

const headersOf = (rows: readonly Readonly<Record<string, unknown>>[]): unknown[] =>
  rows.map((row) => JSON.parse(String(row["http_headers"])));

test("headers that the configuration file names are stored, also when it changes", async () => {
  const { server, file } = await served("X-Tenant, x-model");
  await ask(server, "/one");
  writeFileSync(`${file}.new`, yaml("X-Trace"));
  renameSync(`${file}.new`, file);
  await until(() => server.deployment.config.version > 1);
  await ask(server, "/two", { "x-trace": "7" });
  const { requests, responses } = await server.stored();
  expect(headersOf(requests)).toEqual([{ "x-tenant": "t1" }, { "x-trace": "7" }]);
  expect(headersOf(responses)).toEqual([{ "x-model": "late" }, null]);
});

test("an option that names headers counts alone", async () => {
  const { server } = await served("x-tenant", { captureHeaders: ["X-Model"] });
  await ask(server, "/");
  const { requests, responses } = await server.stored();
  expect(headersOf(requests)).toEqual([null]);
  expect(headersOf(responses)).toEqual([{ "x-model": "late" }]);
});

test("credentials, cookies and signed queries are never stored, whoever names them", async () => {
  const secrets = {
    authorization: "Bearer secret",
    cookie: "a=secret",
    "proxy-authorization": "Basic secret",
    "x-api-key": "secret",
    "x-amz-security-token": "secret",
    "ocp-apim-subscription-key": "secret",
    "x-session-id": "secret",
    "x-user-pwd": "secret",
    "x-sso-ticket": "secret",
    "x-csrf": "secret",
    "x-jwt-assertion": "secret",
    "x-forwarded-by-proxy": "Bearer secret",
  };
  const names = [...Object.keys(secrets), "Set-Cookie", "Location", "X-Tenant"].join(", ");
  const { server } = await served(names);
  const query =
    "?sig=secret&Signature=secret&api_key=secret&X-Amz-Signature=secret&access%5Ftoken=secret&a=1";
  await ask(server, `/score${query}`, secrets);
  const { requests, responses } = await server.stored();
  expect(headersOf(requests)).toEqual([{ "x-tenant": "t1" }]);
  expect(headersOf(responses)).toEqual([{ location: "https://a.test/b?sv=1&sig=***&x=1" }]);
  expect(requests[0]?.["http_query"]).toBe(
    "sig=***&Signature=***&api_key=***&X-Amz-Signature=***&access%5Ftoken=***&a=1",
  );
  expect(JSON.stringify([requests, responses], (_, value: unknown) => String(value))).not.toContain("secret");
});

test("probes leave no row, which the status tells; who asks for them gets them", async () => {
  const { server } = await served("x-tenant");
  await ask(server, "/healthz");
  await ask(server, "/metrics");
  expect(server.deployment.status()).toMatchObject({
    status: "ok",
    reasons: [expect.stringMatching(/probes.*option ignore/)],
  });
  await ask(server, "/health/report/now", {});
  await ask(server, "/score");
  expect((await server.stored()).requests.map((row) => row["http_path"])).toEqual(["/score"]);

  const { server: all } = await served("x-tenant", { ignore: () => false });
  await ask(all, "/healthz");
  expect(all.deployment.status().reasons).toEqual([]);
  expect((await all.stored()).requests).toHaveLength(1);
});
