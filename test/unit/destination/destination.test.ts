import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { parseS3Endpoint } from "../../../src/destination/s3-url.ts";
import { parseDestination } from "../../../src/destination/parse-destination.ts";
import { thrown } from "../config/thrown.ts";

const parse = (text: unknown) => parseDestination(text, "here");
const error = (text: unknown) => thrown(() => parse(text));

const anything =
  "a folder, a blob URL (https://<account>.blob.core.windows.net/<container>/<prefix>), s3://<bucket>/<prefix> " +
  "or an Azure ML datastore (azureml://subscriptions/…/datastores/<datastore>/paths/<prefix>)";
const blobUrl = "https://<account>.blob.core.windows.net/<container>/<prefix>";
const signature = "sv=2025-11-05&sr=c&sp=rcwl&se=2027-01-01T00%3A00%3A00Z&sig=TopSecret%2Fabc%3D";

describe("a folder", () => {
  it.each([
    ["./collected", resolve("collected")],
    ["collected", resolve("collected")],
    ["../up", resolve("../up")],
    ["/var/lib/collected/", "/var/lib/collected"],
    ["with space & ünïcode", resolve("with space & ünïcode")],
    ["a:b", resolve("a:b")],
    ["C:\\data", resolve("C:\\data")],
    ["file:///var/lib/a%20b", "/var/lib/a b"],
  ])("%j is %j", (text, path) => {
    expect(parse(text)).toEqual({ destination: { kind: "folder", path }, credential: null });
  });

  it("can be given as a file URL object", () => {
    const path = join(resolve("."), "a b#c");
    expect(parse(pathToFileURL(path)).destination).toEqual({ kind: "folder", path });
  });

  it.each([
    ["", `RangeError: here: expected ${anything}, got an empty text`],
    ["  ", `RangeError: here: expected ${anything}, got a text of 2 characters`],
    ["a\0b", `RangeError: here: expected ${anything}, got a text of 3 characters`],
    [
      "~/data",
      'RangeError: here: expected a folder written out in full ("~" means nothing here), got a text of 6 characters',
    ],
    [
      "file:data",
      "RangeError: here: expected a file URL of this machine (file:///path/of/folder), got a URL file://…",
    ],
    [
      "file://server/share",
      "RangeError: here: expected a file URL of this machine (file:///path/of/folder), got a URL file://…",
    ],
    [
      "file:///a?b",
      "RangeError: here: expected a file URL of this machine (file:///path/of/folder), got a URL file://…",
    ],
    [7, `TypeError: here: expected ${anything}, got a number`],
    [null, `TypeError: here: expected ${anything}, got null`],
    ["gs://bucket/key", `RangeError: here: expected ${anything}, got a URL gs://…`],
    ["abfss://c@a.dfs.core.windows.net/x", `RangeError: here: expected ${anything}, got a URL abfss://…`],
    [
      "flights.blob.core.windows.net/data",
      "RangeError: here: expected a blob URL to begin with https://, got a text of 34 characters",
    ],
  ])("%j is refused", (text, message) => {
    expect(error(text)).toBe(message);
  });
});

describe("an S3 URL", () => {
  test.each([
    ["s3://my.bucket-1/a b/ü", "my.bucket-1", "a b/ü"],
    ["S3://box/a%20b/", "box", "a b"],
    ["s3://box", "box", ""],
  ])("%s is bucket and prefix", (text, bucket, prefix) => {
    const { destination, credential } = parseDestination(text.replaceAll(" ", "%20"), "here");
    expect(destination).toEqual({ kind: "s3", bucket, prefix, endpoint: null, region: null });
    expect(credential).toBeNull();
  });

  test.each([
    "s3:",
    "s3:box/p",
    "s3://",
    "s3://ab",
    "s3://Box/p",
    "s3://box_1/p",
    "s3://a..b/p",
    "s3://-box/p",
    "s3://192.168.0.1/p",
    "s3://box--x-s3/p",
    "s3://AKIA:TopSecret@box/p",
    "s3://box/p?region=eu-central-1",
    "s3://box/p#x",
    "s3://box/a/../b",
    "s3://box/a//b",
    "s3://box/a%2Fb",
    "s3://box/a\\b",
  ])("%s is refused, and nothing of it shown", (text) => {
    const message = error(text);
    expect(message).toMatch(/^RangeError: here: expected .+, got (a URL s3:\/\/…|a text)/);
    expect(message).not.toContain("TopSecret");
  });

  test.each([
    ["http://127.0.0.1:9000", "http://127.0.0.1:9000"],
    ["http://minio:9000/", "http://minio:9000"],
    ["http://minio.storage.svc:9000", "http://minio.storage.svc:9000"],
    ["http://10.1.2.3", "http://10.1.2.3"],
    ["https://account.r2.cloudflarestorage.com", "https://account.r2.cloudflarestorage.com"],
  ])("the server %s is taken", (text, origin) => {
    expect(parseS3Endpoint(text, "here")).toBe(origin);
  });

  test.each([
    "minio:9000",
    "http://s3.example.com",
    "http://8.8.8.8",
    "https://key:TopSecret@s3.example.com",
    "https://s3.example.com/path",
    "https://s3.example.com?x=1",
    "ftp://minio",
    "https://s3.example.com:0",
  ])("the server %s is refused", (text) => {
    expect(() => parseS3Endpoint(text, "here")).toThrow(/^here: expected (?!.*TopSecret)/);
  });
});

