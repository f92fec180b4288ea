import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseDestination } from "../../src/destination/parse-destination.ts";
import type { Destination } from "../../src/destination/destination.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { type Azurite, startAzurite } from "../support/azurite.ts";

/**
 * Whatever destination the configuration takes, the store delivers to; everything else is refused there and
 * then.
 */

let azurite: Azurite;
let root: string;
beforeAll(async () => {
  azurite = await startAzurite();
  await azurite.container("box-1");
  root = await mkdtemp(join(tmpdir(), "destinations-"));
});
afterAll(async () => {
  await azurite?.stop();
  await rm(root, { recursive: true, force: true });
});

/** Undefined if it is refused. */
function open(destination: string): { store: Store; parsed: Destination } | undefined {
  let parsed: Destination;
  try {
    parsed = parseDestination(destination, "here").destination;
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: "INVALID_ARGUMENT" });
    return undefined;
  }
  const credential = { kind: "connection-string", connectionString: azurite.connectionString } as const;
  return { store: openStore(parsed, credential), parsed };
}

const path = "e/d/c/inference_date=2026-11-22/inference_hour=05/x-0.parquet";

/** Whether it is delivered to; a destination that is taken must be. */
async function delivers(destination: string): Promise<boolean> {
  const opened = open(destination);
  if (opened === undefined) return false;
  const { store } = opened;
  const put = await store.put(path, Buffer.from("x"), {
    metadata: { content: "x" },
  });
  expect(["stored", "exists"], `${destination}: ${JSON.stringify(put)}`).toContain(put.status);
  expect(Buffer.from(await store.get(path)).toString()).toBe("x");
  const listed: string[] = [];
  for await (const entry of store.list("e/")) listed.push(entry.path);
  expect(listed).toEqual([path]);
  await store.close();
  return true;
}

const taken = [
  "team's",
  "a'b''c",
  "a+b",
  "with space",
  " at both ends ",
  "a%20b",
  "%C3%A9t%C3%A9",
  "été",
  "日本/語",
  "🙂",
  "e\u0301",
  "a=b&c;d,e:f@g$h!i*j(k)l~m",
  "[x]{y}|z^`w",
  '"q"',
  "<t>",
  "..a",
  "a..b",
  ".hidden",
  "A",
  "x".repeat(255),
  Array.from({ length: 49 }, (_, i) => `f${i}`).join("/"),
];
const refused = [
  "a/../b",
  "a/%2e%2e/b",
  "a/./b",
  "a//b",
  "a%2Fb",
  "a\\b",
  "a%5Cb",
  "dot.",
  "a./b",
  "a%00b",
  "a%0Ab",
  "a%7Fb",
  "a%C2%81b",
  "%EF%BF%BF",
  "%ED%A0%80",
  "100%25",
  "a%2520b",
  "a%3Fb",
  "a%23b",
  "%",
  "x".repeat(513),
  Array.from({ length: 51 }, (_, i) => `f${i}`).join("/"),
];

/** As somebody would write it into a URL by hand: blanks alone have to be encoded. */
const url = (prefix: string): string => `${azurite.url}/box-1/${prefix.replaceAll(" ", "%20")}`;

describe("a prefix", () => {
  test.each(taken.map((prefix) => [prefix]))("%j is delivered to", async (prefix) => {
    expect(await delivers(url(`t/${prefix}`))).toBe(true);
  });

  test.each(refused.map((prefix) => [prefix]))("%j is refused", async (prefix) => {
    expect(await delivers(url(prefix))).toBe(false);
  });

  test("of any characters is one or the other", async () => {
    const piece = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(..."abZ09-_.~!*'()+ %#?&=:@$,;/\\\"<>[]{}|^`") },
      { weight: 1, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 1 }) },
      {
        weight: 1,
        arbitrary: fc.integer({ min: 0, max: 255 }).map((n) => `%${n.toString(16).padStart(2, "0")}`),
      },
    );
    let n = 0;
    let delivered = 0;
    const text = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(""));
    await fc.assert(
      fc.asyncProperty(text, fc.boolean(), async (prefix, encode) => {
        const written = encode ? prefix.split("/").map(encodeOrLeave).join("/") : prefix;
        if (await delivers(`${azurite.url}/box-1/any/${n++}/${written}`)) delivered += 1;
      }),
      { numRuns: 300 },
    );
    expect(delivered).toBeGreaterThan(50);
  });
});

function encodeOrLeave(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return text;
  }
}

describe("a container and an account", () => {
  test("of any characters are refused, or the store takes them", () => {
    const unit = fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(..."abz09") },
      { weight: 1, arbitrary: fc.constantFrom(..."-_.%$'A/ ~") },
    );
    const name = fc.string({ unit, minLength: 2, maxLength: 8 });
    const hosts = [
      "127.0.0.1:10000",
      "localhost:10000",
      "a.localhost:10001",
      "[::1]:1234",
      "a.localhost:1234",
    ];
    let made = 0;
    fc.assert(
      fc.property(name, name, fc.constantFrom(...hosts), (account, container, host) => {
        const opened = open(`http://${host}/${account}/${container}/p`);
        if (opened !== undefined) made += 1;
        void opened?.store.close();
      }),
      { numRuns: 5_000 },
    );
    expect(made).toBeGreaterThan(50);
  });
});

describe("a folder", () => {
  test.each(
    [...taken, "100%25", "a#b?c", "a\\b", "dot."]
      .filter((name) => !name.includes("\0"))
      .map((name) => [name]),
  )("%j is delivered to", async (name) => {
    expect(await delivers(join(root, "t", name))).toBe(true);
  });

  test.each([
    ["a name of 256 bytes", "é".repeat(128)],
    ["a path of 3,600 bytes", `${"x".repeat(200)}/`.repeat(18)],
  ])("%s is refused", async (_, name) => {
    expect(await delivers(join(root, name))).toBe(false);
  });

  test("of any characters is one or the other", async () => {
    let n = 0;
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", minLength: 1, maxLength: 12 }), async (name) => {
        await delivers(join(root, `any-${n++}`, name.replaceAll("..", "")));
      }),
      { numRuns: 200 },
    );
  });
});
