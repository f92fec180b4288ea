import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { datasetOf } from "../../../src/reader/dataset.ts";
import { openDataset, type UnreadableFile } from "../../../src/reader.ts";
import { createFolderStore } from "../../../src/store/folder-store.ts";
import { ObjectNotFoundError, type Store } from "../../../src/store/store.ts";
import { StoreError } from "../../../src/store/store-error.ts";
import { run } from "../cli/run.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { idAt, storeFile } from "./stored-data.ts";

const requestTime = "2026-11-22T05:10:00.000Z";
const id = idAt(requestTime);

/** Three files of a row each; the path of the second. */
async function threeFiles(): Promise<{ root: string; second: string; folder: string }> {
  const root = await tempFolder();
  const paths = ["a", "b", "c"].map((name) =>
    storeFile(
      root,
      [{ collection: "x", id, eventId: name, requestTime, rows: [{ name }] }],
      { name: "STRING" },
      { name: `${name}.parquet` },
    ),
  );
  const second = paths[1] as string;
  return { root, second, folder: join(root, dirname(second)) };
}

async function namesOf(
  rows: AsyncIterable<Record<string, unknown>>,
): Promise<{ names: unknown[]; error: unknown }> {
  const names: unknown[] = [];
  try {
    for await (const row of rows) names.push(row["name"]);
    return { names, error: undefined };
  } catch (error) {
    return { names, error };
  }
}

describe("a bad file among good ones", () => {
  test("is thrown by a table once every row of the others was given", async () => {
    const { root, second } = await threeFiles();
    truncateSync(join(root, second), 20);
    const data = await openDataset(root);
    const { names, error } = await namesOf(data.table("x").rows());
    expect(names).toEqual(["a", "c"]);
    expect(error).toMatchObject({
      name: "CollectorError",
      code: "CORRUPT",
      message: expect.stringContaining(second),
    });
  });

  test("is told to onUnreadable, once, and then nothing is thrown", async () => {
    const { root, second } = await threeFiles();
    truncateSync(join(root, second), 20);
    const data = await openDataset(root);
    const told: UnreadableFile[] = [];
    const onUnreadable = (file: UnreadableFile): void => void told.push(file);
    expect(await namesOf(data.table("x", { onUnreadable }).rows())).toEqual({
      names: ["a", "c"],
      error: undefined,
    });
    const { records } = await data.trace(id, { onUnreadable, everywhere: true });
    expect(records.map(({ eventId }) => eventId)).toEqual(["a", "c"]);
    expect(told.map(({ path }) => path)).toEqual([second, second]);
    for (const { reason } of told) expect(reason).not.toContain(second);
  });

  test("makes trace reject, and several are counted", async () => {
    const { root, second, folder } = await threeFiles();
    truncateSync(join(root, second), 20);
    writeFileSync(join(folder, "c.parquet"), "");
    const data = await openDataset(root);
    const expected = {
      code: "CORRUPT",
      message: expect.stringMatching(/b\.parquet: .*; 1 more cannot be read$/),
    };
    await expect(data.trace(id)).rejects.toMatchObject(expected);
    expect((await namesOf(data.table("x").rows())).error).toMatchObject(expected);
  });

  test("does not hide an error of the caller's callback, and a callback must be a function", async () => {
    const { root, second } = await threeFiles();
    truncateSync(join(root, second), 20);
    const data = await openDataset(root);
    const error = new Error("mine");
    const onUnreadable = (): never => {
      throw error;
    };
    expect((await namesOf(data.table("x", { onUnreadable }).rows())).error).toBe(error);
    await expect(data.trace(id, { onUnreadable })).rejects.toBe(error);
    const wrong = { onUnreadable: "stderr" as unknown as () => void };
    expect(() => data.table("x", wrong)).toThrow(TypeError);
    await expect(data.trace(id, wrong)).rejects.toThrow(TypeError);
  });

  test("is named once by each command, which shows the others and ends with 3", async () => {
    const { root, second } = await threeFiles();
    truncateSync(join(root, second), 20);
    for (const command of [["ls"], ["schema"], ["head", "x"], ["trace", id]]) {
      for (const json of [[], ["--json"]]) {
        const { code, out, err } = await run(...command, ...json, "--root", root);
        expect([command[0], code]).toEqual([command[0], 3]);
        expect(err.split(second)).toHaveLength(2);
        expect(out).not.toBe("");
      }
    }
  });
});

