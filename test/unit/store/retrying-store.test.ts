import { describe, expect, test } from "vitest";
import { createMemoryStore } from "../../../src/store/memory-store.ts";
import { createRetryingStore } from "../../../src/store/retrying-store.ts";
import { ObjectNotFoundError, type Store, type UpkeepStore } from "../../../src/store/store.ts";
import { StoreError } from "../../../src/store/store-error.ts";
import { createHandClock } from "../../support/hand-clock.ts";

const failing = (retryAfterMs?: number) =>
  new StoreError("transient", "busy", {
    operation: "get",
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });

async function setUp() {
  const clock = createHandClock();
  const memory = createMemoryStore();
  for (const path of ["a", "b", "c"]) await memory.put(path, Buffer.from(path));
  const store = createRetryingStore(memory, {
    clock,
    maxTries: 3,
    baseDelayMs: 100,
    maxDelayMs: 1_000,
    random: () => 0.5,
  });
  return { clock, memory, store };
}

async function paths(store: Store): Promise<string[]> {
  const all: string[] = [];
  for await (const { path } of store.list("")) all.push(path);
  return all;
}

test("repeats a delete that fails for a while", async () => {
  const { clock, memory, store } = await setUp();
  memory.failReads(failing(), 2);
  const outcome = store.delete("a");
  await clock.advance(60_000);
  expect(await outcome).toBe("deleted");
  expect([...memory.objects.keys()]).toEqual(["b", "c"]);
});

describe("get", () => {
  test("is repeated after a wait that grows", async () => {
    const { clock, memory, store } = await setUp();
    memory.failReads(failing(), 2);
    let got: string | undefined;
    void store.get("a").then((bytes) => {
      got = Buffer.from(bytes).toString();
    });
    await clock.advance(49);
    expect([clock.timers, got]).toEqual([1, undefined]);
    await clock.advance(1);
    expect([clock.timers, got]).toEqual([1, undefined]);
    await clock.advance(100);
    expect([clock.timers, got]).toEqual([0, "a"]);
  });

  test("fails with the last error when the tries are used up", async () => {
    const { clock, memory, store } = await setUp();
    memory.failReads(failing(), 3);
    const outcome = store.get("a").catch((error: unknown) => error);
    await clock.advance(10_000);
    expect(await outcome).toMatchObject({ name: "StoreError", message: "busy" });
    expect(Buffer.from(await store.get("a")).toString()).toBe("a");
  });

  test("waits as long as the service asks, unless that is too long", async () => {
    const { clock, memory, store } = await setUp();
    memory.failReads(failing(900));
    let done = false;
    const outcome = store.get("a").then(() => {
      done = true;
    });
    await clock.advance(899);
    expect(done).toBe(false);
    await clock.advance(100);
    await outcome;
    memory.failReads(failing(5_000));
    await expect(store.get("a")).rejects.toThrow("busy");
  });

  test.each([
    ["a missing object", new ObjectNotFoundError("none")],
    ["a setting", new StoreError("configuration", "no", { operation: "get" })],
    ["a refusal", new StoreError("rejected", "no", { operation: "get" })],
    ["a bug", new TypeError("oops")],
  ])("is not repeated for %s", async (_, error) => {
    const { clock, memory, store } = await setUp();
    memory.failReads(error);
    await expect(store.get("a")).rejects.toBe(error);
    expect(clock.timers).toBe(0);
  });

  test("stops waiting when its signal fires", async () => {
    const { clock, memory, store } = await setUp();
    memory.failReads(failing());
    const controller = new AbortController();
    const outcome = store.get("a", { signal: controller.signal }).catch((error: unknown) => error);
    await clock.advance(10);
    controller.abort(new Error("enough"));
    expect(await outcome).toMatchObject({ message: "enough" });
    expect(clock.timers).toBe(0);
  });
});

describe("list", () => {
  /** Fails in the middle: after `after` entries of each listing, `times` times. */
  function breaking(memory: UpkeepStore, after: number, times: number): UpkeepStore {
    let left = times;
    return {
      ...memory,
      description: "breaking",
      put: memory.put.bind(memory),
      get: memory.get.bind(memory),
      delete: memory.delete.bind(memory),
      close: memory.close.bind(memory),
      async *list(prefix) {
        let given = 0;
        for await (const entry of memory.list(prefix)) {
          if (given++ === after && left-- > 0) throw failing();
          yield entry;
        }
      },
    };
  }

  test("goes on behind the last path, giving each object once", async () => {
    const { clock, memory } = await setUp();
    const store = createRetryingStore(breaking(memory, 2, 2), { clock, maxTries: 3 });
    const listed = paths(store);
    await clock.advance(60_000);
    expect(await listed).toEqual(["a", "b", "c"]);
  });

  test("counts tries anew after progress, and gives up without", async () => {
    const { clock, memory } = await setUp();
    const stuck = createRetryingStore(breaking(memory, 1, 9), { clock, maxTries: 3 });
    const outcome = paths(stuck).catch((error: unknown) => error);
    await clock.advance(60_000);
    expect(await outcome).toMatchObject({ message: "busy" });
  });
});

test("put goes through once, whatever comes back", async () => {
  const { clock, memory, store } = await setUp();
  const answer = { status: "retryable", class: "transient", error: failing() } as const;
  memory.failPuts(answer, { stored: true });
  expect(await store.put("d", Buffer.from("d"))).toBe(answer);
  expect([memory.objects.has("d"), memory.puts, clock.timers]).toEqual([true, 4, 0]);
  expect(await store.put("d", Buffer.from("d"))).toEqual({ status: "exists" });
  memory.failPuts(answer, { times: 2 });
  await store.put("e", Buffer.from("e"));
  expect(memory.objects.has("e")).toBe(false);
});
