import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Credential, parseCredential } from "../../../src/destination/credential.ts";
import { parseDestination } from "../../../src/destination/parse-destination.ts";
import { createAzureBlobStore } from "../../../src/store/azure/azure-blob-store.ts";
import { createAzureDatastoreStore } from "../../../src/store/azure/azure-datastore-store.ts";

/*
 * A deployment reads destination and credential when it is opened; the store reads them again where it is
 * made. What one takes the other must take, or data is collected that nothing delivers.
 */

const flights = {
  accountUrl: "https://flights.blob.core.windows.net",
  container: "data",
  prefix: "",
};
const signature: Credential = { kind: "sas", token: "sv=2025-11-05&sig=x" };

/** Undefined if it is refused as misuse; any other error is thrown on. */
function accepted<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code === "INVALID_ARGUMENT") return undefined;
    throw thrown;
  }
}

const blobUrl = (url: string) => {
  const destination = accepted(() => parseDestination(url, "here").destination);
  return destination?.kind === "azure-blob" ? destination : undefined;
};
const storeOf = (location: Partial<typeof flights>, credential: Credential = signature) =>
  accepted(() => createAzureBlobStore({ ...flights, ...location, credential }));

describe("a blob URL", () => {
  it.each([
    "http://acme.localhost/data/a",
    "http://acme.localhost:10000/devstoreaccount1/data",
    "http://[0:0:0:0:0:0:0:1]:10000/devstoreaccount1/data",
    "http://127.1:10000/devstoreaccount1/data",
    "https://FLIGHTS.blob.core.windows.net:443/data",
    "https://flights_1.example.com/data",
    "https://xn--9ca.example.com:8443/data",
  ])("%s is taken by both", (url) => {
    const destination = blobUrl(url);
    expect(destination).toBeDefined();
    expect(storeOf(destination ?? {})).toBeDefined();
  });

  it.each([
    // Absolute names are for resolvers: certificates, and the list of hosts that may have a token, know the
    // name without the dot.
    "https://flights.blob.core.windows.net./data",
    "http://localhost./devstoreaccount1/data",
    "https://flights..example.com/data",
    "https://-flights.example.com/data",
    "https://flights.example.com:0/data",
    "https://flights!.example.com/data",
    "http://10.0.0.1/devstoreaccount1/data",
    "http://[::ffff:127.0.0.1]/devstoreaccount1/data",
    // Endpoints of Data Lake Storage do not answer blob requests.
    "https://flights.dfs.core.windows.net/data",
    "https://flights.z12.dfs.storage.azure.net/data",
  ])("%s is refused by both", (url) => {
    expect(blobUrl(url)).toBeUndefined();
    expect(storeOf({ accountUrl: url.replace(/\/data$/, "") })).toBeUndefined();
  });

  it.each([
    // No name in the root container may have a slash, and all of ours have.
    "$root",
    // The service's own, or served to the whole web.
    "$logs",
    "$web",
    "$blobchangefeed",
    "ab",
    "x".repeat(64),
    "a--b",
    "-ab",
    "ab-",
    "Data",
    "da_ta",
    "da.ta",
  ])("of the container %j is refused by both", (container) => {
    expect(blobUrl(`${flights.accountUrl}/${container}/a`)).toBeUndefined();
    expect(storeOf({ container })).toBeUndefined();
  });

  it.each(["abc", "123", "a-b-c", "x".repeat(63)])("of the container %j is taken by both", (container) => {
    expect(blobUrl(`${flights.accountUrl}/${container}/a`)).toMatchObject({ container });
    expect(storeOf({ container })).toBeDefined();
  });

  it("of an emulator names the account in its host, as Azurite and Azure's library have it, or in its path", () => {
    expect(blobUrl("http://flights.blob.localhost:10000/data/a")).toMatchObject({
      accountUrl: "http://flights.blob.localhost:10000",
      container: "data",
      prefix: "a",
    });
    expect(blobUrl("http://localhost:10000/flights/data/a")).toMatchObject({
      accountUrl: "http://localhost:10000/flights",
      container: "data",
      prefix: "a",
    });
  });

  it("with any prefix is taken by both or by neither", () => {
    const unit = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(..."ab./\\%?# '+é") },
      { weight: 1, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 1 }) },
    );
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 8 }), (units) => {
        const prefix = units.join("");
        // Slashes at its ends are no part of a prefix, and the URL that would say this one cannot be written.
        fc.pre(!/^\/|\/$/.test(prefix) && !/\p{Cs}/u.test(prefix));
        const url = `${flights.accountUrl}/data/${prefix.split("/").map(encodeURIComponent).join("/")}`;
        expect(storeOf({ prefix }) !== undefined).toBe(blobUrl(url) !== undefined);
      }),
      { numRuns: 2_000 },
    );
    const deep = (folders: number) => Array.from({ length: folders }, () => "f").join("/");
    for (const prefix of [deep(50), deep(51), "x".repeat(512), "x".repeat(513), "dot.", "a./b"]) {
      const url = `${flights.accountUrl}/data/${prefix}`;
      expect(storeOf({ prefix }) !== undefined, prefix).toBe(blobUrl(url) !== undefined);
    }
  });
});

