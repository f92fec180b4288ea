import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { createAzureBlobStore } from "../../../src/store/azure/azure-blob-store.ts";
import {
  type AzureCredential,
  createTokenCredential,
  resolveCredential,
} from "../../../src/store/azure/azure-credential.ts";
import { createAzureDatastoreStore } from "../../../src/store/azure/azure-datastore-store.ts";

const minute = 60_000;

/** A credential whose tokens are numbered and live for an hour. */
function setUp(deadlineMs = 1_000) {
  let now = 0;
  let asked = 0;
  let answer: () => Promise<{ token: string; expiresOnTimestamp: number } | null> = async () => ({
    token: `t${++asked}`,
    expiresOnTimestamp: now + 60 * minute,
  });
  const credential = createTokenCredential({ getToken: () => answer() }, { deadlineMs, now: () => now });
  return {
    at(ms: number) {
      now = ms;
    },
    answerWith(next: typeof answer) {
      answer = next;
    },
    ask: async (request = {}) => (await credential.getToken("scope", request))?.token,
    credential,
  };
}

describe("a token", () => {
  test("is asked for once and used until five minutes before its end", async () => {
    const { ask, at } = setUp();
    expect([await ask(), await ask()]).toEqual(["t1", "t1"]);
    at(54 * minute);
    expect(await ask()).toBe("t1");
    at(55 * minute);
    expect([await ask(), await ask()]).toEqual(["t2", "t2"]);
  });

  test("is handed out as already expired, so that the library neither caches nor renews it unasked", async () => {
    const { credential, at } = setUp();
    at(1_000);
    expect(await credential.getToken("scope")).toEqual({ token: "t1", expiresOnTimestamp: 1_000 });
  });

  test("still serves when its renewal fails or hangs, for as long as it lives", async () => {
    const { ask, at, answerWith } = setUp(30);
    await ask();
    answerWith(() => new Promise(() => {}));
    at(56 * minute);
    expect([await ask(), await ask()]).toEqual(["t1", "t1"]);
    answerWith(async () => Promise.reject(new Error("down")));
    at(59 * minute);
    expect(await ask()).toBe("t1");
    at(60 * minute);
    await expect(ask()).rejects.toMatchObject({ name: "StoreError", failure: "configuration" });
  });

  test("that never comes ends at the deadline, and the next question is asked anew", async () => {
    const { ask, answerWith } = setUp(20);
    answerWith(() => new Promise(() => {}));
    await expect(ask()).rejects.toMatchObject({
      failure: "transient",
      message: expect.stringContaining("20 ms"),
    });
    answerWith(async () => ({ token: "late", expiresOnTimestamp: minute }));
    expect(await ask()).toBe("late");
  });

  test("is asked for anew when the service demands claims, or another scope or tenant is meant", async () => {
    const { ask, credential } = setUp();
    expect(await ask()).toBe("t1");
    expect(await ask({ claims: "c" })).toBe("t2");
    expect(await ask({ tenantId: "other" })).toBe("t3");
    expect((await credential.getToken("another"))?.token).toBe("t4");
  });

  test("is refused if it is no token, or thrown synchronously", async () => {
    const { ask, answerWith } = setUp();
    for (const nothing of [null, undefined, {}, { token: "" }, { token: 5 }]) {
      answerWith(async () => nothing as never);
      await expect(ask()).rejects.toMatchObject({ failure: "configuration" });
    }
    answerWith(() => {
      throw new TypeError("sync");
    });
    await expect(ask()).rejects.toMatchObject({ message: expect.stringContaining("TypeError") });
  });

  test("that could not be had leaves nothing of the credential's own error but what can be looked up", async () => {
    const { ask, answerWith } = setUp();
    const error = Object.assign(
      new Error("AADSTS7000215: secret hunter2 is wrong for https://x/?sig=hunter2"),
      {
        name: "AuthenticationError",
        secret: "hunter2",
      },
    );
    answerWith(() => Promise.reject(error));
    const thrown = await ask().catch((reason: unknown) => reason);
    expect(thrown).toMatchObject({ message: expect.stringContaining("AuthenticationError, AADSTS7000215") });
    expect(inspect(thrown, { showHidden: true, depth: 9 })).not.toContain("hunter2");
    answerWith(() => Promise.reject("hunter2"));
    expect(inspect(await ask().catch((reason: unknown) => reason))).not.toContain("hunter2");
  });
});

