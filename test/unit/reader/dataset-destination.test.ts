import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openDataset, StoreError } from "../../../src/reader.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** What `DefaultAzureCredential` was made with. */
const made: unknown[] = [];

vi.mock("@azure/identity", () => ({
  DefaultAzureCredential: class {
    constructor(options: { managedIdentityClientId?: string }) {
      made.push(options.managedIdentityClientId);
    }
    getToken(): Promise<never> {
      return Promise.reject(new Error("nobody is signed in"));
    }
  },
}));

const names = ["MDC_DESTINATION", "MDC_CONFIG", "AZUREML_MDC_CONFIG_PATH", "MDC_TRUSTED_HOSTS", "HOME"];
const credentials = ["AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_SAS_TOKEN"];
const workspace = ["AZUREML_ARM_SUBSCRIPTION", "AZUREML_ARM_RESOURCEGROUP", "AZUREML_ARM_WORKSPACE_NAME"];

beforeEach(() => {
  for (const name of [...names, ...credentials, ...workspace]) vi.stubEnv(name, "");
  made.length = 0;
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** The path of a deployment YAML. */
async function fileWith(lines: readonly string[]): Promise<string> {
  const path = join(await tempFolder(), "blue.yml");
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

const rootOf = async (...args: Parameters<typeof openDataset>): Promise<string> => {
  await using data = await openDataset(...args);
  return data.root;
};

describe("without a root", () => {
  test("a dataset is what the environment names, else the configuration file, else ./collected", async () => {
    const folder = await tempFolder();
    vi.spyOn(process, "cwd").mockReturnValue(folder);
    expect(await rootOf()).toBe(join(folder, "collected"));
    const path = await fileWith(["data_collector:", "  x_mdc:", "    destination: ./mine"]);
    vi.stubEnv("MDC_CONFIG", path);
    expect(await rootOf()).toBe(path.replace("blue.yml", "mine"));
    vi.stubEnv("MDC_DESTINATION", "./theirs");
    expect(await rootOf(undefined, { endpoint: "flights" })).toBe(join(folder, "theirs"));
    expect(await rootOf("./given")).toBe(join(folder, "given"));
  });

  test("its errors name what is wrong", async () => {
    vi.stubEnv("MDC_DESTINATION", "ftp://example.com/x");
    await expect(openDataset()).rejects.toThrow(/^environment variable MDC_DESTINATION: expected a folder, /);
    vi.stubEnv("MDC_DESTINATION", "");
    vi.stubEnv("MDC_CONFIG", join(await tempFolder(), "none.yml"));
    await expect(openDataset()).rejects.toThrow(/^environment variable MDC_CONFIG: expected a text file/);
  });
});

describe("a dataset", () => {
  const url = "https://flights.blob.core.windows.net/data/a";
  const clientId = "11111111-2222-3333-4444-555555555555";
  const collections = [
    "data_collector:",
    "  collections:",
    `    model_inputs: { enabled: 'True', client_id: ${clientId} }`,
  ];

  test("is read as the identity that the configuration file names, as the service writes", async () => {
    vi.stubEnv("MDC_CONFIG", await fileWith(collections));
    for (const root of [url, undefined]) {
      if (root === undefined) vi.stubEnv("MDC_DESTINATION", url);
      await using data = await openDataset(root);
      await expect(data.collections()).rejects.toMatchObject({
        failure: "configuration",
        operation: "token",
      });
    }
    expect(made).toEqual([clientId, clientId]);
  });

  test("is read as who the machine is where nothing names one", async () => {
    await using data = await openDataset(url);
    const thrown = await data.collections().catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(StoreError);
    expect(thrown).toMatchObject({ failure: "configuration", operation: "token" });
    expect(made).toEqual([undefined]);
  });

  test("is read with the credential given, without looking for another", async () => {
    vi.stubEnv("MDC_CONFIG", await fileWith(collections));
    const asked: unknown[] = [];
    const credential = {
      getToken: (scopes: string | string[]) => {
        asked.push(scopes);
        return Promise.resolve(null);
      },
    };
    await using data = await openDataset(url, { credential });
    await expect(data.collections()).rejects.toMatchObject({ operation: "token" });
    expect([made, asked.length > 0]).toEqual([[], true]);
  });

  test("of the workspace that this process belongs to has the short form, as a deployment takes it", async () => {
    const short = "azureml://datastores/blobs/paths/a";
    await expect(openDataset(short)).rejects.toThrow(/^openDataset: root: expected the long form, /);
    vi.stubEnv("AZUREML_ARM_SUBSCRIPTION", clientId);
    vi.stubEnv("AZUREML_ARM_RESOURCEGROUP", "rg-1");
    vi.stubEnv("AZUREML_ARM_WORKSPACE_NAME", "ws");
    expect(await rootOf(short)).toBe("azureml datastore blobs of workspace ws, paths/a");
  });

  test("in a folder that was named needs nothing of the environment", async () => {
    vi.stubEnv("MDC_CONFIG", "none.yml");
    vi.stubEnv("AZURE_STORAGE_SAS_TOKEN", "sig=hunter2");
    expect(await rootOf("/data")).toBe("/data");
  });

  test("refuses a credential that is none, without showing it", async () => {
    await expect(openDataset(url, { credential: "sig=hunter2" })).rejects.toThrow(
      /^openDataset: credential: expected a token credential .+ got "\(not shown\)"$/,
    );
  });
});
