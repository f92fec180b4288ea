import { createHash, randomBytes } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  folderOf,
  maxWholeBytes,
  type ObjectBody,
  ObjectNotFoundError,
  type StoreEntry,
  type UpkeepStore,
  type Store,
} from "../../src/store/store.ts";

/** A store under test: fresh and empty. `bulk` is how many objects a listing test may make. */
export interface StoreFixture {
  readonly store: UpkeepStore;
  /** Another store object on the same place, as another process would have. */
  readonly twin: UpkeepStore;
  readonly bulk: number;
  /** Bytes that the place takes in an object, where a server for tests has such a bound. */
  readonly maxBytes?: number;
  /** True of a server for tests that lists names without regard to case. */
  readonly foldsCase?: boolean;
  dispose(): Promise<void>;
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Bytes that can be told apart at every position, made as they are read. */
export function streamOf(size: number, seed: number, opened?: () => void): Exclude<ObjectBody, Uint8Array> {
  return {
    size,
    async *open() {
      opened?.();
      for (let at = 0; at < size; ) {
        const chunk = new Uint8Array(Math.min(65_521, size - at));
        for (let i = 0; i < chunk.length; i++) chunk[i] = (at + i) * 31 + seed;
        yield chunk;
        at += chunk.length;
      }
    },
  };
}

export async function bytesOf(body: ObjectBody): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body.open()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export async function pathsOf(store: Store, prefix = ""): Promise<string[]> {
  return (await entriesOf(store, prefix)).map(({ path }) => path);
}

async function entriesOf(store: Store, prefix: string): Promise<StoreEntry[]> {
  const entries: StoreEntry[] = [];
  for await (const entry of store.list(prefix)) entries.push(entry);
  return entries;
}

/** All of these stores have it. */
async function replace(store: Store, ...given: Parameters<NonNullable<Store["replace"]>>): Promise<void> {
  if (store.replace === undefined) throw new Error(`${store.description} cannot replace`);
  await store.replace(...given);
}

/** What every {@link UpkeepStore} must do. */
export function describeStore(name: string, setUp: () => Promise<StoreFixture>): void {
  describe(name, () => {
    let fixture: StoreFixture;
    let store: UpkeepStore;
    beforeAll(async () => {
      fixture = await setUp();
      store = fixture.store;
    });
    afterAll(async () => {
      await fixture?.dispose();
    });

    test("gives back what was put, whole and in part", async () => {
      const bytes = randomBytes(1_000);
      expect(await store.put("range/a.bin", bytes)).toEqual({ status: "stored" });
      const get = async (start: number, end: number) =>
        Buffer.from(await store.get("range/a.bin", { range: { start, end } }));
      expect(Buffer.from(await store.get("range/a.bin"))).toEqual(bytes);
      expect(await get(0, 1)).toEqual(bytes.subarray(0, 1));
      expect(await get(990, 1_000)).toEqual(bytes.subarray(990));
      expect(await get(990, 5_000)).toEqual(bytes.subarray(990));
      expect(await get(1_000, 1_001)).toHaveLength(0);
      expect(await get(5_000, 6_000)).toHaveLength(0);
      expect(await get(10, 10)).toHaveLength(0);
    });

    test("refuses ranges that are none", async () => {
      for (const [start, end] of [
        [-1, 5],
        [5, 4],
        [0.5, 3],
        [0, Number.NaN],
        [0, Number.POSITIVE_INFINITY],
      ] as const) {
        await expect(store.get("range/a.bin", { range: { start, end } })).rejects.toThrow(RangeError);
      }
    });

    test("stores bytes in shared memory and views into larger buffers", async () => {
      const shared = new Uint8Array(new SharedArrayBuffer(64), 8, 16).fill(7);
      expect(await store.put("shared.bin", shared)).toEqual({ status: "stored" });
      expect(Buffer.from(await store.get("shared.bin"))).toEqual(Buffer.alloc(16, 7));
    });

    test("stores an object without bytes", async () => {
      expect(await store.put("empty.bin", new Uint8Array(0))).toEqual({ status: "stored" });
      expect(await store.put("empty.bin", { size: 0, async *open() {} })).toEqual({ status: "exists" });
      expect(await store.get("empty.bin")).toHaveLength(0);
      expect(await store.get("empty.bin", { range: { start: 0, end: 9 } })).toHaveLength(0);
      expect((await store.put("empty.bin", text("x"))).status).toBe("conflict");
    });

    test("stores a stream of 20 MB, opening it as often as it needs", async ({ skip }) => {
      skip((fixture.maxBytes ?? Number.POSITIVE_INFINITY) < 20_000_000, "too large for this server");
      let opened = 0;
      const body = streamOf(20_000_000, 1, () => opened++);
      expect(await store.put("large.bin", body)).toEqual({ status: "stored" });
      expect(opened).toBeGreaterThan(0);
      const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
      expect(digest(await store.get("large.bin"))).toBe(digest(await bytesOf(body)));
      expect(await store.put("large.bin", body)).toEqual({ status: "exists" });
      expect((await store.put("large.bin", streamOf(20_000_000, 2))).status).toBe("conflict");
    });

    test("gives back whole what has 64 MiB at most, and the rest in parts", async ({ skip }) => {
      skip((fixture.maxBytes ?? Number.POSITIVE_INFINITY) <= maxWholeBytes, "too large for this server");
      const body = streamOf(maxWholeBytes + 1, 3);
      expect(await store.put("too-large.bin", body)).toEqual({ status: "stored" });
      await expect(store.get("too-large.bin")).rejects.toMatchObject({
        name: "StoreError",
        failure: "rejected",
        message: expect.stringContaining(`${maxWholeBytes + 1} bytes`),
      });
      const range = { start: maxWholeBytes - 1, end: maxWholeBytes + 100 };
      expect(await store.get("too-large.bin", { range })).toHaveLength(2);
    });

    test("creates only: the same content exists, other content is a conflict and changes nothing", async () => {
      expect(await store.put("once.bin", text("first"))).toEqual({ status: "stored" });
      expect(await fixture.twin.put("once.bin", text("first"))).toEqual({ status: "exists" });
      const conflict = await fixture.twin.put("once.bin", text("other"));
      expect(conflict).toMatchObject({ status: "conflict", error: expect.any(Error) });
      expect((await store.put("once.bin", text("first, longer"))).status).toBe("conflict");
      expect(Buffer.from(await store.get("once.bin")).toString()).toBe("first");
    });

    test("lets one of 100 racing puts of the same content store it", async () => {
      const puts = Array.from({ length: 100 }, (_, i) => {
        const racer = i % 2 ? store : fixture.twin;
        return racer.put("race/same.bin", text("the same"), { metadata: { content: "c1" } });
      });
      const statuses = (await Promise.all(puts)).map((result) => result.status);
      expect(statuses.filter((status) => status === "stored")).toHaveLength(1);
      expect(statuses.filter((status) => status === "exists")).toHaveLength(99);
    });

    test("lets one of 20 racing puts of different contents win, and never mixes or replaces", async () => {
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, i) => store.put("race/different.bin", streamOf(200_000, i))),
      );
      const winners = results.flatMap((result, i) => (result.status === "stored" ? [i] : []));
      expect(winners).toHaveLength(1);
      expect(results.filter((result) => result.status === "conflict")).toHaveLength(19);
      const stored = Buffer.from(await store.get("race/different.bin"));
      expect(stored.equals(await bytesOf(streamOf(200_000, winners[0] ?? -1)))).toBe(true);
      expect(await pathsOf(store, "race/different.bin")).toEqual(["race/different.bin"]);
    });