describe("a blob URL", () => {
  it.each([
    ["https://flights.blob.core.windows.net/data", "https://flights.blob.core.windows.net", "data", ""],
    ["https://flights.blob.core.windows.net/data/", "https://flights.blob.core.windows.net", "data", ""],
    [
      "https://flights.blob.core.windows.net/data/a/b//",
      "https://flights.blob.core.windows.net",
      "data",
      "a/b",
    ],
    ["HTTPS://Flights.Blob.Core.Windows.Net/data/A", "https://flights.blob.core.windows.net", "data", "A"],
    [
      "https://flights.blob.core.windows.net/data/a%20%C3%A9",
      "https://flights.blob.core.windows.net",
      "data",
      "a é",
    ],
    ["https://f.blob.core.chinacloudapi.cn/data/a", "https://f.blob.core.chinacloudapi.cn", "data", "a"],
    ["https://f.blob.core.usgovcloudapi.net/data/a", "https://f.blob.core.usgovcloudapi.net", "data", "a"],
    ["https://f.z12.blob.storage.azure.net/data/a", "https://f.z12.blob.storage.azure.net", "data", "a"],
    [
      "https://f.privatelink.blob.core.windows.net/data",
      "https://f.privatelink.blob.core.windows.net",
      "data",
      "",
    ],
    ["https://blobs.example.com:8443/data/a", "https://blobs.example.com:8443", "data", "a"],
    [
      "http://127.0.0.1:10000/devstoreaccount1/data/a",
      "http://127.0.0.1:10000/devstoreaccount1",
      "data",
      "a",
    ],
    ["http://127.0.0.1:41235/devstoreaccount1/data", "http://127.0.0.1:41235/devstoreaccount1", "data", ""],
    [
      "http://localhost:10000/devstoreaccount1/data/a",
      "http://localhost:10000/devstoreaccount1",
      "data",
      "a",
    ],
    ["http://[::1]:10000/devstoreaccount1/data/a", "http://[::1]:10000/devstoreaccount1", "data", "a"],
    [
      "http://acme.localhost:10000/devstoreaccount1/data",
      "http://acme.localhost:10000/devstoreaccount1",
      "data",
      "",
    ],
    ["https://10.1.2.3/account/data/a", "https://10.1.2.3/account", "data", "a"],
  ])("%s", (url, accountUrl, container, prefix) => {
    const destination = { kind: "azure-blob", accountUrl, container, prefix };
    expect(parse(url)).toEqual({ destination, credential: null });
    expect(parse(new URL(url)).destination).toEqual(destination);
    // As another realm or a library has it: a class of its own, with the same name.
    const other = { [Symbol.toStringTag]: "URL", href: new URL(url).href };
    expect(parse(other).destination).toEqual(destination);
  });

  it("hands a shared access signature back apart", () => {
    const { destination, credential } = parse(`https://flights.blob.core.windows.net/data/a?${signature}`);
    expect(destination).toEqual({
      kind: "azure-blob",
      accountUrl: "https://flights.blob.core.windows.net",
      container: "data",
      prefix: "a",
    });
    expect(credential?.reveal()).toEqual({ kind: "sas", token: signature });
    const shown =
      inspect({ destination, credential }) + JSON.stringify({ destination, credential }) + String(credential);
    expect(shown).not.toContain("TopSecret");
  });

  const path =
    'a path whose parts are not empty, do not end in "." and hold no backslash or control character';
  it.each([
    [
      "https://a.blob.core.windows.net",
      `${blobUrl} (the container is missing)`,
      "https://a.blob.core.windows.net",
    ],
    [
      "https://a.blob.core.windows.net/",
      `${blobUrl} (the container is missing)`,
      "https://a.blob.core.windows.net/",
    ],
    [
      "http://127.0.0.1:10000/devstoreaccount1",
      "http://127.0.0.1:10000/<account>/<container>/<prefix> (the container is missing)",
      "http://127.0.0.1:10000/devstoreaccount1",
    ],
    [
      "http://127.0.0.1:10000/Bad_Account/data",
      "an account name of a-z, 0-9 and -",
      "http://127.0.0.1:10000/Bad_Account/data",
    ],
    [
      "http://a.blob.core.windows.net/data",
      "https (http is only for this machine, and for an emulator, as http://azurite:10000)",
      "http://a.blob.core.windows.net/data",
    ],
    [
      "http://127.0.0.1.example.com/a/data",
      "https (http is only for this machine, and for an emulator, as http://azurite:10000)",
      "http://127.0.0.1.example.com/a/data",
    ],
    [
      "https://a.dfs.core.windows.net/data",
      "the account's blob endpoint, https://a.blob.core.windows.net",
      "https://a.dfs.core.windows.net/data",
    ],
    [
      "https://user:TopSecret@a.example.com/data",
      `${blobUrl} without user and password`,
      "https://a.example.com/data",
    ],
    ["https://user:Top/Secret@a.example.com/data", blobUrl, "https://a.example.com/data"],
    ["https://a.example.com/data#x", `${blobUrl} without a fragment`, "https://a.example.com/data"],
    ["https://a.example.com/data/../other", path, "https://a.example.com/data/../other"],
    ["https://a.example.com/data/%2E%2e/other", path, "https://a.example.com/data/%2E%2e/other"],
    ["https://a.example.com/data/a%2Fb", path, "https://a.example.com/data/a%2Fb"],
    ["https://a.example.com/data/a%5Cb", path, "https://a.example.com/data/a%5Cb"],
    ["https://a.example.com/data/a%00b", path, "https://a.example.com/data/a%00b"],
    ["https://a.example.com/data/a//b", path, "https://a.example.com/data/a//b"],
    ["https://a.example.com/data/a./b", path, "https://a.example.com/data/a./b"],
    ...["%2523", "%23", "%3F", "a%25b"].map((part): [string, string, string] => [
      `https://a.example.com/data/${part}`,
      "a path without %, ? and # in its parts",
      `https://a.example.com/data/${part}`,
    ]),
    ["https://a.example.com/data/%EF%BF%BE", path, "https://a.example.com/data/%EF%BF%BE"],
    ["https://a.example.com/data/%zz", path, "https://a.example.com/data/%zz"],
    ["https://a.example.com/data\\..\\other", blobUrl, "https://a.example.com/data\\..\\other"],
    ["https://a.example.com/da\nta", blobUrl, "https://a.example.com/da\nta"],
    ["https://", blobUrl, "https://"],
    ["https:a.example.com/data", blobUrl, "https:a.example.com/data"],
    ["https://a b/data", blobUrl, "https://a b/data"],
    ...["Data", "da", "-data", "data-", "da--ta", "da_ta", "$root", "x".repeat(64)].map((container) => [
      `https://a.example.com/${container}`,
      'a container name of 3 to 63 a-z, 0-9 and single "-" between them',
      `https://a.example.com/${container}`,
    ]),
  ])("%j is refused", (url, expected, got) => {
    const host = url.includes("@") || url.includes(" ") ? "" : /^https?:(?:\/\/)?([^/?#\\]*)/.exec(got)?.[1];
    expect(error(url)).toBe(
      `RangeError: here: expected ${expected}, got a URL ${url.split(":")[0]}://${host}…`,
    );
  });

  it("takes a prefix of 512 characters and no more", () => {
    const url = (length: number) => `https://a.example.com/data/${"x".repeat(length)}`;
    expect(parse(url(512)).destination).toMatchObject({ prefix: "x".repeat(512) });
    expect(error(url(513))).toContain("expected a prefix of at most 512 characters");
  });

  it("refuses a query that is no signature, without showing it", () => {
    expect(error("https://a.example.com/data?sig=TopSecret")).toBe(
      "RangeError: here, query of the URL: expected a shared access signature (a URL query with sv and sig), " +
        'got "(not shown)"',
    );
  });
});

describe("an Azure ML datastore", () => {
  const long =
    "azureml://subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/rg-1/workspaces/ws/datastores/blobs";
  const expected =
    "azureml://subscriptions/<id>/resourcegroups/<group>/workspaces/<workspace>/datastores/<datastore>/paths/<prefix>";

  it.each([
    [`${long}/paths/collected/a%20b/`, "collected/a b"],
    [`${long}/paths/`, ""],
    [long, ""],
    [`${long}/paths/x`.replace("resourcegroups", "resourceGroups"), "x"],
  ])("%s", (uri, prefix) => {
    expect(parse(uri).destination).toEqual({
      kind: "azureml-datastore",
      subscriptionId: "11111111-2222-3333-4444-555555555555",
      resourceGroup: "rg-1",
      workspace: "ws",
      datastore: "blobs",
      prefix,
    });
  });

  it.each([
    "azureml://",
    "azureml:asset:1",
    `${long}/files/x`,
    `${long}?a=b`,
    long.replace("11111111", "1111"),
    long.replace("rg-1", "rg 1"),
    long.replace("workspaces", "workspace"),
  ])("%s is refused", (uri) => {
    expect(error(uri)).toMatch(`RangeError: here: expected ${expected}, got a URL azureml://`);
  });

  it("the short form is refused, with the long one as advice", () => {
    expect(error("azureml://datastores/blobs/paths/x")).toBe(
      `RangeError: here: expected the long form, ${expected} (the short one needs AZUREML_ARM_SUBSCRIPTION, ` +
        "AZUREML_ARM_RESOURCEGROUP and AZUREML_ARM_WORKSPACE_NAME), got a URL azureml://…",
    );
  });

  it("in the short form is one of the workspace that the surroundings name", () => {
    const workspace = {
      subscriptionId: "11111111-2222-3333-4444-555555555555",
      resourceGroup: "rg-1",
      workspace: "ws",
    };
    const short = (uri: string) => parseDestination(uri, "here", { workspace }).destination;
    expect(short("azureml://datastores/blobs/paths/a/b")).toEqual(parse(`${long}/paths/a/b`).destination);
    expect(short("azureml://Datastores/blobs")).toEqual(parse(long).destination);
    for (const wrong of [
      "azureml://datastores",
      "azureml://datastores/b l",
      "azureml://datastores/blobs/files/x",
    ]) {
      expect(thrown(() => short(wrong))).toMatch(
        /^RangeError: here: expected azureml:\/\/datastores\/<datastore>\/paths\/<prefix>, got a URL azureml:\/\/…/,
      );
    }
  });

  it("a name that would change the request's path is refused", () => {
    expect(error(`${long.replace("/ws/", "/../")}/paths/x`)).toContain("expected a path whose parts");
    expect(error(`${long.replace("/ws/", "/a%2Fb/")}/paths/x`)).toContain("expected a path whose parts");
  });
});

describe("secrets in a destination", () => {
  it.each([
    "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=TopSecret==;EndpointSuffix=core.windows.net",
    "BlobEndpoint=https://a.blob.core.windows.net;SharedAccessSignature=sv=1&sig=TopSecret",
    `a.blob.core.windows.net/data?${signature}`,
    `data?${signature}`,
    `http://example.com/data?${signature}`,
    `https://u:TopSecret@a.example.com/data?${signature}`,
    `https://a.example.com/?${signature}`,
    `https://a.example.com/data/../x?${signature}`,
    `https://a.example.com/data?${signature}#`,
    `https://a.example.com/data? ${signature}`,
    `ftp://u:TopSecret@a.example.com/data?${signature}`,
    `azureml://x?${signature}`,
    `file:///a?${signature}`,
  ])("are not shown in the refusal of %s", (text) => {
    const message = error(text);
    expect(message).toMatch(/^RangeError: here/);
    expect(message).not.toContain("TopSecret");
  });

  it("are not shown whatever surrounds them", () => {
    const part = fc.stringMatching(/^[a-z:/?#@.\\ %-]{0,12}$/);
    fc.assert(
      fc.property(
        fc.constantFrom("https://", "http://", "azureml://", "file://", "x://"),
        part,
        part,
        (scheme, a, b) => {
          const message = error(`${scheme}${a}?${b}&sv=1&sig=TopSecret`);
          expect(message).not.toContain("TopSecret");
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

it("a text is either understood or refused by a clear error", () => {
  const scheme = fc.constantFrom("", "https://", "http://127.0.0.1/", "azureml://", "file://", "https:");
  fc.assert(
    fc.property(scheme, fc.string({ unit: "binary", maxLength: 40 }), (start, rest) => {
      const text = start + rest;
      try {
        expect(["folder", "azure-blob", "azureml-datastore"]).toContain(parse(text).destination.kind);
      } catch (refusal) {
        expect(refusal).toBeInstanceOf(RangeError);
        expect(String(refusal)).toMatch(
          /^RangeError: here(, query of the URL)?: expected .+, got (a URL|a text|an empty text|"\(not shown\)"|a name)/s,
        );
      }
    }),
    { numRuns: 3_000 },
  );
});
