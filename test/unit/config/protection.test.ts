import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createConfigHandle } from "../../../src/config/config-handle.ts";
import { effectiveCollection, effectiveProtection } from "../../../src/config/deployment-config.ts";
import { readEnvironment } from "../../../src/config/environment.ts";
import { readDeploymentFile } from "../../../src/config/file/deployment-file.ts";
import { layered, parseDeploymentOptions } from "../../../src/config/settings.ts";
import { resolveDeploymentConfig } from "./resolve-config.ts";
import { thrown } from "./thrown.ts";

const environment = readEnvironment({}, { platform: "linux", homedir: () => "/home/ada" });
const key = "MDC_TEST_KEY";
beforeEach(() => void (process.env[key] = "TopSecret"));
afterEach(() => void delete process.env[key]);

const fileOf = (ours: string) =>
  readDeploymentFile(`data_collector:\n  x_mdc:\n    ${ours}\n`, "blue.yml", undefined).settings;

describe("redact of a file", () => {
  test("is read by lower-case column, for all and for one", () => {
    const { redact, collections } = fileOf(
      `{ redact: { Email: drop, b: { truncate: 4 }, c: { hmac_key_env: ${key} } }, collections: { A: { redact: { n: mask }, policy: hash } } }`,
    );
    expect(redact).toEqual({ email: "drop", b: { truncate: 4 }, c: { hmacKeyEnv: key } });
    expect(collections?.get("a")).toEqual({ redact: { n: "mask" }, policy: "hash" });
  });

  test.each([
    [
      "redact: { email: { hmac_key_env: MDC_NOT_SET } }",
      /blue\.yml:3: .*redact.email.* is set, and holds a key, got a text/,
    ],
    ["redact: { email: { hmac_key_env: ' ' } }", /holds a key, got a text of 1 character$/],
    [
      "redact: { email: { hmac_key: TopSecret } }",
      /redact.email: expected only hmac_key_env, truncate, got "hmac_key"/,
    ],
    ["redact: { email: hash }", /expected "drop" or "mask", got a text of 4 characters/],
    ["redact: { email: { truncate: -1 } }", /from 0 to/],
    ["redact: { email: {} }", /one of hmac_key_env and truncate/],
    ["redact: { email: drop, EMAIL: mask }", /names that differ in more than case/],
    [
      "collections: { a: { policy: some } }",
      /blue\.yml:3: .*policy: expected "full" or "hash" or "metadata" or "none"/,
    ],
    ["hash_key_env: MDC_NOT_SET", /holds a key/],
  ])("%s is refused", (ours, message) => {
    const refused = thrown(() => fileOf(ours));
    expect(refused).toMatch(message);
    expect(refused).not.toContain("TopSecret");
  });

  test("may name a variable whose value is blank no more than one that is not set", () => {
    process.env[key] = "  ";
    expect(thrown(() => fileOf(`redact: { a: { hmac_key_env: ${key} } }`))).toContain("holds a key");
  });
});

describe("what several say", () => {
  test("comes to the strictest of each column and of the policies, whoever is on top", () => {
    const options = parseDeploymentOptions(
      {
        redact: { a: "mask", b: { truncate: 2 }, c: { truncate: 9 }, only: "drop" },
        collections: { x: { policy: "metadata" }, y: { policy: "full" } },
      },
      "openDeployment",
      {},
    );
    const file = fileOf(
      `{ redact: { a: drop, b: { truncate: 5 }, c: { hmac_key_env: ${key} } }, collections: { X: { policy: hash }, y: { policy: none } } }`,
    );
    for (const both of [
      [options, file],
      [file, options],
    ]) {
      const { redact, collections } = layered(both);
      expect(redact).toEqual({ a: "drop", b: { truncate: 2 }, c: { hmacKeyEnv: key }, only: "drop" });
      expect([collections?.get("x")?.policy, collections?.get("y")?.policy]).toEqual(["metadata", "none"]);
    }
  });

  test("an update is taken back by the next one, and neither it nor a null takes away what others say", () => {
    const handle = createConfigHandle(
      resolveDeploymentConfig(
        { collections: { x: { policy: "hash", redact: { b: "drop" }, samplingRate: 0.5 } } },
        environment,
      ),
    );
    const effective = () => ({
      ...effectiveCollection(handle.current, "X"),
      ...effectiveProtection(handle.current, "X"),
    });
    handle.update({ redact: { A: "mask" }, collections: { x: { policy: "none" } } });
    expect(effective()).toEqual({
      ...{ enabled: false, samplingRate: 0.5, policy: "none" },
      redact: { a: "mask", b: "drop" },
    });
    handle.update({ redact: {}, collections: { x: { policy: "full" } } });
    expect(effective()).toMatchObject({ enabled: true, policy: "hash", redact: { b: "drop" } });
    handle.update({ collections: { x: null } });
    expect(effective()).toEqual({ enabled: true, samplingRate: 1, policy: "hash", redact: { b: "drop" } });
    expect(Object.isFrozen(handle.current.collections.get("x")?.redact)).toBe(true);
  });

  test("a missing key refuses an update, and what held goes on", () => {
    const handle = createConfigHandle(resolveDeploymentConfig({ redact: { a: "mask" } }, environment));
    const before = handle.current;
    expect(thrown(() => handle.update({ redact: { a: { hmacKeyEnv: "MDC_NOT_SET" } } }))).toMatch(
      /deployment.update option redact.a.hmacKeyEnv: expected the name of an environment variable/,
    );
    expect(handle.current).toBe(before);
    handle.update({ redact: { b: { hmacKeyEnv: key } } });
    expect(JSON.stringify(handle.current)).not.toContain("TopSecret");
  });
});