    test("says that an object is not there", async () => {
      await expect(store.get("no/such/object")).rejects.toThrow(ObjectNotFoundError);
      await expect(store.get("no/such/object", { range: { start: 0, end: 1 } })).rejects.toThrow(
        ObjectNotFoundError,
      );
      await expect(store.get("no/such/object", { range: { start: 3, end: 3 } })).rejects.toThrow(
        ObjectNotFoundError,
      );
    });

    test("lists by prefix in path order, also where a folder and a name share a beginning", async () => {
      const paths = [
        "ls/a",
        "ls/a-b/x",
        "ls/a.c",
        "ls/a0",
        "ls/a/x",
        "ls/a/y/z",
        "ls/B",
        "ls/b=1/f",
        "ls/_s/j",
      ];
      // One path cannot be an object and a folder in a folder store.
      const isFitting = (path: string): boolean => fixture.foldsCase !== true || !/[A-Z]/.test(path);
      const fitting = paths.filter((path) => path !== "ls/a" && isFitting(path));
      for (const path of fitting) await store.put(path, text(path));
      const sorted = [...fitting].sort();
      expect(await pathsOf(store, "ls/")).toEqual(sorted);
      expect(await pathsOf(store, "ls/a")).toEqual(sorted.filter((path) => path.startsWith("ls/a")));
      expect(await pathsOf(store, "ls/a/")).toEqual(["ls/a/x", "ls/a/y/z"]);
      expect(await pathsOf(store, "ls/a/x")).toEqual(["ls/a/x"]);
      expect(await pathsOf(store, "ls/a/x/")).toEqual([]);
      expect(await pathsOf(store, "none/")).toEqual([]);
      expect((await pathsOf(store)).filter((path) => path.startsWith("ls/"))).toEqual(sorted);
      for await (const entry of store.list("ls/a/y")) {
        expect(entry.size).toBe("ls/a/y/z".length);
        expect(Math.abs(entry.lastModified - Date.now())).toBeLessThan(600_000);
      }
    });

