import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import tls from "node:tls";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { resolveAzureDatastore } from "../../src/store/azure/azure-datastore.ts";
import { type Azurite, startAzurite } from "../support/azurite.ts";
import { certifiedHost, makeCertificate } from "../support/bearer-token.ts";
import type { ChildResult } from "../support/child.ts";
import { type ForwardProxy, startForwardProxy } from "../support/forward-proxy.ts";
import { runScript, scratch } from "../support/scratch.ts";
import { disposableFolder } from "../support/temp-folder.ts";

/** No company's proxy of the machine that the tests run on. */
const noProxies = Object.fromEntries(
  ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"].flatMap((name) => [
    [name, undefined],
    [name.toLowerCase(), undefined],
  ]),
);

/** Collects one frame in a process of its own, which says how many were delivered, and what it heard. */
async function collectOne(env: Record<string, string | undefined>): Promise<ChildResult & Outcome> {
  const script = `import { openDeployment } from "model-data-collector";
    const heard = [];
    const deployment = await openDeployment({ onError: (error) => heard.push(error.message) });
    deployment.collector("model_inputs").collect([{ a: 1 }]);
    await deployment.flush({ deadlineMs: Number(process.env.DEADLINE ?? 30_000) }).catch(() => {});
    const { delivered } = deployment.stats().frames;
    const told = { delivered, heard, reasons: deployment.status().reasons };
    await deployment.close({ deadlineMs: 100 });
    console.log(JSON.stringify(told));`;
  const { env: places } = await scratch();
  const result = await runScript(script, { env: { ...places, ...noProxies, ...env } });
  return { ...result, ...(JSON.parse(result.stdout) as Outcome) };
}

interface Outcome {
  readonly delivered: number;
  readonly heard: readonly string[];
  readonly reasons: readonly string[];
}

async function proxyFor(port: number, password?: string): Promise<ForwardProxy> {
  const proxy = await startForwardProxy(port, password);
  onTestFinished(() => proxy.close());
  return proxy;
}

/** Azurite speaks https with a certificate, and trusting that at run time needs a recent Node. */
const possible = "setDefaultCACertificates" in tls && spawnSync("openssl", ["version"]).status === 0;

test("Azurite is reached over http by the name that docker compose gives it", async () => {
  const plain = await startAzurite();
  onTestFinished(() => plain.stop());
  await plain.container("box");
  // In place of compose's name server: a proxy that leads every host to Azurite.
  const proxy = await proxyFor(plain.port);
  const told = await collectOne({
    MDC_DESTINATION: "http://azurite:10000/devstoreaccount1/box",
    AZURE_STORAGE_CONNECTION_STRING: "UseDevelopmentStorage=true",
    HTTP_PROXY: proxy.url,
  });
  expect(told).toMatchObject({ delivered: 1, heard: [], stderr: "" });
  expect(new Set(proxy.asked)).toEqual(new Set(["azurite:10000"]));
});

