import { expect, test } from "vitest";
import { DeltaTable } from "../../../src/delta/delta-table.ts";
import { createMemoryStore, type MemoryStore } from "../../../src/store/memory-store.ts";
import type { Store } from "../../../src/store/store.ts";
import { StoreError } from "../../../src/store/store-error.ts";
import { replayLog } from "../../support/delta/replay.ts";
import { deliver, filePath, table, tableBytes } from "../../support/delta/table-files.ts";

const bytes = await tableBytes({ distance: "float64" }, { distance: [1, 2, 3] });

async function commitOne(log: DeltaTable, store: Store, name: string): Promise<void> {
  await log.commit({ add: [await deliver(store, filePath(name), bytes)] });
}

function checkpoints(store: MemoryStore): readonly number[] {
  const named = [...store.objects.keys()].flatMap((path) => /(\d{20})\.checkpoint/.exec(path)?.[1] ?? []);
  return named.map(Number).sort((a, b) => a - b);
}

/** What the table is to whoever opens it, next to what its commits say. */
async function expectSound(store: MemoryStore, why: string): Promise<void> {
  const { live } = await replayLog(store, table);
  const read = await new DeltaTable(store, table).read();
  const there = [...read!.files].filter(([, removedAt]) => removedAt === 0).map(([path]) => path);
  expect(new Set(there), why).toEqual(live);
}

test("of several processes not each one makes checkpoints of its own", async () => {
  const store = createMemoryStore();
  const logs = [0, 1, 2].map(() => new DeltaTable(store, table, { checkpointEvery: 3 }));
  for (let i = 0; i < 30; i++) await commitOne(logs[i % 3]!, store, `file-${i}`);
  expect(checkpoints(store)).toEqual([3, 6, 9, 12, 15, 18, 21, 24, 27]);
  await expectSound(store, "in turn");
});

test("a checkpoint that is gone is not built on", async () => {
  const store = createMemoryStore();
  const log = new DeltaTable(store, table, { checkpointEvery: 10 });
  for (let i = 0; i <= 15; i++) await commitOne(log, store, `early-${i}`);
  expect(checkpoints(store)).toEqual([10]);
  for (const path of store.objects.keys()) if (path.includes("checkpoint")) await store.delete(path);
  for (let i = 16; i <= 20; i++) await commitOne(log, store, `late-${i}`);
  await expectSound(store, "without");
  await commitOne(log, store, "another");
  expect(checkpoints(store)).toEqual([21]);
  await expectSound(store, "with the next one");
});

test("whoever dies at a checkpoint leaves a table that opens, and the next checkpoint is whole", async () => {
  for (const done of [false, true]) {
    let dies = -1;
    for (let hasDied = true; hasDied; ) {
      dies++;
      const why = `dead ${done ? "after" : "before"} call ${dies}`;
      const store = createMemoryStore();
      for (let i = 0; i < 5; i++) await commitOne(new DeltaTable(store, table), store, `file-${i}`);
      const file = await deliver(store, filePath("last"), bytes);
      const dying = new Dying(store, dies, done);
      await new DeltaTable(dying, table, { checkpointEvery: 5 }).commit({ add: [file] }).catch(() => {});
      hasDied = dying.calls > dies;
      await expectSound(store, why);
      const heir = new DeltaTable(store, table, { checkpointEvery: 5 });
      await heir.commit({ add: [file] });
      for (let i = 0; i < 10; i++) await commitOne(heir, store, `later-${i}`);
      await expectSound(store, why);
      const pointer = store.objects.get(`${table}/_delta_log/_last_checkpoint`)!.bytes;
      expect(JSON.parse(new TextDecoder().decode(pointer)), why).toMatchObject({
        version: checkpoints(store).at(-1),
        numOfAddFiles: checkpoints(store).at(-1)! + 1,
      });
    }
    // The log, the file's footer, the commit, what others made, the checkpoint and the pointer to it.
    expect(dies).toBeGreaterThan(6);
  }
});

/** A store that answers no more from one call on, which is done all the same or not. */
class Dying implements Store {
  readonly description: string = "dying";
  calls = 0;
  readonly #store: MemoryStore;
  readonly #dies: number;
  readonly #done: boolean;

  constructor(store: MemoryStore, dies: number, done: boolean) {
    this.#store = store;
    this.#dies = dies;
    this.#done = done;
  }

  put: Store["put"] = (path, body) => this.#call(() => this.#store.put(path, body));
  get: Store["get"] = (path, options) => this.#call(() => this.#store.get(path, options));
  replace = (path: string, body: Uint8Array): Promise<void> =>
    this.#call(() => this.#store.replace!(path, body));
  list: Store["list"] = (prefix) => this.#store.list(prefix);
  close = async (): Promise<void> => {};

  async #call<T>(does: () => Promise<T>): Promise<T> {
    const call = this.calls++;
    if (call < this.#dies) return await does();
    if (call === this.#dies && this.#done) await does();
    throw new StoreError("rejected", "the process died", { operation: "call" });
  }
}