    test("lists what lies directly in a folder, and its folders", async () => {
      const names = ["fold/b/x", "fold/b/y", "fold/a", "fold/c=1/d/x", "fold0/x"];
      for (const path of names) await store.put(path, text(path));
      const { folders, objects } = await folderOf(store, "fold/");
      expect(folders).toEqual(["fold/b/", "fold/c=1/"]);
      expect(objects.map(({ path, size }) => [path, size])).toEqual([["fold/a", "fold/a".length]]);
      expect((await folderOf(store, "")).folders).toEqual(expect.arrayContaining(["fold/", "fold0/"]));
      expect(await folderOf(store, "none/")).toEqual({ folders: [], objects: [] });
      await expect(folderOf(store, "fold")).rejects.toThrow(RangeError);
    });

    test("lists more than one page", async () => {
      const names = Array.from({ length: fixture.bulk }, (_, i) => `bulk/${String(i).padStart(5, "0")}`);
      for (let at = 0; at < names.length; at += 50) {
        await Promise.all(names.slice(at, at + 50).map((name) => store.put(name, text("."))));
      }
      expect(await pathsOf(store, "bulk/")).toEqual(names);
    }, 240_000);

    test("shows an object only when it is whole", async () => {
      const size = 500_000;
      let seen = 0;
      const body: ObjectBody = {
        size,
        async *open() {
          for await (const chunk of streamOf(size, 9).open()) {
            seen += (await pathsOf(store, "whole/")).length;
            yield chunk;
          }
        },
      };
      expect(await store.put("whole/x.parquet", body)).toEqual({ status: "stored" });
      expect(seen).toBe(0);
      expect(await pathsOf(store, "whole/")).toEqual(["whole/x.parquet"]);
    });

    test("ends an aborted put as retryable, leaves nothing, and takes the next try", async () => {
      const controller = new AbortController();
      let opened = 0;
      const body: ObjectBody = {
        size: 1_000_000,
        async *open() {
          opened += 1;
          let sent = 0;
          for await (const chunk of streamOf(1_000_000, 3).open()) {
            sent += chunk.length;
            if (sent > 500_000) controller.abort();
            yield chunk;
          }
        },
      };
      const result = await store.put("abort/x.parquet", body, { signal: controller.signal });
      expect(result).toMatchObject({ status: "retryable", class: "transient" });
      expect(opened).toBeGreaterThan(0);
      expect(await pathsOf(store, "abort/")).toEqual([]);
      expect(await store.put("abort/x.parquet", body)).toEqual({ status: "stored" });
    });

    test("does not start with a signal that has fired", async () => {
      const signal = AbortSignal.abort(new Error("my reason"));
      expect((await store.put("abort/y", text("y"), { signal })).status).toBe("retryable");
      await expect(store.get("once.bin", { signal })).rejects.toThrow("my reason");
      await expect(async () => {
        for await (const _ of store.list("", { signal }));
      }).rejects.toThrow("my reason");
      expect(await pathsOf(store, "abort/y")).toEqual([]);
    });

    test("stores nothing of a body that is shorter or longer than it says, or that throws", async () => {
      const short: ObjectBody = { size: 300_000, open: () => streamOf(200_000, 1).open() };
      const long: ObjectBody = { size: 100_000, open: () => streamOf(200_000, 1).open() };
      const broken: ObjectBody = {
        size: 300_000,
        async *open() {
          yield* streamOf(200_000, 1).open();
          throw new Error("disk gone");
        },
      };
      expect((await store.put("bad/x", short)).status).toBe("rejected");
      expect((await store.put("bad/x", long)).status).toBe("rejected");
      expect(await store.put("bad/x", broken)).toMatchObject({ status: "retryable", class: "transient" });
      expect(await pathsOf(store, "bad/")).toEqual([]);
    });

