import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createConfigHandle } from "../../../src/config/config-handle.ts";
import { isProtectedAlike } from "../../../src/config/deployment-config.ts";
import { readEnvironment } from "../../../src/config/environment.ts";
import { readOurFile } from "../../../src/config/file/our-settings.ts";
import { policyOfRoutes, routesMatcher } from "../../../src/config/payload/route-patterns.ts";
import { layered, type Settings } from "../../../src/config/settings.ts";
import { resolveDeploymentConfig } from "./resolve-config.ts";
import { thrown } from "./thrown.ts";

const machine = { platform: "linux", homedir: () => "/home/ada" } as const;
const key = "MDC_TEST_KEY";
beforeEach(() => void (process.env[key] = "TopSecret"));
afterEach(() => void delete process.env[key]);

const fileOf = (yaml: string): Settings => readOurFile(yaml, "blue.mdc.yml", undefined).settings;
const environmentOf = (env: NodeJS.ProcessEnv): Settings => readEnvironment(env, machine).settings;

describe("payload in a file", () => {
  test("has the options of code, with underscores", () => {
    const { payload } = fileOf(`
payload:
  max_body_bytes: 65536
  decode: 'True'
  redact:
    request: { $.user.email: { hmac_key_env: ${key} }, $..Card: drop, "messages[*].content": { truncate: 80 } }
    response: [$.token, "$['any name']"]
  policy: { /score: full, "POST /admin/*": none, "*": metadata }
  ignore: [GET /ping, /internal/*]
  tabular: { columns: { inputs: [distance, origin], outputs: [late] } }
`);
    expect(payload).toEqual({
      maxBodyBytes: 65_536,
      decode: true,
      redact: {
        request: {
          "$..Card": "drop",
          "$.user.email": { hmacKeyEnv: key },
          "messages[*].content": { truncate: 80 },
        },
        response: { "$.token": "mask", "$['any name']": "mask" },
      },
      policy: [{ "/score": "full", "POST /admin/*": "none", "*": "metadata" }],
      ignore: ["GET /ping", "/internal/*"],
      tabular: { inputs: ["distance", "origin"], outputs: ["late"] },
    });
    expect(fileOf("payload: { policy: hash, tabular: true }").payload).toEqual({
      policy: [{ "*": "hash" }],
      tabular: {},
    });
    expect(fileOf("payload: { tabular: 'false' }").payload).toEqual({ tabular: null });
  });

  test.each([
    ["max_body_bytes: -1", "max_body_bytes: expected a whole number of bytes from 0 to 67108864, got -1"],
    [
      "max_body_byte: 1",
      'payload: expected a known name (did you mean "max_body_bytes"?), got "max_body_byte"',
    ],
    [
      "redact: { request: ['$.a', '$.b..'] }",
      "request[1], character 6: expected a name (in quotes: ['…']) or *, got the end of the path",
    ],
    ["redact: { requests: [] }", 'redact: expected a known name (did you mean "request"?), got "requests"'],
    [
      "redact: { request: { $.a: { hmac_key: TopSecret } } }",
      'request, path "$.a": expected only hmac_key_env, truncate, got "hmac_key"',
    ],
    ["redact: { request: { $.a: { hmac_key_env: MDC_NOT_SET } } }", "is set, and holds a key"],
    ["policy: some", 'policy: expected "full" or "hash" or "metadata" or "none"'],
    ["policy: [full]", "policy: expected a policy, or an object of policies by route, got"],
    [
      "policy: { /a: full, score: full }",
      'policy, route 2: expected a route such as "/score", "/v1/*" or "POST /score", got a text of 5 characters',
    ],
    ["ignore: /ping", "ignore: expected a list of routes, got a text of 5 characters"],
    ["ignore: [get /ping]", "ignore[0]: expected a route such as"],
    ["tabular: { columns: { inputs: [mdc_id] } }", "columns.inputs: expected a good column name"],
    ["tabular: maybe", "tabular: expected 'True' or 'False'"],
  ])("%s is refused, with its line", (yaml, message) => {
    const refused = thrown(() => fileOf(`# ours\npayload:\n  ${yaml}`));
    expect(refused).toMatch(/^(Type|Range)Error: blue\.mdc\.yml:[23]: payload/);
    expect(refused).toContain(message);
    expect(refused).not.toContain("TopSecret");
  });
});

