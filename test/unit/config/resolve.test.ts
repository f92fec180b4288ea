import { join, resolve } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { effectiveCollection } from "../../../src/config/deployment-config.ts";
import type { DeploymentOptions } from "../../../src/config/deployment-options.ts";
import { readEnvironment } from "../../../src/config/environment.ts";
import { resolveDeployment } from "../../../src/config/resolve.ts";
import { resolveDeploymentConfig } from "./resolve-config.ts";
import { thrown } from "./thrown.ts";

/** What protects a collection of which nothing is said. */
const unprotected = { policy: "full", redact: {} } as const;
const machine = { platform: "linux", homedir: () => "/home/ada" } as const;
const environment = (env: NodeJS.ProcessEnv = {}) => readEnvironment(env, machine);
const config = (options: DeploymentOptions = {}, env: NodeJS.ProcessEnv = {}) =>
  resolveDeploymentConfig(options, environment(env));
/** What wrong options give, past the compiler. */
const refusal = (options: unknown) => thrown(() => config(options as DeploymentOptions));

const MiB = 1024 * 1024;

describe("defaults", () => {
  it("are what the documentation says", () => {
    expect(config()).toEqual({
      version: 1,
      endpoint: "default",
      deployment: "default",
      modelName: null,
      modelVersion: null,
      destination: { kind: "folder", path: resolve("collected") },
      format: "parquet",
      agent: { host: "127.0.0.1", port: 50_011 },
      rollingRate: "hour",
      enabled: true,
      killSwitch: false,
      redact: {},
      hashKeyEnv: null,
      samplingRate: 1,
      keep: [],
      flightRecorder: { maxBytes: null },
      captureNext: 0,
      collections: new Map(),
      othersEnabled: true,
      captureHeaders: [],
      payload: {
        maxBodyBytes: MiB,
        largeBodies: "truncate",
        decode: false,
        redact: { request: {}, response: {} },
        policy: [],
        ignore: ["GET /health*", "GET /live*", "GET /metrics", "GET /ready*"],
        tabular: null,
      },
      clientId: null,
      spool: {
        directory: expect.stringMatching(
          /^\/home\/ada\/\.local\/state\/model-data-collector\/spool\/collected-[0-9a-f]{16}$/,
        ),
        durability: "group",
        fsync: "interval",
        flushIntervalMs: 20,
        fsyncIntervalMs: 1_000,
        maxBytes: 1024 * MiB,
        minFreeBytes: 512 * MiB,
      },
      limits: {
        maxMemoryBytes: 128 * MiB,
        maxFrameBytes: 32 * MiB,
        maxFrameRows: 1_000_000,
        maxFrameColumns: 2_000,
        maxStringBytes: 65_536,
        maxCollectMs: 50,
      },
      rotation: { maxAgeMs: 60_000, maxBytes: 32 * MiB },
      profiles: null,
      table: "none",
    });
  });

  it("hold for options that are undefined", () => {
    expect(
      config({
        endpoint: undefined,
        spool: { maxBytes: undefined },
        limits: undefined,
        collections: undefined,
      }),
    ).toEqual(config());
  });

  it("give each destination a spool of its own, whatever the endpoint", () => {
    const spools = (options: DeploymentOptions) => config(options).spool.directory;
    const blob = "https://flights.blob.core.windows.net";
    const directories = [
      spools({ destination: "/a/collected" }),
      spools({ destination: "/b/collected" }),
      spools({ destination: `${blob}/data` }),
      spools({ destination: `${blob}/data/collected` }),
      spools({ destination: "https://trains.blob.core.windows.net/data" }),
    ];
    expect(new Set(directories).size).toBe(directories.length);
    expect(directories[2]).toMatch(/\/data-[0-9a-f]{16}$/);
    expect(spools({ destination: "/a/collected", endpoint: "e", deployment: "d", format: "jsonl" })).toBe(
      directories[0],
    );
    expect(spools({ destination: `${blob}/data?sv=1&sig=x` })).toBe(directories[2]);
  });

  it("of a deployment that posts to the local agent are a spool of its own, and posts after a second", () => {
    const files = config({ destination: "./data" });
    const posts = config({ destination: "./data", format: "azureml" });
    expect(posts.rotation).toEqual({ ...files.rotation, maxAgeMs: 1_000 });
    expect(posts.spool.directory).toMatch(/\/azureml-agent-[0-9a-f]{16}$/);
    expect(config({ format: "azureml" }).spool).toEqual(posts.spool);
  });

  it.each(["day", "minute"] as const)(
    "warn of JSON lines by %s, of which monitoring finds nothing",
    (rollingRate) => {
      const slips = (options: DeploymentOptions) => resolveDeployment(options, readEnvironment({})).slips;
      expect(slips({ format: "jsonl", rollingRate })?.join()).toContain("set the rolling rate to hour");
      expect(slips({ format: "jsonl" })).toEqual([]);
      expect(slips({ format: "parquet", rollingRate })).toEqual([]);
    },
  );

  it("put the spool of a user without a home into a private folder among the temporary ones", () => {
    const machine = { platform: "linux", homedir: () => "", tmpdir: () => "/tmp", uid: 7 } as const;
    const homeless = readEnvironment({}, machine);
    const options = { destination: "https://flights.blob.core.windows.net/data" };
    const { config: found, spoolPlace } = resolveDeployment(options, homeless);
    expect(found.spool.directory).toMatch(/^\/tmp\/model-data-collector-7\/spool\/data-[0-9a-f]{16}$/);
    expect(spoolPlace).toEqual({
      givenBy: undefined,
      folders: [{ directory: found.spool.directory, home: "/tmp/model-data-collector-7" }],
    });
  });

  it("name that folder as the second for everybody else, and none beside one that was given", () => {
    const spools = (options: DeploymentOptions, env: NodeJS.ProcessEnv = {}) =>
      resolveDeployment(options, environment(env)).spoolPlace;
    const { givenBy, folders } = spools({});
    expect(givenBy).toBeUndefined();
    expect(folders.map(({ home }) => home)).toEqual([
      undefined,
      expect.stringContaining("model-data-collector-"),
    ]);
    expect(folders[0]?.directory.split("/").at(-1)).toBe(folders[1]?.directory.split("/").at(-1));
    expect(spools({ spool: { directory: "/a" } }, { MDC_SPOOL_DIR: "/b" })).toEqual({
      givenBy: "openDeployment option spool.directory",
      folders: [{ directory: "/a" }],
    });
    expect(spools({}, { MDC_SPOOL_DIR: "/b" })).toEqual({
      givenBy: "environment variable MDC_SPOOL_DIR",
      folders: [{ directory: "/b" }],
    });
  });
});

