import { describe, expect, it } from "vitest";
import { createAzureBlobStore } from "../../../src/store/azure/azure-blob-store.ts";
import { isStorageScope, mayHaveToken } from "../../../src/destination/token-host.ts";

const getToken = async () => ({ token: "t", expiresOnTimestamp: Date.now() + 3_600_000 });

describe("a token", () => {
  it.each([
    "account.blob.core.windows.net",
    "account.privatelink.blob.core.windows.net",
    "account.z12.blob.storage.azure.net",
    "account.blob.core.chinacloudapi.cn",
    "account.blob.core.usgovcloudapi.net",
    "127.0.0.1",
    "[::1]",
    "localhost",
  ])("may go to %s", (host) => {
    expect(mayHaveToken(host, [])).toBe(true);
  });

  it.each([
    "blobs.example.com",
    "account.blob.core.windows.net.example.com",
    "blob.core.windows.net",
    "accountblob.core.windows.net",
    "example.net",
    "10.0.0.1",
    "169.254.169.254",
    "127.0.0.1.example.com",
    "",
  ])("may not go to %j, unless that is named", (host) => {
    expect(mayHaveToken(host, [])).toBe(false);
    expect(mayHaveToken(host, [host])).toBe(true);
  });

  it("may go below a domain that is named with a dot, and to nothing beside it", () => {
    expect(mayHaveToken("blobs.example.com", [".example.com"])).toBe(true);
    expect(mayHaveToken("example.com", [".example.com"])).toBe(false);
    expect(mayHaveToken("badexample.com", [".example.com"])).toBe(false);
    expect(mayHaveToken("a.blobs.example.com", ["blobs.example.com"])).toBe(false);
  });

  it("is refused at construction, other credentials are not", () => {
    const open = (accountUrl: string, trustedHosts?: readonly string[]) =>
      createAzureBlobStore({
        accountUrl,
        container: "box",
        prefix: "",
        credential: { kind: "token", getToken, ...(trustedHosts ? { trustedHosts } : {}) },
      });
    expect(() => open("https://blobs.example.com")).toThrow(
      /expected a host of Azure Storage, or one that MDC_TRUSTED_HOSTS names/,
    );
    expect(() => open("http://127.0.0.1:10000/devstoreaccount1")).toThrow(/https/);
    void open("https://blobs.example.com", ["blobs.example.com"]).close();
    void open("https://127.0.0.1:10000/devstoreaccount1").close();
    const credential = { kind: "sas", token: "sv=1&sig=x" } as const;
    void createAzureBlobStore({
      accountUrl: "https://blobs.example.com",
      container: "box",
      prefix: "",
      credential,
    }).close();
  });

  it("is one of storage, whatever the service asks for", () => {
    const account = "https://account.blob.core.windows.net";
    expect(isStorageScope("https://storage.azure.com/.default", account)).toBe(true);
    expect(isStorageScope("https://account.blob.core.windows.net/.default", account)).toBe(true);
    for (const scope of [
      "https://management.azure.com/.default",
      "https://storage.azure.com.example.com/.default",
      "x",
    ]) {
      expect(isStorageScope(scope, account)).toBe(false);
    }
  });
});