describe("a credential", () => {
  const resolve = (credential: AzureCredential) => resolveCredential(credential, "credential");

  test("is read from connection strings, in whatever order and case", () => {
    const from = (connectionString: string) => resolve({ kind: "connection-string", connectionString });
    const key = { kind: "key", accountName: "acc", accountKey: "a2V5==" };
    expect(
      from(
        "DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=a2V5==;EndpointSuffix=core.windows.net",
      ),
    ).toEqual(key);
    expect(from("accountkey = a2V5== ; ACCOUNTNAME=acc;")).toEqual(key);
    expect(
      from("BlobEndpoint=https://acc.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=s%3D"),
    ).toEqual({
      kind: "sas",
      query: "sv=1&sig=s%3D",
    });
    expect(from("UseDevelopmentStorage=true")).toEqual({ kind: "emulator" });
  });

  test("is refused without being shown", () => {
    const bad: AzureCredential[] = [
      { kind: "connection-string", connectionString: "AccountKey=hunter2" },
      { kind: "connection-string", connectionString: "hunter2" },
      { kind: "connection-string", connectionString: "SharedAccessSignature=hunter2" },
      { kind: "sas", token: "hunter2" },
      { kind: "sas", token: "sig=hunter2 x y" },
    ];
    for (const credential of bad) {
      const thrown = (() => {
        try {
          return resolve(credential);
        } catch (error) {
          return error;
        }
      })();
      expect(thrown).toBeInstanceOf(RangeError);
      expect(inspect(thrown)).not.toContain("hunter2");
    }
  });
});

describe("a location", () => {
  const open = (location: Partial<Parameters<typeof createAzureBlobStore>[0]>) =>
    createAzureBlobStore({
      accountUrl: "https://acc.blob.core.windows.net",
      container: "box",
      prefix: "",
      credential: { kind: "sas", token: "sv=1&sig=x" },
      ...location,
    });
  const token: AzureCredential = { kind: "token", getToken: async () => null };

  test("is described without secrets", () => {
    expect(open({ prefix: "a/b" }).description).toBe("https://acc.blob.core.windows.net/box/a/b");
    expect(open({ accountUrl: "https://acc.blob.core.windows.net/" }).description).toBe(
      "https://acc.blob.core.windows.net/box",
    );
  });

  test("may be plain http only on this machine, and never with a token", () => {
    for (const accountUrl of [
      "http://127.0.0.1:10000/devstoreaccount1",
      "http://localhost:1",
      "http://[::1]:1",
    ]) {
      expect(() => open({ accountUrl })).not.toThrow();
      expect(() => open({ accountUrl, credential: token })).toThrow(/https/);
    }
    for (const accountUrl of [
      "http://acc.blob.core.windows.net",
      "http://127.0.0.1.example.org",
      "http://10.0.0.1",
    ]) {
      expect(() => open({ accountUrl })).toThrow(/https/);
    }
  });

  test("is refused if it holds a query or a user, which are not shown", () => {
    for (const accountUrl of [
      "https://acc.blob.core.windows.net/?sv=1&sig=hunter2",
      "https://u:hunter2@acc.blob.core.windows.net",
      "hunter2",
      "ftp://hunter2",
    ]) {
      const message = (() => {
        try {
          open({ accountUrl });
          return "accepted";
        } catch (error) {
          return inspect(error);
        }
      })();
      expect(message).toContain("accountUrl");
      expect(message).not.toContain("hunter2");
    }
  });

  test.each([".", "..", "a/../b", "a//b", "/a", "a/", "a\\b", "a\0b", "a%2e", "a?b", "a#b", "x".repeat(600)])(
    "refuses the prefix %j",
    (prefix) => {
      expect(() => open({ prefix })).toThrow(RangeError);
      const reference = {
        subscriptionId: "00000000-1111-2222-3333-444444444444",
        resourceGroup: "g",
        workspace: "ws",
        datastore: "d",
        prefix,
      };
      expect(() => createAzureDatastoreStore({ ...reference, credential: token })).toThrow(/prefix|path/);
    },
  );

  test.each(["", "$root", "ab", "Box", "a_b", "-ab", "ab-", "a--b", "a/b", "..", "x".repeat(64)])(
    "refuses the container %j",
    (container) => {
      expect(() => open({ container })).toThrow(RangeError);
    },
  );

  test.each(["box", "a-b-c", "123", "x".repeat(63)])("takes the container %j", (container) => {
    expect(() => open({ container })).not.toThrow();
  });
});
