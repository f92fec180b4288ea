import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { openDeployment } from "model-data-collector";
import { expect, test } from "vitest";
import { expectBalance, scratch, storedRows, until } from "../support/scratch.ts";

const keyName = "MDC_TEST_EMAIL_KEY";
const secret = "a key that is stored nowhere";
const email = "ada@example.com";

/** Everything below a folder, as text. */
const contentOf = (folder: string): string =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.name}\n${readFileSync(join(entry.parentPath, entry.name), "latin1")}`)
    .join("\n");

const yaml = (ours: string): string => `data_collector: { x_mdc: ${ours} }\n`;

test("a file's rules hold from one call to the next, under every policy, and nothing raw is left anywhere", async () => {
  process.env[keyName] = secret;
  const { folder, destination, options } = await scratch();
  const configFile = join(folder, "blue.yml");
  const redact = `redact: { EMAIL: { hmac_key_env: ${keyName} } }`;
  const file = (more: string): void => writeFileSync(configFile, yaml(`{ ${redact}, ${more} }`));
  file("collections: { outputs: { policy: none } }");
  await using deployment = await openDeployment(options({ configFile }));
  const inputs = deployment.collector("inputs", { redact: { email: { truncate: 3 }, note: "drop" } });
  const outputs = deployment.collector("outputs");
  const collect = (n: number): void =>
    void outputs.collect([{ n }], inputs.collect([{ n, email, note: email, nested: { n } }, { n: n + 1 }]));
  const version = (): number => deployment.config.version;

  collect(1);
  for (const [policy, n] of [
    ["hash", 10],
    ["metadata", 20],
    ["full", 30],
  ] as const) {
    const before = version();
    file(
      `hash_key_env: ${keyName}, collections: { inputs: { policy: ${policy} }, outputs: { policy: none } }`,
    );
    await until(() => version() > before);
    collect(n);
  }
  await deployment.flush();

  const rows = await storedRows(destination, "inputs", {
    ...{ n: "float64", email: "string", note: "string", nested: "json", mdc_row_hash: "string" },
    ...{ mdc_config_version: "int32" },
  });
  const hmac = (text: string): string => createHmac("sha256", secret).update(text).digest("hex");
  const mail = hmac(email);
  const seen = rows
    .map((row) => [
      row["mdc_config_version"],
      row["mdc_row_index"],
      row["n"],
      row["email"],
      row["mdc_row_hash"],
    ])
    .toSorted((a, b) => Number(a[0]) - Number(b[0]) || Number(a[1]) - Number(b[1]));
  expect(seen).toEqual([
    [1, 0, 1, mail, null],
    [1, 1, 2, null, null],
    [2, 0, null, null, hmac(JSON.stringify({ email: mail, n: 10, nested: { n: 10 } }))],
    [2, 1, null, null, hmac(JSON.stringify({ n: 11 }))],
    [3, 0, null, null, null],
    [3, 1, null, null, null],
    [4, 0, 30, mail, null],
    [4, 1, 31, null, null],
  ]);
  expect(rows.every(({ note }) => note === null)).toBe(true);
  expect(outputs.stats().frames).toMatchObject({ offered: 4, disabled: 4 });
  expectBalance(deployment.stats());
  await deployment.close();
  const left = contentOf(folder);
  expect(left.includes(email) || left.includes(secret)).toBe(false);
});

test("records of JSON lines have the digest among their data, and a missing key refuses the file", async () => {
  process.env[keyName] = secret;
  const { folder, destination, options } = await scratch();
  const configFile = join(folder, "blue.yml");
  writeFileSync(configFile, yaml(`{ redact: { email: mask }, collections: { inputs: { policy: hash } } }`));
  await using deployment = await openDeployment(options({ configFile, format: "jsonl", onError: () => {} }));
  const inputs = deployment.collector("inputs");
  inputs.collect([{ email }]);
  writeFileSync(configFile, yaml("{ redact: { email: { hmac_key_env: MDC_NOT_SET } } }"));
  await until(() => deployment.status().reasons.length > 0);
  expect(deployment.status().reasons[0]).toMatch(
    /^blue\.yml:1: .*redact.email.hmac_key_env: expected the name/,
  );
  inputs.collect([{ email }]);
  await deployment.flush();
  const lines = contentOf(destination).match(/^\{.*\}$/gm) ?? [];
  const records = lines.map((line) => JSON.parse(line) as { data?: unknown }).filter(({ data }) => data);
  const row = { mdc_row_hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string };
  expect(records.map(({ data }) => data)).toEqual([[row], [row]]);
  expect(contentOf(folder)).not.toContain(email);
});