describe("sources", () => {
  it("an option comes before the environment, and that before the default", () => {
    const env = {
      MDC_ENDPOINT: "env",
      MDC_SAMPLING_RATE: "0.25",
      MDC_DISABLED: "1",
      MDC_SPOOL_DIR: "/env/spool",
    };
    expect(config({}, env)).toMatchObject({
      endpoint: "env",
      deployment: "default",
      samplingRate: 0.25,
      enabled: false,
      spool: { directory: "/env/spool", durability: "group" },
    });
    const options = {
      endpoint: "option",
      samplingRate: 0,
      enabled: true,
      spool: { directory: "/option" },
    } as const;
    expect(config(options, env)).toMatchObject({
      endpoint: "option",
      samplingRate: 0,
      enabled: true,
      spool: { directory: "/option" },
    });
  });

  it("are laid over one another field by field within a group", () => {
    const { spool } = config({ spool: { maxBytes: 5 * MiB } }, { MDC_SPOOL_DIR: "/env/spool" });
    expect(spool).toMatchObject({ directory: "/env/spool", maxBytes: 5 * MiB, minFreeBytes: 512 * MiB });
  });

  it("null as a model's name is an answer, not an absence", () => {
    expect(config({ modelName: null }, { MDC_MODEL_NAME: "late" }).modelName).toBeNull();
  });

  it("a relative folder is taken from the current directory once", () => {
    expect(config({ spool: { directory: "spool" } }).spool.directory).toBe(resolve("spool"));
  });
});