describe("payload in the environment", () => {
  test("has a variable for each setting: words, lists, and what a file has in JSON", () => {
    expect(
      environmentOf({
        MDC_CAPTURE_HEADERS: "X-Tenant, accept",
        MDC_PAYLOAD_MAX_BODY_BYTES: "65536",
        MDC_PAYLOAD_LARGE_BODIES: "aside",
        MDC_PAYLOAD_DECODE: "true",
        MDC_PAYLOAD_REDACT_REQUEST: "$.user.email, $..card",
        MDC_PAYLOAD_REDACT_RESPONSE: `{"$.id":{"hmac_key_env":"${key}"}}`,
        MDC_PAYLOAD_POLICY: '{"/score":"full","*":"hash"}',
        MDC_PAYLOAD_IGNORE: "GET /ping,/internal/*",
        MDC_PAYLOAD_TABULAR: '{"columns":{"outputs":["late"]}}',
      }),
    ).toMatchObject({
      captureHeaders: ["x-tenant", "accept"],
      payload: {
        maxBodyBytes: 65_536,
        largeBodies: "aside",
        decode: true,
        redact: {
          request: { "$.user.email": "mask", "$..card": "mask" },
          response: { "$.id": { hmacKeyEnv: key } },
        },
        policy: [{ "/score": "full", "*": "hash" }],
        ignore: ["GET /ping", "/internal/*"],
        tabular: { outputs: ["late"] },
      },
    });
    expect(environmentOf({ MDC_PAYLOAD_POLICY: "metadata", MDC_PAYLOAD_IGNORE: "[]" }).payload).toEqual({
      policy: [{ "*": "metadata" }],
      ignore: [],
    });
  });

  test.each([
    ["MDC_PAYLOAD_DECODE", "yes", "expected true or false, got a text of 3 characters"],
    [
      "MDC_PAYLOAD_MAX_BODY_BYTES",
      "1 MiB",
      "expected a whole number of bytes from 0 to 67108864, got a text",
    ],
    ["MDC_PAYLOAD_REDACT_REQUEST", "$.a,$.b c", "[1], character 4: expected"],
    ["MDC_PAYLOAD_POLICY", '{"/a":"all"}', ", route 1: expected"],
  ])("%s=%s is refused by its name", (name, value, message) => {
    const refused = thrown(() => environmentOf({ [name]: value }));
    expect(refused).toContain(`environment variable ${name}`);
    expect(refused).toContain(message);
  });
});

test("of what protects the strictest holds, of the rest what counts first", () => {
  const upper = environmentOf({
    MDC_PAYLOAD_POLICY: "hash",
    MDC_PAYLOAD_REDACT_REQUEST: '{"$.a":{"truncate":9},"$.b":"mask"}',
    MDC_PAYLOAD_DECODE: "false",
  });
  const lower = fileOf(
    "payload: { policy: { /a: none, '*': full }, redact: { request: { $.a: drop, $.c: mask } }, decode: true }",
  );
  const { payload } = layered([upper, lower]);
  expect(payload?.redact?.request).toEqual({ "$.a": "drop", "$.b": "mask", "$.c": "mask" });
  expect(payload?.decode).toBe(false);
  const policy = policyOfRoutes(payload?.policy ?? []);
  expect(policy({ method: "GET", path: "/a" })).toBe("none");
  expect(policy({ method: "GET", path: "/b" })).toBe("hash");
});

test("a config takes what a file says of payloads, and another protection of bodies is told", () => {
  const environment = readEnvironment({}, machine);
  const handle = createConfigHandle(resolveDeploymentConfig({}, environment));
  const before = handle.current;
  const said = { ...before, payload: { ...before.payload, policy: [{ "*": "hash" } as const] } };
  handle.rebase(said);
  expect(handle.current).toMatchObject({ version: 2, payload: { policy: [{ "*": "hash" }] } });
  expect(isProtectedAlike(before, handle.current)).toBe(false);
  handle.update({ samplingRate: 0.5 });
  expect(handle.current.payload).toEqual(said.payload);
});

describe("a route", () => {
  test.each([
    ["/score", "GET /score", true],
    ["/score", "GET /score/1", false],
    ["/score", "GET /Score", true],
    ["/Score*", "GET /score/1", true],
    ["/a%20b", "GET /a%20b", true],
    ["/admin/*", "GET /%61dmin/x", true],
    ["/admin/*", "GET /admin", false],
    ["/*/score", "POST /v1/models/m/score", true],
    ["/a*a", "GET /a", false],
    ["/a*b*b", "GET /ab", false],
    ["/a*b*b", "GET /abb", true],
    ["*", "GET *", true],
    ["POST /score", "POST /score", true],
    ["POST /score", "GET /score", false],
    ["GET /score", "HEAD /score", true],
    ["HEAD /score", "GET /score", true],
    ["/%zz", "GET /%ZZ", true],
  ])("%s has %s: %s", (pattern, asked, matches) => {
    const [method = "", path = ""] = asked.split(/ (.*)/);
    expect(routesMatcher([pattern])({ method, path })).toBe(matches);
  });

  test("of several patterns the longest counts, in whatever order, and of equal ones the strictest", () => {
    const rules = { "*": "metadata", "/v1/*": "none", "/v1/score": "full", "/v1/scor*": "hash" } as const;
    const policy = policyOfRoutes([rules]);
    expect(policy({ method: "POST", path: "/other" })).toBe("metadata");
    expect(policy({ method: "POST", path: "/v1/x" })).toBe("none");
    expect(policy({ method: "POST", path: "/v1/score" })).toBe("hash");
    expect(policyOfRoutes([{ "/a": "none" }])({ method: "GET", path: "/b" })).toBe("full");
  });
});
