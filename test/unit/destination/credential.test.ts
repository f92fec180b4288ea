import { inspect } from "node:util";
import { DefaultAzureCredential } from "@azure/identity";
import { describe, expect, it } from "vitest";
import { parseCredential, type TokenCredential } from "../../../src/destination/credential.ts";
import { Secret } from "../../../src/destination/secret.ts";

describe("parseCredential", () => {
  it.each([
    "UseDevelopmentStorage=true",
    "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=a2V5PT09;EndpointSuffix=core.windows.net",
    "AccountName=a;AccountKey=k;BlobEndpoint=http://127.0.0.1:10000/a;",
    "BlobEndpoint=https://a.blob.core.windows.net/;SharedAccessSignature=sv=2025-11-05&sig=x%3D",
  ])("recognises the connection string %s", (connectionString) => {
    expect(parseCredential(connectionString, "here").reveal()).toEqual({
      kind: "connection-string",
      connectionString,
    });
  });

  it.each(["sv=2025-11-05&ss=b&srt=sco&sp=rwc&sig=x%3D", "?sv=1&sig=x"])(
    "recognises the signature %s",
    (text) => {
      expect(parseCredential(text, "here").reveal()).toEqual({ kind: "sas", token: text.replace("?", "") });
    },
  );

  it("takes the credentials of @azure/identity", () => {
    const credential: TokenCredential = new DefaultAzureCredential();
    expect(parseCredential(credential, "here").reveal().kind).toBe("token");
  });

  it("takes a token credential with its own `this`", async () => {
    class Identity {
      #token = "token";
      getToken(scopes: string | string[]) {
        return Promise.resolve({ token: `${this.#token} for ${scopes as string}`, expiresOnTimestamp: 1 });
      }
    }
    const credential = parseCredential(new Identity(), "here").reveal();
    expect(credential.kind).toBe("token");
    if (credential.kind === "token") {
      expect(await credential.getToken("scope")).toEqual({ token: "token for scope", expiresOnTimestamp: 1 });
    }
  });
});

describe("Secret", () => {
  it("gives its value out to nobody who does not ask", () => {
    const secret = new Secret({ token: "TopSecret" });
    const shown = [
      inspect(secret, { showHidden: true, depth: 9 }),
      inspect({ nested: [secret] }, { depth: 9 }),
      JSON.stringify({ secret }),
      String(secret),
      JSON.stringify(structuredClone({ secret })),
      JSON.stringify(Object.entries(secret)),
    ].join();
    expect(shown).not.toContain("TopSecret");
    expect(shown).toContain("[secret]");
    expect(secret.reveal()).toEqual({ token: "TopSecret" });
  });
});