describe("collections", () => {
  const { collections, ...rest } = config({
    samplingRate: 0.5,
    collections: {
      Model_Inputs: {},
      model_outputs: { samplingRate: 0.1 },
      request: { enabled: false, samplingRate: null },
      late: undefined as never,
    },
  });

  it("are kept by lower-case name, with what they take over filled in", () => {
    expect([...collections]).toEqual([
      ["model_inputs", { enabled: true, samplingRate: 0.5, inheritsSamplingRate: true, ...unprotected }],
      ["model_outputs", { enabled: true, samplingRate: 0.1, inheritsSamplingRate: false, ...unprotected }],
      ["request", { enabled: false, samplingRate: 0.5, inheritsSamplingRate: true, ...unprotected }],
    ]);
  });

  it("are found in any case, and those not named are on at the deployment's rate", () => {
    const whole = { ...rest, collections };
    expect(effectiveCollection(whole, "MODEL_OUTPUTS")).toMatchObject({ enabled: true, samplingRate: 0.1 });
    expect(effectiveCollection(whole, "Request")).toMatchObject({ enabled: false, samplingRate: 0.5 });
    expect(effectiveCollection(whole, "other")).toMatchObject({ enabled: true, samplingRate: 0.5 });
    expect(effectiveCollection(whole, "constructor")).toMatchObject({ enabled: true, samplingRate: 0.5 });
    expect(effectiveCollection({ ...whole, enabled: false }, "other").enabled).toBe(false);
  });
});

describe("the snapshot", () => {
  const snapshot = config({ collections: { a: {} }, credential: "UseDevelopmentStorage=true" });

  it("is frozen through and through", () => {
    for (const part of [snapshot, snapshot.destination, snapshot.spool, snapshot.limits, snapshot.rotation]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    expect(Object.isFrozen(snapshot.collections.get("a"))).toBe(true);
    expect(() => (snapshot.collections as Map<string, unknown>).clear()).toThrow(TypeError);
    expect(() => (snapshot.collections as Map<string, unknown>).set("b", {})).toThrow(TypeError);
    expect(() => (snapshot.collections as Map<string, unknown>).delete("a")).toThrow(TypeError);
    expect(snapshot.collections.size).toBe(1);
  });

  it("can be cloned into another thread", () => {
    const clone = structuredClone(snapshot);
    expect({ ...clone, collections: [...clone.collections] }).toEqual({
      ...snapshot,
      collections: [...snapshot.collections],
    });
  });

  it("does not follow the options it was made of", () => {
    const options = { collections: { a: { samplingRate: 0.5 } }, limits: { maxFrameRows: 5 } };
    const made = config(options);
    options.collections.a.samplingRate = 1;
    options.limits.maxFrameRows = 6;
    expect(made.collections.get("a")?.samplingRate).toBe(0.5);
    expect(made.limits.maxFrameRows).toBe(5);
  });
});

describe("the credential", () => {
  const connectionString = "DefaultEndpointsProtocol=https;AccountName=env;AccountKey=a2V5";
  const sas = (name: string) => `sv=2025-11-05&sig=${name}`;
  const blob = (name: string) => `https://flights.blob.core.windows.net/data?${sas(name)}`;
  const credential = (options: DeploymentOptions, env: NodeJS.ProcessEnv) =>
    resolveDeployment(options, environment(env)).credential?.reveal();

  it("is the option's, then the destination's, then the environment's, then left to the platform", () => {
    const env = {
      MDC_DESTINATION: blob("env-destination"),
      AZURE_STORAGE_CONNECTION_STRING: connectionString,
      AZURE_STORAGE_SAS_TOKEN: sas("env"),
    };
    const token = (name: string) => ({ kind: "sas", token: sas(name) });
    expect(credential({ credential: sas("option"), destination: blob("destination") }, env)).toEqual(
      token("option"),
    );
    expect(credential({ destination: blob("destination") }, env)).toEqual(token("destination"));
    expect(credential({}, env)).toEqual(token("env-destination"));
    expect(credential({}, { ...env, MDC_DESTINATION: "" })).toEqual({
      kind: "connection-string",
      connectionString,
    });
    expect(credential({}, { AZURE_STORAGE_SAS_TOKEN: `?${sas("env")}` })).toEqual(token("env"));
    expect(resolveDeployment({}, environment()).credential).toBeNull();
  });

  it("of one cloud is refused at another's destination", () => {
    const s3 = { destination: "s3://box/p" };
    expect(() => credential({ ...s3, credential: sas("option") }, {})).toThrow(
      "openDeployment option credential: expected none where the destination is in S3: AWS's own variables, " +
        "files and roles say who we are, got one of Azure",
    );
    expect(() => credential({ credential: connectionString }, { MDC_DESTINATION: "s3://box" })).toThrow(
      "in S3",
    );
    expect(resolveDeployment(s3, environment({ AZURE_STORAGE_SAS_TOKEN: sas("env") })).config).toMatchObject({
      destination: { kind: "s3", bucket: "box" },
    });
    const keys = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "c4n4ry" };
    const wrong = { destination: blob("x"), credential: keys as never };
    expect(() => credential(wrong, {})).toThrow(
      /^openDeployment option credential: expected a token .*, got keys of AWS, which are given as AWS's own /,
    );
  });

  it("of one destination is not used for another", () => {
    const env = { MDC_DESTINATION: blob("secret") };
    expect(credential({ destination: "https://other.blob.core.windows.net/data" }, env)).toBeUndefined();
  });
});

