import { resolve } from "node:path";
import { inspect } from "node:util";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readEnvironment } from "../../../src/config/environment.ts";
import { type Machine, stateFolder } from "../../../src/config/state-folder.ts";
import { thrown } from "./thrown.ts";

const linux: Machine = {
  platform: "linux",
  homedir: () => "/home/ada",
  tmpdir: () => "/tmp",
  uid: 7,
};
/** What a message says of a wrong value: never the value, but for a number. */
const shown = (text: string): string =>
  /^\d+(\.\d+)?$/.test(text)
    ? text
    : text.startsWith("http:")
      ? "a URL http://example.com…"
      : `a text of ${text.length} character${text.length === 1 ? "" : "s"}`;
const read = (env: NodeJS.ProcessEnv) => readEnvironment(env, linux);

describe("readEnvironment", () => {
  it("finds nothing in an empty environment", () => {
    expect(read({})).toEqual({
      settings: {},
      credential: undefined,
      configFile: undefined,
      platformFile: undefined,
      workspace: undefined,
      stateFolder: "/home/ada/.local/state",
      temporaryFolder: "/tmp/model-data-collector-7",
      network: {},
    });
  });

  it("reads every variable", () => {
    const { settings, credential } = read({
      MDC_ENDPOINT: "flights",
      MDC_DEPLOYMENT: "blue",
      MDC_MODEL_NAME: "late-arrival",
      MDC_MODEL_VERSION: "3",
      MDC_DESTINATION: "./data",
      MDC_FORMAT: "jsonl",
      MDC_SAMPLING_RATE: "0.25",
      MDC_DISABLED: "no",
      MDC_SPOOL_DIR: "spool",
      AZURE_STORAGE_CONNECTION_STRING: "UseDevelopmentStorage=true",
    });
    expect(settings).toEqual({
      endpoint: "flights",
      deployment: "blue",
      modelName: "late-arrival",
      modelVersion: "3",
      destination: { destination: { kind: "folder", path: resolve("data") }, credential: null },
      format: "jsonl",
      samplingRate: 0.25,
      enabled: true,
      spool: { directory: resolve("spool") },
    });
    expect(credential?.reveal()).toEqual({
      kind: "connection-string",
      connectionString: "UseDevelopmentStorage=true",
    });
  });

  it("passes on how to reach the network, and no other variable", () => {
    const proxies = { HTTPS_PROXY: "http://user:pass@proxy:8080", no_proxy: ".example.com,10.0.0.1" };
    const certificates = { NODE_EXTRA_CA_CERTS: "/etc/ssl/company.pem", SSL_CERT_DIR: "/etc/ssl/certs" };
    const others = { HTTP_PROXY: "", PATH: "/bin", AZURE_CLIENT_SECRET: "x", NODE_OPTIONS: "--inspect" };
    expect(read({ ...proxies, ...certificates, ...others }).network).toEqual({ ...proxies, ...certificates });
    expect(read({ http_proxy: "proxy:3128", NO_PROXY: "a:1" }).network).toEqual({
      http_proxy: "http://proxy:3128",
      NO_PROXY: "a:1",
    });
  });

  it("names hosts that may have a token", () => {
    const read = (value: string) => readEnvironment({ MDC_TRUSTED_HOSTS: value }, linux).trustedHosts;
    expect(read(" Blobs.example.com ,.internal.example.com,")).toEqual([
      "blobs.example.com",
      ".internal.example.com",
    ]);
    expect(read(" ")).toBeUndefined();
    for (const wrong of [
      "https://blobs.example.com",
      "blobs.example.com:443",
      "*.example.com",
      "com",
      ".",
      "a/b.c",
    ]) {
      expect(thrown(() => read(wrong))).toContain(
        "RangeError: environment variable MDC_TRUSTED_HOSTS: expected names of hosts",
      );
    }
  });

  it("names the file to be configured by, and the platform's", () => {
    const platform = { AZUREML_MDC_CONFIG_PATH: "/etc/mdc.json" };
    expect(read({ ...platform, MDC_CONFIG: "blue.yml" })).toMatchObject({
      configFile: { path: resolve("blue.yml"), where: "environment variable MDC_CONFIG" },
      platformFile: {
        path: resolve("/etc/mdc.json"),
        where: "environment variable AZUREML_MDC_CONFIG_PATH",
      },
    });
  });

  it("knows the workspace when the platform tells all three parts of it, and passes over what makes no sense", () => {
    const parts = {
      AZUREML_ARM_SUBSCRIPTION: "11111111-2222-3333-4444-555555555555",
      AZUREML_ARM_RESOURCEGROUP: "rg-1",
      AZUREML_ARM_WORKSPACE_NAME: "ws",
    };
    const { workspace, settings } = read({ ...parts, MDC_DESTINATION: "azureml://datastores/blobs/paths/x" });
    expect(workspace).toEqual({
      subscriptionId: "11111111-2222-3333-4444-555555555555",
      resourceGroup: "rg-1",
      workspace: "ws",
    });
    expect(settings.destination?.destination).toMatchObject({ kind: "azureml-datastore", workspace: "ws" });
    expect(read({ ...parts, AZUREML_ARM_SUBSCRIPTION: "a/b" }).workspace).toBeUndefined();
    expect(read({ ...parts, AZUREML_ARM_WORKSPACE_NAME: undefined }).workspace).toBeUndefined();
  });

  it("takes an empty or blank variable for unset, and blanks around a value for nothing", () => {
    const names = ["ENDPOINT", "CONFIG", "DESTINATION", "SAMPLING_RATE", "DISABLED", "SPOOL_DIR"];
    const blank = Object.fromEntries(names.map((name, i) => [`MDC_${name}`, i % 2 === 0 ? "" : " \t"]));
    expect(read({ ...blank, AZURE_STORAGE_SAS_TOKEN: "" })).toEqual(read({}));
    expect(read({ MDC_ENDPOINT: " flights\n" }).settings.endpoint).toBe("flights");
  });

  it.each(["1", "true", "TRUE", "yes", "On"])("MDC_DISABLED=%s switches off", (word) => {
    expect(read({ MDC_DISABLED: word }).settings.enabled).toBe(false);
  });

  it.each(["0", "false", "NO", "off"])("MDC_DISABLED=%s leaves on", (word) => {
    expect(read({ MDC_DISABLED: word }).settings.enabled).toBe(true);
  });

  it.each([
    ["0", 0],
    ["1", 1],
    ["1.0", 1],
    [".5", 0.5],
    ["0.001", 0.001],
    ["1.", 1],
  ])("MDC_SAMPLING_RATE=%s is %d", (text, rate) => {
    expect(read({ MDC_SAMPLING_RATE: text }).settings.samplingRate).toBe(rate);
  });

  const name =
    'a name of 1 to 63 letters, digits, ".", "_" or "-" that starts with a letter or digit and has no ".."';
  it.each([
    ...["abc", "50%", "1.5", "100", "-0.1", "0x1", "1e-1", "NaN", "Infinity", "0,5", "."].map((text) => [
      "MDC_SAMPLING_RATE",
      text,
      "a number from 0 to 1",
    ]),
    ["MDC_DISABLED", "maybe", "1, true, yes, on, 0, false, no or off"],
    ["MDC_ENDPOINT", "a/b", name],
    ["MDC_DEPLOYMENT", "..", name],
    ["MDC_MODEL_NAME", "a\nb", "a text of 1 to 256 characters without control characters"],
    ["MDC_FORMAT", "csv", '"parquet" or "jsonl" or "azureml"'],
    ["AZUREML_MDC_PORT", "http", "a whole number from 1 to 65535"],
    ["AZUREML_MDC_PORT", "65536", "a whole number from 1 to 65535"],
    ["AZUREML_MDC_HOST", "localhost:50011/x", "the name of a host or its address, without scheme and port"],
    ["MDC_SPOOL_DIR", "a\0b", "the path of a folder"],
    ["MDC_CONFIG", "a\0b", "the path of a file"],
    ["AZUREML_MDC_CONFIG_PATH", "a\0b", "the path of a file"],
    [
      "MDC_DESTINATION",
      "http://example.com/data",
      "https (http is only for this machine, and for an emulator, as http://azurite:10000)",
    ],
  ])("%s=%j is an error that names it", (variable, text, expected) => {
    expect(thrown(() => read({ [variable]: text }))).toBe(
      `RangeError: environment variable ${variable}: expected ${expected}, got ${shown(text)}`,
    );
  });

  it.each([
    [
      "AZURE_STORAGE_CONNECTION_STRING",
      "an Azure storage connection string (AccountName and AccountKey, BlobEndpoint and SharedAccessSignature, " +
        "or UseDevelopmentStorage=true)",
    ],
    ["AZURE_STORAGE_SAS_TOKEN", "a shared access signature (a URL query with sv and sig)"],
  ])("%s is never shown in its refusal", (variable, expected) => {
    for (const text of ["TopSecret", "AccountKey=TopSecret", "sig=TopSecret"]) {
      expect(thrown(() => read({ [variable]: text }))).toBe(
        `RangeError: environment variable ${variable}: expected ${expected}, got "(not shown)"`,
      );
    }
  });

  it("prefers the connection string to the signature, and shows neither", () => {
    const connectionString = "AccountName=a;AccountKey=TopSecret";
    const env = {
      AZURE_STORAGE_CONNECTION_STRING: connectionString,
      AZURE_STORAGE_SAS_TOKEN: "sv=1&sig=TopSecret",
    };
    const environment = read(env);
    expect(environment.credential?.reveal()).toEqual({ kind: "connection-string", connectionString });
    const destination = read({ MDC_DESTINATION: "https://a.blob.core.windows.net/data?sv=1&sig=TopSecret" });
    for (const shown of [environment, destination]) {
      expect(inspect(shown, { depth: 9, showHidden: true }) + JSON.stringify(shown)).not.toContain(
        "TopSecret",
      );
    }
  });

  it("reads the process's own environment by default", () => {
    const before = process.env["MDC_ENDPOINT"];
    try {
      process.env["MDC_ENDPOINT"] = "of-this-process";
      expect(readEnvironment().settings.endpoint).toBe("of-this-process");
    } finally {
      if (before === undefined) delete process.env["MDC_ENDPOINT"];
      else process.env["MDC_ENDPOINT"] = before;
    }
  });

  it("any text is understood or refused under the variable's name", () => {
    const variable = fc.constantFrom(
      "MDC_ENDPOINT",
      "MDC_SAMPLING_RATE",
      "MDC_DESTINATION",
      "AZURE_STORAGE_SAS_TOKEN",
    );
    fc.assert(
      fc.property(variable, fc.string({ unit: "binary", maxLength: 30 }), (name, text) => {
        expect(thrown(() => read({ [name]: text }))).toMatch(
          new RegExp(
            `^nothing thrown$|^RangeError: environment variable ${name}(, query of the URL)?: expected .+, got (a URL|a text|[\\d.]+$|"\\(not shown\\))`,
            "s",
          ),
        );
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("stateFolder", () => {
  const at = (platform: NodeJS.Platform, env: NodeJS.ProcessEnv = {}) =>
    stateFolder(env, { platform, homedir: () => "/home/ada" });

  it("is by the custom of the system", () => {
    expect(at("linux")).toBe("/home/ada/.local/state");
    expect(at("freebsd")).toBe("/home/ada/.local/state");
    expect(at("darwin")).toBe("/home/ada/Library/Application Support");
    expect(at("win32")).toBe("/home/ada/AppData/Local");
  });

  it("can be moved by the user, to an absolute path only", () => {
    expect(at("linux", { XDG_STATE_HOME: "/state" })).toBe("/state");
    expect(at("linux", { XDG_STATE_HOME: "state" })).toBe("/home/ada/.local/state");
    expect(at("linux", { LOCALAPPDATA: "/state" })).toBe("/home/ada/.local/state");
    expect(at("win32", { LOCALAPPDATA: "C:\\Users\\Ada\\AppData\\Local" })).toBe(
      "C:\\Users\\Ada\\AppData\\Local",
    );
  });

  it("is nowhere for a user without a home", () => {
    const homeless = { platform: "linux", homedir: () => "" } as const;
    const unknown: Machine = {
      platform: "linux",
      homedir() {
        throw new Error("uv_os_homedir returned ENOENT");
      },
    };
    expect(stateFolder({}, homeless)).toBeUndefined();
    expect(stateFolder({}, unknown)).toBeUndefined();
    expect(stateFolder({ XDG_STATE_HOME: "/state" }, unknown)).toBe("/state");
  });
});

describe("variables that are almost ours", () => {
  const slips = (env: NodeJS.ProcessEnv) => read(env).slips ?? [];

  it.each([
    ["MDC_SAMPLE_RATE", "did you mean MDC_SAMPLING_RATE?"],
    ["MDC_DESTINATON", "did you mean MDC_DESTINATION?"],
    ["mdc_endpoint", "did you mean MDC_ENDPOINT?"],
    ["MDC_SPOOL_DIRECTORY", "did you mean MDC_SPOOL_DIR?"],
    ["MDC_DEST", "did you mean MDC_DESTINATION?"],
    ["MDC_TRUSTED_HOST", "did you mean MDC_TRUSTED_HOSTS?"],
    ["MDC_ROTATION_MAX_AGE_MS", "rotation.maxAgeMs is set as an option or in a file"],
  ])("%s is told of, without its value", (name, hint) => {
    expect(slips({ [name]: "secret-value" })).toEqual([expect.stringContaining(hint)]);
    expect(slips({ [name]: "secret-value" })[0]).toMatch(
      new RegExp(`^environment variable ${name} is not read; `),
    );
    expect(slips({ [name]: "secret-value" })[0]).not.toContain("secret-value");
  });

  it("is nothing to be told of for ours, for those of a Kubernetes service, and for others'", () => {
    const ours = ["CONFIG", "DESTINATION", "ENDPOINT", "TRUSTED_HOSTS", "SPOOL_DIR", "DISABLED"];
    expect(slips(Object.fromEntries(ours.map((name) => [`MDC_${name}`, ""])))).toEqual([]);
    const others = ["SERVICE_HOST", "PORT", "PORT_8080_TCP_ADDR", "DEPLOYMENT_SERVICE_PORT_HTTP", "LOGGING"];
    expect(slips(Object.fromEntries(others.map((name) => [`MDC_${name}`, "1"])))).toEqual([]);
  });
});