    test("survives a body that changes or breaks when it is opened again", async () => {
      let opened = 0;
      const body: ObjectBody = {
        size: 300_000,
        async *open() {
          opened += 1;
          let sent = 0;
          for await (const chunk of streamOf(300_000, 1).open()) {
            if (opened === 2 && sent > 100_000) throw new Error("disk gone");
            sent += chunk.length;
            yield chunk;
          }
        },
      };
      for (let tries = 0; tries < 2; tries++) {
        const result = await store.put("reopen/x", body);
        if (result.status !== "retryable") continue;
        expect(result.class).toBe("transient");
        expect(opened).toBe(2);
      }
      expect(["stored", "exists"]).toContain((await store.put("reopen/x", body)).status);
      expect(Buffer.from(await store.get("reopen/x")).equals(await bytesOf(streamOf(300_000, 1)))).toBe(true);
    });

    test.each([
      "odd/endpoint.name-1/inference_date=2026-11-22/inference_hour=05/20261122T050000000Z-0af.parquet",
      "odd/a%3Ab/x.parquet",
      "odd/..a/b..c/d..",
      "odd/-/--x",
      "odd/%41%ff",
      `odd/${"n".repeat(200)}.parquet`,
    ])("takes the path %s", async (path) => {
      expect(await store.put(path, text(path))).toEqual({ status: "stored" });
      expect(Buffer.from(await store.get(path)).toString()).toBe(path);
      expect(await pathsOf(store, path)).toEqual([path]);
    });

    test("refuses paths outside the grammar, however they are encoded", async () => {
      const outside = ["", "/", "a/", "/a", "a//b", ".", "..", "../x", "a/../b", "a/./b"];
      outside.push("%2e%2e/x", "a/%2E./b", "a/.%2e", "%252e%252e/x", "%25252e%25252E/x", "a%2fb", "a%5cb");
      outside.push("a\\b", "a b", "a\0b", "a%00b", "a\r\nb", "a%0d%0ab", "ä", "a?b", "a#b", "a:b", "~");
      outside.push("x".repeat(256), `${"x/".repeat(600)}x`);
      for (const path of outside) {
        await expect(store.put(path, text("x")), JSON.stringify(path)).rejects.toThrow(RangeError);
        await expect(store.get(path), JSON.stringify(path)).rejects.toThrow(RangeError);
      }
      await expect(store.get(5 as unknown as string)).rejects.toThrow(TypeError);
    });

    test("refuses prefixes that lead out", async () => {
      for (const prefix of ["../", "a/../", "/", "a//b", "%2e%2e/", "a\0"]) {
        await expect(pathsOf(store, prefix)).rejects.toThrow(RangeError);
      }
    });

    test("takes any path of the grammar, and gives back every object", async () => {
      const segment = fc.stringMatching(/^[A-Za-z0-9._=-]{1,12}$/).filter((s) => !/^\.+$/.test(s));
      const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
      let run = 0;
      await fc.assert(
        fc.asyncProperty(path, fc.uint8Array({ maxLength: 300 }), async (end, bytes) => {
          const whole = `any/${run++}/${end}`;
          expect(await store.put(whole, bytes)).toEqual({ status: "stored" });
          expect(Buffer.from(await store.get(whole)).equals(Buffer.from(bytes))).toBe(true);
          expect(await pathsOf(store, `any/${run - 1}/`)).toEqual([whole]);
        }),
        { numRuns: 40 },
      );
    });

    test("takes an object away, once, and lets its path be used again", async () => {
      await store.put("gone/x.bin", text("first"));
      await store.put("gone/x.bin2", text("beside"));
      expect(await store.delete("gone/x.bin")).toBe("deleted");
      await expect(store.get("gone/x.bin")).rejects.toThrow(ObjectNotFoundError);
      expect(await fixture.twin.delete("gone/x.bin")).toBe("absent");
      expect(await store.delete("no/such/object")).toBe("absent");
      expect(await pathsOf(store, "gone/")).toEqual(["gone/x.bin2"]);
      expect(await fixture.twin.put("gone/x.bin", text("second"))).toEqual({ status: "stored" });
      expect(Buffer.from(await store.get("gone/x.bin")).toString()).toBe("second");
    });