describe("a datastore", () => {
  const blobs = {
    subscriptionId: "11111111-2222-3333-4444-555555555555",
    resourceGroup: "rg-1",
    workspace: "ws",
    datastore: "blobs",
    prefix: "a",
  };
  const credential = { kind: "token", getToken: async () => null } as const;

  it.each([
    {},
    { resourceGroup: "rg.(eu)" },
    { resourceGroup: "rg." },
    { resourceGroup: "x".repeat(91) },
    { subscriptionId: "subscription" },
    { workspace: "w" },
    { workspace: "w.s" },
    { datastore: "blob.s" },
    { datastore: "blob(s)" },
    { prefix: "dot." },
    { prefix: "a//b" },
  ])("with %j is taken by both or by neither", (change) => {
    const { subscriptionId, resourceGroup, workspace, datastore, prefix } = { ...blobs, ...change };
    const home = `subscriptions/${subscriptionId}/resourcegroups/${resourceGroup}/workspaces/${workspace}`;
    const uri = `azureml://${home}/datastores/${datastore}/paths/${prefix}`;
    const taken = accepted(() => parseDestination(uri, "here")) !== undefined;
    const store = accepted(() => createAzureDatastoreStore({ ...blobs, ...change, credential }));
    expect(store !== undefined).toBe(taken);
    expect(taken).toBe(Object.keys(change).length === 0 || change.resourceGroup === "rg.(eu)");
  });
});

describe("a credential", () => {
  const endpoint = "BlobEndpoint=https://flights.blob.core.windows.net";

  it.each([
    "sv=2025-11-05&sig=x%3D",
    "?sv=2025-11-05&sig=x%3D",
    // As it is read from a file.
    " sv=2025-11-05&sig=x%3D\n",
    "sv=2025-11-05&%73ig=x%3D",
    "UseDevelopmentStorage=true",
    "usedevelopmentstorage=TRUE;",
    "AccountName=a;AccountKey=a2V5==;",
    `${endpoint};SharedAccessSignature=sv=1&sig=x`,
    `${endpoint};SharedAccessSignature=?sv=1&sig=x`,
    "AccountName=flights;SharedAccessSignature=sv=1&sig=x;EndpointSuffix=core.windows.net",
  ])("%j is taken by both", (text) => {
    const credential = accepted(() => parseCredential(text, "here"))?.reveal();
    expect(credential).toBeDefined();
    expect(storeOf({}, credential)).toBeDefined();
  });

  it.each([
    "sig=hunter2",
    "sv=2025-11-05",
    "sv=2025-11-05&sig=",
    "sv=2025-11-05&sig=hunter2?x",
    "sv=2025-11-05&sig=hunter2 x",
    "sv=2025-11-05&sig=hunter2#x",
    "sv=2025-11-05&sig=hunter2\u0001",
    "sv=2025-11-05&sig=hunter2é",
    // Which of two counts, every library and service decides for itself.
    "sv=2025-11-05&sig=x&sig=hunter2",
    "??sv=2025-11-05&sig=hunter2",
    "UseDevelopmentStorage=false",
    "AccountName=flights",
    "AccountKey=hunter2",
    "AccountName=flights;AccountKey=a2V5;AccountKey=hunter2",
    "AccountName=fl ights;AccountKey=hunter2",
    "AccountName=flights;AccountKey=hunter2\u0001",
    `${endpoint};SharedAccessSignature=hunter2`,
    `${endpoint};SharedAccessSignature=sig=hunter2`,
  ])("%j is refused by both, without being shown", (text) => {
    const signed: Credential = { kind: "sas", token: text };
    const connecting: Credential = { kind: "connection-string", connectionString: text };
    for (const read of [
      () => parseCredential(text, "here"),
      () => createAzureBlobStore({ ...flights, credential: signed }),
      () => createAzureBlobStore({ ...flights, credential: connecting }),
    ]) {
      expect(read).toThrow(RangeError);
      expect(read).not.toThrow(/hunter2/);
    }
  });

  it("of any fields is taken by both or by neither", () => {
    const field = fc.tuple(
      fc.constantFrom(
        "AccountName",
        "AccountKey",
        "SharedAccessSignature",
        "BlobEndpoint",
        "UseDevelopmentStorage",
      ),
      fc.constantFrom(
        "true",
        "a",
        "a2V5==",
        "sv=1&sig=x",
        "?sv=1&sig=x",
        "sig=x",
        "",
        " ",
        "https://a.example.com",
      ),
    );
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 4 }), (fields) => {
        const text = fields.map(([name, value]) => `${name}=${value}`).join(";");
        const taken = accepted(() => parseCredential(text, "here"))?.reveal();
        const credential: Credential = taken ?? { kind: "connection-string", connectionString: text };
        expect(storeOf({}, credential) !== undefined).toBe(taken !== undefined);
      }),
    );
  });
});