describe.skipIf(!possible)("a company's proxy and certificate", () => {
  let folder: Awaited<ReturnType<typeof disposableFolder>>;
  let azurite: Azurite;
  let env: Record<string, string>;
  beforeAll(async () => {
    folder = await disposableFolder();
    const certificate = makeCertificate(folder.path);
    if (certificate === undefined) throw new Error("openssl made no certificate");
    azurite = await startAzurite({ tls: certificate });
    // For this process's own client; the ones that are tested are told by the variable.
    tls.setDefaultCACertificates([...tls.getCACertificates(), await readFile(certificate.cert, "utf8")]);
    await azurite.container("box");
    env = {
      NODE_EXTRA_CA_CERTS: certificate.cert,
      MDC_DESTINATION: `https://${certifiedHost}:10000/devstoreaccount1/box`,
      AZURE_STORAGE_CONNECTION_STRING: azurite.connectionString,
    };
  });
  afterAll(async () => {
    await azurite?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  test.each(["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])("%s is the way to the destination", async (name) => {
    const proxy = await proxyFor(azurite.port);
    expect(await collectOne({ ...env, [name]: proxy.url })).toMatchObject({ delivered: 1, heard: [] });
    expect(new Set(proxy.asked)).toEqual(new Set([`${certifiedHost}:10000`]));
  });

  test("a proxy is asked with the user and password of its URL, which nothing shows", async () => {
    const proxy = await proxyFor(azurite.port, "c4n4ry");
    const right = await collectOne({ ...env, HTTPS_PROXY: proxy.url });
    expect(right).toMatchObject({ delivered: 1, heard: [] });
    const wrong = await collectOne({
      ...env,
      HTTPS_PROXY: proxy.url.replace("c4n4ry", "wr0ng"),
      DEADLINE: "3000",
    });
    expect(wrong.delivered).toBe(0);
    const proxyHost = new URL(proxy.url).host;
    expect(wrong.heard.join("\n")).toContain("user and password in HTTPS_PROXY");
    expect(wrong.heard.join("\n")).toContain(`through the proxy ${proxyHost}`);
    expect(`${right.stdout}${wrong.stdout}${wrong.stderr}`).not.toMatch(/c4n4ry|wr0ng/);
  });

  test("a proxy without a scheme is an http one", async () => {
    const proxy = await proxyFor(azurite.port);
    const { host } = new URL(proxy.url);
    expect(await collectOne({ ...env, HTTPS_PROXY: host })).toMatchObject({ delivered: 1, heard: [] });
  });

  test("NO_PROXY names the hosts that are asked directly", async () => {
    const proxy = await proxyFor(azurite.port);
    const around = { ...env, HTTPS_PROXY: proxy.url, NO_PROXY: "elsewhere.invalid,.mdc-test.invalid" };
    const { delivered, heard } = await collectOne({ ...around, DEADLINE: "3000" });
    expect(delivered).toBe(0);
    expect(proxy.asked).toEqual([]);
    expect(heard.join("\n")).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });

  test("this machine's own emulator is asked directly", async () => {
    const proxy = await proxyFor(azurite.port);
    const own = { ...env, MDC_DESTINATION: `${azurite.url}/box`, HTTPS_PROXY: proxy.url };
    expect(await collectOne(own)).toMatchObject({ delivered: 1, heard: [] });
    expect(proxy.asked).toEqual([]);
  });

  test("a workspace is asked for its datastore through the proxy, too", async () => {
    const answer = {
      properties: { datastoreType: "AzureBlob", accountName: "flights", containerName: "box" },
    };
    const read = (file: string): Promise<string> => readFile(join(folder.path, file), "utf8");
    const [key, cert] = await Promise.all([read("key.pem"), read("cert.pem")]);
    const asked: string[] = [];
    const server = createServer({ key, cert }, (request, response) => {
      asked.push(`${request.headers.authorization} ${request.url?.split("/").at(-1)}`);
      response.end(JSON.stringify(answer));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const proxy = await proxyFor((server.address() as AddressInfo).port);
    vi.stubEnv("HTTPS_PROXY", proxy.url);
    onTestFinished(() => void vi.unstubAllEnvs());
    const reference = {
      subscriptionId: "00000000-0000-0000-0000-000000000001",
      resourceGroup: "group",
      workspace: "space",
      datastore: "store",
      prefix: "p",
    };
    const token = { token: "c4n4ry", expiresOnTimestamp: Date.now() + 3_600_000 };
    const location = await resolveAzureDatastore(reference, {
      credential: { getToken: () => Promise.resolve(token) },
      managementUrl: `https://${certifiedHost}`,
    });
    expect(location.accountUrl).toBe("https://flights.blob.core.windows.net");
    expect(asked).toEqual([expect.stringMatching(/^Bearer c4n4ry store\?api-version=/)]);
    expect(proxy.asked).toEqual([`${certifiedHost}:443`]);
  });

  test("a proxy that is not there is named", async () => {
    const away = await startForwardProxy(azurite.port);
    await away.close();
    const { delivered, heard } = await collectOne({ ...env, HTTPS_PROXY: away.url, DEADLINE: "3000" });
    expect(delivered).toBe(0);
    expect(heard.join("\n")).toContain(`ECONNREFUSED, through the proxy ${new URL(away.url).host}`);
  });

  test("without the certificate nothing is delivered, and the reason is told", async () => {
    const proxy = await proxyFor(azurite.port);
    const blind = { ...env, NODE_EXTRA_CA_CERTS: undefined, HTTPS_PROXY: proxy.url, DEADLINE: "3000" };
    const { delivered, heard } = await collectOne(blind);
    expect(delivered).toBe(0);
    expect(heard.join("\n")).toContain("certificate is not trusted");
  });
});