    test("takes away only the very object that was listed, where a store can tell", async () => {
      const entryOf = async (path: string): Promise<StoreEntry | undefined> => {
        for await (const entry of store.list(path)) return entry;
        return undefined;
      };
      await store.put("gone/other.bin", text("first"));
      const first = await entryOf("gone/other.bin");
      await store.delete("gone/other.bin");
      await store.put("gone/other.bin", text("second"));
      if (first?.etag !== undefined) {
        expect(await store.delete("gone/other.bin", { etag: first.etag })).toBe("changed");
        expect(Buffer.from(await store.get("gone/other.bin")).toString()).toBe("second");
      }
      const second = await entryOf("gone/other.bin");
      expect(await store.delete("gone/other.bin", { etag: second?.etag })).toBe("deleted");
      expect(await store.delete("gone/other.bin", { etag: second?.etag })).toBe("absent");
    });

    test("lets one of 20 racing deletes have done it", async () => {
      await store.put("gone/race.bin", text("x"));
      const racers = Array.from({ length: 20 }, (_, i) => (i % 2 ? store : fixture.twin));
      const results = await Promise.all(racers.map((racer) => racer.delete("gone/race.bin")));
      expect(results.filter((result) => result === "deleted").length).toBeGreaterThan(0);
      expect(results.filter((result) => result === "changed")).toEqual([]);
      expect(await pathsOf(store, "gone/race.bin")).toEqual([]);
    });

    test("deletes nothing for a path outside the grammar, or a signal that has fired", async () => {
      await store.put("gone/kept.bin", text("kept"));
      for (const path of ["", "../x", "gone/../gone/kept.bin", "gone/%2e%2e/x", "gone//kept.bin", "gone/"]) {
        await expect(store.delete(path), JSON.stringify(path)).rejects.toThrow(RangeError);
      }
      const signal = AbortSignal.abort(new Error("my reason"));
      await expect(store.delete("gone/kept.bin", { signal })).rejects.toThrow("my reason");
      expect(Buffer.from(await store.get("gone/kept.bin")).toString()).toBe("kept");
    });

    test("stores an object in place of another, or where there is none", async () => {
      for (const [content, replacing] of [
        ["first", store],
        ["the second, which is longer", fixture.twin],
        ["3rd", store],
        ["", store],
      ] as const) {
        await replace(replacing, "pointer/last.bin", text(content));
        expect(Buffer.from(await store.get("pointer/last.bin")).toString()).toBe(content);
        expect(await entriesOf(store, "pointer/")).toMatchObject([
          { path: "pointer/last.bin", size: content.length },
        ]);
      }
      await store.put("pointer/put.bin", text("put"));
      await replace(store, "pointer/put.bin", text("replaced"));
      expect(Buffer.from(await fixture.twin.get("pointer/put.bin")).toString()).toBe("replaced");
    });

    test("lets one of 20 racing replaces be the last, and shows each whole", async () => {
      const contents = Array.from({ length: 20 }, (_, i) => text(String(i % 10).repeat(1_000 * (i + 1))));
      const known = new Set(contents.map((bytes) => Buffer.from(bytes).toString()));
      await replace(store, "pointer/race.bin", contents[0] as Uint8Array);
      const seen: string[] = [];
      const look = async (): Promise<void> =>
        void seen.push(Buffer.from(await store.get("pointer/race.bin")).toString());
      await Promise.all(
        contents.flatMap((bytes, i) => [
          replace(i % 2 ? store : fixture.twin, "pointer/race.bin", bytes),
          look(),
        ]),
      );
      await look();
      expect(seen.filter((content) => !known.has(content)).map(({ length }) => length)).toEqual([]);
      expect(await pathsOf(store, "pointer/race")).toEqual(["pointer/race.bin"]);
    });

    test("replaces nothing for a path outside the grammar, or a signal that has fired", async () => {
      await store.put("pointer/kept.bin", text("kept"));
      for (const path of ["", "../x", "pointer/../pointer/kept.bin", "pointer/%2e%2e/x", "pointer/"])
        await expect(replace(store, path, text("x")), JSON.stringify(path)).rejects.toThrow(RangeError);
      const signal = AbortSignal.abort(new Error("my reason"));
      for (const path of ["pointer/kept.bin", "pointer/absent.bin"])
        await expect(replace(store, path, text("x"), { signal })).rejects.toThrow("my reason");
      expect(Buffer.from(await store.get("pointer/kept.bin")).toString()).toBe("kept");
      expect(await pathsOf(store, "pointer/absent")).toEqual([]);
    });

    test("describes itself", () => {
      expect(store.description).not.toBe("");
    });
  });
}
