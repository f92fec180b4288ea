import { execFileSync, fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import type * as FileSystem from "node:fs/promises";
import {
  chmod,
  link,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { createFolderStore } from "../../src/store/folder-store.ts";
import { ObjectNotFoundError } from "../../src/store/store.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { bytesOf, pathsOf, streamOf } from "./store.contract.ts";

/** Set to make `link` fail with that code, as on a file system without hard links. */
const faults = vi.hoisted(() => ({ link: undefined as string | undefined }));
vi.mock("node:fs/promises", async (load) => {
  const real = await load<typeof FileSystem>();
  return {
    ...real,
    async link(from: string, to: string) {
      if (faults.link) throw Object.assign(new Error(faults.link), { code: faults.link });
      await real.link(from, to);
    },
  };
});
afterEach(() => {
  faults.link = undefined;
});

/** Children load the source itself; Node below 22.18 wants to be asked. */
const runsTypeScript = process.features.typescript ? [] : ["--experimental-strip-types", "--no-warnings"];

const text = (value: string) => Buffer.from(value);
/** The name under which a crashed put would leave its bytes. */
const leftover = (hash: string) => `.${hash}-0123456789abcdef.mdc-tmp`;

describe("what is on disk", () => {
  test("is the whole file under its name, and nothing else", async () => {
    const root = await tempFolder();
    const store = createFolderStore({ root });
    await store.put("a/b/c.parquet", streamOf(300_000, 1));
    expect(await readdir(join(root, "a/b"))).toEqual(["c.parquet"]);
    expect((await readFile(join(root, "a/b/c.parquet"))).equals(await bytesOf(streamOf(300_000, 1)))).toBe(
      true,
    );
    expect((await stat(join(root, "a/b/c.parquet"))).nlink).toBe(1);
  });

  test.skipIf(process.platform === "win32")("has the modes the umask allows", async () => {
    const root = await tempFolder();
    const before = process.umask(0o027);
    try {
      await createFolderStore({ root: join(root, "new") }).put("a/x", text("x"));
    } finally {
      process.umask(before);
    }
    const modes = await Promise.all(
      ["new", "new/a", "new/a/x"].map(async (path) => (await stat(join(root, path))).mode & 0o777),
    );
    expect(modes).toEqual([0o750, 0o750, 0o640]);
  });

  test("is never seen in part under a name that engines match", async () => {
    const root = await tempFolder();
    const names = new Set<string>();
    await createFolderStore({ root }).put("a/x.parquet", {
      size: 200_000,
      async *open() {
        for await (const chunk of streamOf(200_000, 1).open()) {
          for (const name of await readdir(join(root, "a")).catch(() => [])) names.add(name);
          yield chunk;
        }
      },
    });
    expect(names.size).toBeGreaterThan(0);
    for (const name of names) expect(name).toMatch(/^\..*\.mdc-tmp$/);
  });
});

describe("what a crash left", () => {
  test("is not listed, and goes once its object is stored", async () => {
    const root = await tempFolder();
    const child = spawnSync(
      process.execPath,
      [...runsTypeScript, "--input-type=module", "-e", crashingPut(root)],
      {
        encoding: "utf8",
      },
    );
    expect(child.signal).toBe("SIGKILL");
    const left = await readdir(join(root, "a"));
    expect(left).toEqual([expect.stringMatching(/^\.[0-9a-f]{16}-[0-9a-f]{16}\.mdc-tmp$/)]);

    const store = createFolderStore({ root });
    expect(await pathsOf(store)).toEqual([]);
    await store.put("a/other.parquet", text("other"));
    expect(await readdir(join(root, "a"))).toHaveLength(2);
    expect(await store.put("a/x.parquet", streamOf(100_000, 1))).toEqual({ status: "stored" });
    expect(await readdir(join(root, "a"))).toEqual(["other.parquet", "x.parquet"]);
  });

  test("goes after an hour, whosever it was; younger files and foreign names stay", async () => {
    const root = await tempFolder();
    await mkdir(join(root, "a"));
    const old = new Date(Date.now() - 2 * 3_600_000);
    const names = [leftover("0123456789abcdef"), ".keep-me", "notes.mdc-tmp", ".0123-456.mdc-tmp"];
    for (const name of names) {
      await writeFile(join(root, "a", name), "x");
      await utimes(join(root, "a", name), old, old);
    }
    await writeFile(join(root, "a", leftover("fedcba9876543210")), "x");
    await createFolderStore({ root }).put("a/x", text("x"));
    expect((await readdir(join(root, "a"))).sort()).toEqual(
      [...names.slice(1), leftover("fedcba9876543210"), "x"].sort(),
    );
  });

  test("between the two names of a stored file is only a spare name", async () => {
    const root = await tempFolder();
    await createFolderStore({ root }).put("a/x", text("x"));
    await link(join(root, "a/x"), join(root, "a", leftover("0123456789abcdef")));
    const store = createFolderStore({ root });
    expect(await store.put("a/x", text("x"))).toEqual({ status: "exists" });
    expect(await pathsOf(store)).toEqual(["a/x"]);
  });

  function crashingPut(root: string): string {
    const module = new URL("../../src/store/folder-store.ts", import.meta.url).href;
    return `
      import { createFolderStore } from ${JSON.stringify(module)};
      const body = { size: 100000, async *open() { yield new Uint8Array(50000); process.kill(process.pid, "SIGKILL"); await new Promise(() => {}); } };
      await createFolderStore({ root: ${JSON.stringify(root)} }).put("a/x.parquet", body);`;
  }
});

describe.skipIf(process.platform === "win32")("symbolic links", () => {
  test("below the root are neither followed nor replaced nor listed", async () => {
    const [root, outside] = [await tempFolder(), await tempFolder()];
    await writeFile(join(outside, "secret"), "outside");
    await symlink(outside, join(root, "folder"));
    await symlink(join(outside, "secret"), join(root, "file"));
    await symlink(join(outside, "new"), join(root, "dangling"));
    const store = createFolderStore({ root });
    for (const path of ["folder/secret", "folder/new", "file", "dangling"]) {
      expect(await store.put(path, text("x")), path).toMatchObject({
        status: "retryable",
        class: "configuration",
      });
      await expect(store.get(path), path).rejects.toMatchObject({
        name: "StoreError",
        failure: "configuration",
      });
    }
    expect(await pathsOf(store)).toEqual([]);
    await expect(pathsOf(store, "folder/")).rejects.toMatchObject({ failure: "configuration" });
    expect(await readdir(outside)).toEqual(["secret"]);
    expect(await readFile(join(outside, "secret"), "utf8")).toBe("outside");
  });

  test("lead no delete out of the root, also where a folder became one a moment ago", async () => {
    const [root, outside] = [await tempFolder(), await tempFolder()];
    await writeFile(join(outside, "x.bin"), "outside");
    const store = createFolderStore({ root });
    await store.put("swapped/x.bin", Buffer.from("inside"));
    // The store has just looked at the folder, and remembers for a while that it is one.
    await store.get("swapped/x.bin");
    await rm(join(root, "swapped"), { recursive: true });
    await symlink(outside, join(root, "swapped"));
    await symlink(join(outside, "x.bin"), join(root, "link.bin"));
    for (const path of ["swapped/x.bin", "link.bin"]) {
      await expect(store.delete(path)).rejects.toMatchObject({ failure: "configuration" });
    }
    expect(await readFile(join(outside, "x.bin"), "utf8")).toBe("outside");
  });

  test("to the root are the user's choice", async () => {
    const [place, target] = [await tempFolder(), await tempFolder()];
    await symlink(target, join(place, "root"));
    const store = createFolderStore({ root: join(place, "root") });
    expect(await store.put("a/x", text("x"))).toEqual({ status: "stored" });
    expect(await pathsOf(store)).toEqual(["a/x"]);
    expect(await readFile(join(target, "a/x"), "utf8")).toBe("x");
  });
});

describe("a caller that waits for files", () => {
  test("has its event loop come round all the same", async () => {
    const store = createFolderStore({ root: await tempFolder(), isBrief: true });
    await store.put("x", text("x"));
    const round = vi.fn<() => void>();
    setImmediate(round);
    for (let i = 0; i < 100_000 && round.mock.calls.length === 0; i++) await store.get("x");
    expect(round).toHaveBeenCalled();
  });
});

describe("something in the way", () => {
  test.each([false, true])("waits for somebody: a file for a folder (brief: %s)", async (isBrief) => {
    const root = await tempFolder();
    const store = createFolderStore({ root, isBrief });
    await store.put("a", text("a"));
    await mkdir(join(root, "b"));
    for (const path of ["a/x", "b"]) {
      expect(await store.put(path, text("x")), path).toMatchObject({
        status: "retryable",
        class: "configuration",
      });
    }
    await expect(store.get("a/x")).rejects.toThrow(ObjectNotFoundError);
    await expect(store.get("b")).rejects.toMatchObject({ failure: "configuration" });
    const beneath = createFolderStore({ root: join(root, "a", "root") });
    expect(await beneath.put("x", text("x"))).toMatchObject({ status: "retryable", class: "configuration" });
  });

  test("a root that is not there is empty until the first put", async () => {
    const root = join(await tempFolder(), "not", "yet");
    const store = createFolderStore({ root });
    expect(await pathsOf(store)).toEqual([]);
    await expect(store.get("x")).rejects.toThrow(ObjectNotFoundError);
    expect(await store.put("x", text("x"))).toEqual({ status: "stored" });
  });

  test("a root that is no text is refused", () => {
    expect(() => createFolderStore({ root: "" })).toThrow(TypeError);
    expect(() => createFolderStore({ root: 5 as unknown as string })).toThrow(TypeError);
  });
});

describe("without hard links", () => {
  test.each(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"])(
    "(%s) files are still whole and never replaced",
    async (code) => {
      faults.link = code;
      const root = await tempFolder();
      const store = createFolderStore({ root });
      expect(await store.put("a/x", streamOf(100_000, 1))).toEqual({ status: "stored" });
      expect(await store.put("a/x", streamOf(100_000, 1))).toEqual({ status: "exists" });
      expect((await store.put("a/x", streamOf(100_000, 2))).status).toBe("conflict");
      expect(await readdir(join(root, "a"))).toEqual(["x"]);
    },
  );
});

test.each([
  ["ENOSPC", "transient"],
  ["EDQUOT", "transient"],
  ["EIO", "transient"],
  ["EWHATEVER", "transient"],
  ["EACCES", "configuration"],
  ["EROFS", "configuration"],
])("%s when naming the file is %s, and leaves nothing", async (code, expected) => {
  faults.link = code;
  const root = await tempFolder();
  const store = createFolderStore({ root });
  expect(await store.put("a/x", text("x"))).toMatchObject({
    status: "retryable",
    class: expected,
    error: { code },
  });
  expect(await readdir(join(root, "a"))).toEqual([]);
  faults.link = undefined;
  expect(await store.put("a/x", text("x"))).toEqual({ status: "stored" });
});

const tmpfs = canMount();

describe.skipIf(!tmpfs)("on a file system of its own", () => {
  test("a full disk is waited for, leaves nothing, and takes the object when there is room", async () => {
    const root = await tempFolder();
    await mounted(root, "size=1m", async () => {
      const store = createFolderStore({ root });
      expect(await store.put("a/fits", streamOf(700_000, 1))).toEqual({ status: "stored" });
      expect(await store.put("a/too-much", streamOf(700_000, 2))).toMatchObject({
        status: "retryable",
        class: "transient",
        error: { code: "ENOSPC" },
      });
      expect(await readdir(join(root, "a"))).toEqual(["fits"]);
      execFileSync("rm", [join(root, "a/fits")]);
      expect(await store.put("a/too-much", streamOf(700_000, 2))).toEqual({ status: "stored" });
    });
  });

  test("a read-only disk waits for somebody, and is read", async () => {
    const root = await tempFolder();
    await mounted(root, "size=1m", async () => {
      const store = createFolderStore({ root });
      await store.put("a/x", text("x"));
      execFileSync("mount", ["-o", "remount,ro", root]);
      for (const path of ["a/y", "b/y"]) {
        expect(await store.put(path, text("y"))).toMatchObject({
          status: "retryable",
          class: "configuration",
          error: { code: "EROFS" },
        });
      }
      expect(Buffer.from(await store.get("a/x")).toString()).toBe("x");
    });
  });
});

test.skipIf(process.platform === "win32" || process.getuid?.() === 0)(
  "a folder without permission waits for somebody",
  async () => {
    const root = await tempFolder();
    await mkdir(join(root, "a"));
    await chmod(join(root, "a"), 0o500);
    const store = createFolderStore({ root });
    expect(await store.put("a/x", text("x"))).toMatchObject({
      status: "retryable",
      class: "configuration",
      error: { code: "EACCES" },
    });
  },
);

test("two processes that put the same 200 objects at once store each once", async () => {
  const root = await tempFolder();
  const script = join(await tempFolder(), "put.mjs");
  const module = new URL("../../src/store/folder-store.ts", import.meta.url).href;
  await writeFile(
    script,
    `import { createFolderStore } from ${JSON.stringify(module)};
     process.once("message", async () => {
       const store = createFolderStore({ root: ${JSON.stringify(root)} });
       const statuses = [];
       for (let i = 0; i < 200; i++) statuses.push((await store.put("a/" + (i % 7) + "/" + i, new Uint8Array(20000).fill(i))).status);
       process.send(statuses, () => process.disconnect());
     });
     process.send("ready");`,
  );
  const children = [1, 2].map(() => fork(script, { execArgv: runsTypeScript }));
  onTestFinished(() => {
    for (const child of children) child.kill();
  });
  await Promise.all(children.map((child) => once(child, "message")));
  const answers = children.map((child) => once(child, "message"));
  for (const child of children) child.send("go");
  const [left, right] = (await Promise.all(answers)).map(([statuses]) => statuses as string[]);
  for (let i = 0; i < 200; i++) {
    expect(new Set([left?.[i], right?.[i]])).toEqual(new Set(["exists", "stored"]));
  }
  expect((await pathsOf(createFolderStore({ root }))).length).toBe(200);
  expect((await readdir(root, { recursive: true })).filter((name) => name.includes("tmp"))).toEqual([]);
});

/** Only root on Linux may, and not in every container. */
function canMount(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  return (
    spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "-o", "size=1m", "none", "/mnt"]).status === 0
  );
}

async function mounted(at: string, options: string, body: () => Promise<void>): Promise<void> {
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "none", at]);
  try {
    await body();
  } finally {
    execFileSync("umount", [at]);
  }
}