it("hands listeners through", () => {
  const onError = () => {};
  const onStats = () => {};
  const waitUntil = () => {};
  const listeners = { onError, onStats, waitUntil };
  expect(resolveDeployment(listeners, environment())).toMatchObject(listeners);
});

describe("wrong options are refused by name, kind and range", () => {
  const name =
    'a name of 1 to 63 letters, digits, ".", "_" or "-" that starts with a letter or digit and has no ".."';
  const model = "a text of 1 to 256 characters without control characters";
  /** A text that was given is never shown; the name of an option, a collection or a known value is. */
  const names = ['"sampleRate"', '"A"', '"(not shown)"'];
  const shown = (got: string): string => {
    if (!got.startsWith('"') || names.includes(got)) return got;
    const { length } = JSON.parse(got) as string;
    if (length === 0) return "an empty text";
    return `a text of ${length} ${length === 1 ? "character" : "characters"}`;
  };
  const kind = (option: string, expected: string, got: string) =>
    `TypeError: openDeployment option ${option}: expected ${expected}, got ${/^\d+$/.test(got) ? "a number" : got === "5n" ? "a bigint" : shown(got)}`;
  const value = (option: string, expected: string, got: string) =>
    `RangeError: openDeployment option ${option}: expected ${expected}, got ${shown(got)}`;

  it.each<[options: unknown, message: string]>([
    [null, "TypeError: openDeployment options: expected a plain object, got null"],
    ["x", "TypeError: openDeployment options: expected a plain object, got a text of 1 character"],
    [[], "TypeError: openDeployment options: expected a plain object, got an array of 0"],
    [new Map(), "TypeError: openDeployment options: expected a plain object, got an object (Map)"],

    [{ endpoint: 5 }, kind("endpoint", name, "5")],
    [{ endpoint: "" }, value("endpoint", name, '""')],
    [{ endpoint: "a/b" }, value("endpoint", name, '"a/b"')],
    [{ endpoint: "_a" }, value("endpoint", name, '"_a"')],
    [{ endpoint: "a..b" }, value("endpoint", name, '"a..b"')],
    [{ endpoint: "a\n" }, value("endpoint", name, '"a\\n"')],
    [{ deployment: "x".repeat(64) }, value("deployment", name, JSON.stringify("x".repeat(64)))],
    [{ deployment: null }, kind("deployment", name, "null")],

    [{ modelName: 3 }, kind("modelName", model, "3")],
    [{ modelName: "" }, value("modelName", model, '""')],
    [{ modelVersion: "a\tb" }, value("modelVersion", model, '"a\\tb"')],
    [{ modelVersion: "\ud800" }, value("modelVersion", model, '"\\ud800"')],
    [{ modelVersion: "x".repeat(257) }, value("modelVersion", model, JSON.stringify("x".repeat(257)))],

    [{ format: "csv" }, value("format", '"parquet" or "jsonl" or "azureml"', '"csv"')],
    [{ format: 1 }, kind("format", '"parquet" or "jsonl" or "azureml"', "1")],
    [
      { rollingRate: "Hour" },
      value("rollingRate", '"day" or "hour" or "minute" (did you mean "hour"?)', '"Hour"'),
    ],
    [{ enabled: "true" }, kind("enabled", "true or false", '"true"')],
    [{ samplingRate: "50%" }, kind("samplingRate", "a number from 0 to 1", '"50%"')],
    [{ samplingRate: 50 }, value("samplingRate", "a number from 0 to 1", "50")],
    [{ samplingRate: -0.1 }, value("samplingRate", "a number from 0 to 1", "-0.1")],
    [{ samplingRate: Number.NaN }, value("samplingRate", "a number from 0 to 1", "NaN")],
    [{ samplingRate: null }, kind("samplingRate", "a number from 0 to 1", "null")],

    [{ collections: [] }, kind("collections", "a plain object", "an array of 0")],
    [{ collections: new Map() }, kind("collections", "a plain object", "an object (Map)")],
    [{ collections: { "a b": {} } }, value("collections.a b", name, '"a b"')],
    [{ collections: JSON.parse('{"__proto__": {}}') }, value("collections.__proto__", name, '"__proto__"')],
    [{ collections: { a: {}, A: {} } }, value("collections.A", "each name once, in whatever case", '"A"')],
    [{ collections: { a: true } }, kind("collections.a", "a plain object", "true")],
    [{ collections: { a: null } }, kind("collections.a", "a plain object", "null")],
    [{ collections: { a: { enabled: "True" } } }, kind("collections.a.enabled", "true or false", '"True"')],
    [
      { collections: { a: { samplingRate: 2 } } },
      value("collections.a.samplingRate", "a number from 0 to 1", "2"),
    ],
    [
      { collections: { a: { sampleRate: 1 } } },
      value("collections.a", 'a known name (did you mean "samplingRate"?)', '"sampleRate"'),
    ],

    [{ spool: "x" }, kind("spool", "a plain object", '"x"')],
    [{ spool: { directory: 1 } }, kind("spool.directory", "the path of a folder", "1")],
    [{ spool: { directory: " " } }, value("spool.directory", "the path of a folder", '" "')],
    [
      { spool: { durability: "disk" } },
      value("spool.durability", '"memory" or "group" or "frame"', '"disk"'),
    ],
    [{ spool: { fsync: true } }, kind("spool.fsync", '"never" or "interval" or "batch"', "true")],

    [{ credential: 5 }, kind("credential", credentialKinds(), "a number")],
    [{ credential: {} }, kind("credential", credentialKinds(), "an object (Object)")],
    [{ credential: "TopSecret" }, value("credential", credentialKinds(), '"(not shown)"')],
    [
      { configFile: "./deployment.yml" },
      'RangeError: openDeployment option configFile: expected a text file that can be read (ENOENT: no such file or directory), got "deployment.yml"',
    ],
    [{ configFile: 5 }, kind("configFile", "the path of a file", "5")],
    [{ onError: "log" }, kind("onError", "a function", '"log"')],
    [{ onStats: {} }, kind("onStats", "a function", "an object (Object)")],
    [{ waitUntil: true }, kind("waitUntil", "a function", "true")],
    [
      { destination: 5 },
      expect.stringContaining("TypeError: openDeployment option destination: expected a folder, ") as never,
    ],
  ])("%j", (options, message) => {
    expect(refusal(options)).toEqual(message);
  });

  it.each([
    ["limits.maxMemoryBytes", 65_536, 64 * 1024 * 1024 * 1024, "of bytes "],
    ["limits.maxFrameBytes", 1_024, 1024 * MiB, "of bytes "],
    ["limits.maxFrameRows", 1, 100_000_000, ""],
    ["limits.maxFrameColumns", 1, 10_000, ""],
    ["limits.maxStringBytes", 64, 64 * MiB, "of bytes "],
    ["limits.maxCollectMs", 1, 60_000, "of milliseconds "],
    ["rotation.maxAgeMs", 1, 86_400_000, "of milliseconds "],
    ["rotation.maxBytes", 1_024, 1024 * MiB, "of bytes "],
    ["spool.flushIntervalMs", 1, 60_000, "of milliseconds "],
    ["spool.fsyncIntervalMs", 1, 3_600_000, "of milliseconds "],
    ["spool.maxBytes", MiB, 16 * 1024 * 1024 * MiB, "of bytes "],
    ["spool.minFreeBytes", 0, 16 * 1024 * 1024 * MiB, "of bytes "],
  ])("%s is a whole number from %d to %d", (option, least, most, unit) => {
    const [group, field] = option.split(".") as [keyof DeploymentOptions, string];
    const set = (got: unknown) => ({ [group]: { [field]: got } });
    const read = (got: number) =>
      (config(set(got)) as unknown as Record<string, Record<string, number>>)[group]?.[field];
    const expected = `a whole number ${unit}from ${least} to ${most}`;
    expect(read(least)).toBe(least);
    expect(read(most)).toBe(most);
    expect(refusal(set(least - 1))).toBe(value(option, expected, String(least - 1)));
    expect(refusal(set(most + 1))).toBe(value(option, expected, String(most + 1)));
    expect(refusal(set(least + 0.5))).toBe(value(option, expected, String(least + 0.5)));
    expect(refusal(set(Number.POSITIVE_INFINITY))).toBe(value(option, expected, "Infinity"));
    expect(refusal(set("5"))).toBe(kind(option, expected, '"5"'));
    expect(refusal(set(5n))).toBe(kind(option, expected, "5n"));
  });

  it("minus zero is zero", () => {
    expect(Object.is(config({ samplingRate: -0 }).samplingRate, 0)).toBe(true);
    expect(Object.is(config({ spool: { minFreeBytes: -0 } }).spool.minFreeBytes, 0)).toBe(true);
  });

  it.each([
    ["samplngRate", "samplingRate"],
    ["sampling_rate", "samplingRate"],
    ["SAMPLINGRATE", "samplingRate"],
    ["end-point", "endpoint"],
    ["rolling_rate", "rollingRate"],
    ["onerror", "onError"],
    ["credentials", "credential"],
    ["limit", "limits"],
  ])("an unknown name %s suggests %s", (unknown, known) => {
    expect(refusal({ [unknown]: "TopSecret" })).toBe(
      `RangeError: openDeployment options: expected a known name (did you mean "${known}"?), got "${unknown}"`,
    );
  });

  it("an unknown name like no other lists the known ones", () => {
    expect(refusal({ rotation: { sasToken: "TopSecret" } })).toBe(
      'RangeError: openDeployment option rotation: expected only maxAgeMs, maxBytes, got "sasToken"',
    );
  });

  it("also names that every object has", () => {
    for (const unknown of ["constructor", "toString", "hasOwnProperty"]) {
      expect(refusal({ [unknown]: 1 })).toMatch(/^RangeError: openDeployment options: expected /);
    }
    expect(refusal(JSON.parse('{"__proto__": {"enabled": false}}'))).toMatch(
      /^RangeError: openDeployment options: /,
    );
  });

  it("errors carry a code", () => {
    try {
      config({ samplingRate: 2 });
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
    }
  });

  it("nothing that is given makes it fail otherwise", () => {
    const names = [
      "endpoint",
      "destination",
      "samplingRate",
      "collections",
      "spool",
      "limits",
      "credential",
      "onError",
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.anything({ withNullPrototype: true, withBigInt: true }),
        (option, got) => {
          const message = refusal({ [option]: got });
          expect(message).toMatch(
            /^nothing thrown$|^(TypeError|RangeError): openDeployment option .+: expected .+, got /s,
          );
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

function credentialKinds(): string {
  return "a token credential (an object with getToken), an Azure storage connection string or a shared access signature";
}

it("a spool directory is used as it is", () => {
  expect(config({ spool: { directory: join("/", "var", "spool") } }).spool.directory).toBe("/var/spool");
});