/** A store in which one object answers in its own way. */
function storeWith(root: string, path: string, get: Store["get"]): Store {
  const folder = createFolderStore({ root });
  return {
    description: root,
    list: (prefix, options) => folder.list(prefix, options),
    put: (...args) => folder.put(...args),
    close: () => folder.close(),
    get: (asked, options) => (asked === path ? get(asked, options) : folder.get(asked, options)),
  };
}

describe("a file that", () => {
  test("shrinks after it was listed is bad, and named", async () => {
    const { root, second } = await threeFiles();
    const store = storeWith(root, second, async (path, { range } = {}) =>
      readFileSync(join(root, path)).subarray(range?.start, Math.min(range?.end ?? 0, 500)),
    );
    const { names, error } = await namesOf(datasetOf(store).table("x").rows());
    expect(names).toEqual(["a", "c"]);
    expect(error).toMatchObject({
      code: "CORRUPT",
      message: expect.stringContaining(`${second}: it has lost bytes`),
    });
  });

  test("may not be read, or is gone, is an error of the store that names it", async () => {
    const { root, second } = await threeFiles();
    const forbidden = new StoreError(
      "configuration",
      `get ${second}: this process may not use the folder (EACCES)`,
      { operation: "get" },
    );
    const gone = new ObjectNotFoundError(`get ${second}: there is no such file`);
    const refusals = [
      [forbidden, forbidden],
      [gone, { message: expect.stringContaining(`${second}: it is gone since`), cause: gone }],
    ] as const;
    for (const [refusal, error] of refusals) {
      const data = datasetOf(storeWith(root, second, () => Promise.reject(refusal)));
      const told: UnreadableFile[] = [];
      const onUnreadable = (file: UnreadableFile): void => void told.push(file);
      expect((await namesOf(data.table("x", { onUnreadable }).rows())).error).toMatchObject(error);
      await expect(data.trace(id, { onUnreadable })).rejects.toMatchObject(error);
      await expect(data.collections()).rejects.toMatchObject(error);
      expect(told).toEqual([]);
    }
  });
});

test.skipIf(process.platform === "win32")(
  "pipes, sockets, folders and links named like files are passed by, and nothing waits for them",
  async () => {
    const { root, folder } = await threeFiles();
    execFileSync("mkfifo", [join(folder, "pipe.parquet")]);
    mkdirSync(join(folder, "folder.parquet", "inference_date=2026-11-22"), { recursive: true });
    symlinkSync("loop.parquet", join(folder, "loop.parquet"));
    symlinkSync("a.parquet", join(folder, "link.parquet"));
    symlinkSync(root, join(root, "flights", "round"));
    symlinkSync("/dev/zero", join(folder, "zero.parquet"));
    writeFileSync(join(folder, "line\nfeed.parquet"), "");
    const server = createServer().listen(join(folder, "socket.parquet"));
    onTestFinished(() => void server.close());
    for (const command of [["ls"], ["schema"], ["head", "x"], ["trace", id, "--everywhere"]]) {
      const { code, out, err } = await run(...command, "--json", "--root", root);
      expect([code, err]).toEqual([0, ""]);
      if (command[0] === "ls") expect(JSON.parse(out)).toMatchObject([{ files: 3, rows: 3 }]);
    }
  },
);

test("schema documents beside the data, damaged or not, are none of the reader's", async () => {
  const { root } = await threeFiles();
  for (const [name, text] of [
    ["x/1.json", "{"],
    ["x/2.json", ""],
    ["x/inference_date=2026-11-22.parquet", "no"],
  ]) {
    const path = join(root, "flights/blue/_schema", name as string);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text as string);
  }
  expect((await run("ls", "--root", root)).code).toBe(0);
});
