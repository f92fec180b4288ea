import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../../src/base/time/clock.ts";
import { systemFileSystem } from "../../../src/base/files/file-system.ts";
import { systemIds } from "../../../src/base/ids.ts";
import { createFolderSpool } from "../../../src/spool/folder-spool.ts";
import { holdInstance } from "../../../src/spool/instance/hold-instance.ts";
import { createSocketLiveness } from "../../../src/spool/instance/socket-liveness.ts";
import type { Spool } from "../../../src/spool/spool.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { recordOf, recoverAll } from "./spool-world.ts";

const posix = process.platform !== "win32";
const counts = { frames: 1, rows: 2, bytes: 3 };

function open(directory: string, options: { instance?: string } = {}): Spool {
  const spool = createFolderSpool({
    directory,
    clock: systemClock,
    ids: systemIds,
    maxBytes: 1e10,
    minFreeBytes: 0,
    ...options,
  });
  onTestFinished(() => spool.writer.close());
  return spool;
}

interface Child {
  readonly process: ChildProcess;
  readonly lines: string[];
  said(line: RegExp): Promise<string>;
  end(signal: NodeJS.Signals): Promise<void>;
}

function child(task: string, directory: string, ...more: string[]): Child {
  const script = join(import.meta.dirname, "child-process.ts");
  const one = spawn(process.execPath, [script, task, directory, ...more], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines: string[] = [];
  let rest = "";
  let heard = (): void => {};
  let ended = false;
  const closed = new Promise<void>((resolve) => {
    one.on("close", () => {
      ended = true;
      heard();
      resolve();
    });
  });
  one.stdout.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
    heard();
  });
  onTestFinished(async () => {
    if (!ended) one.kill("SIGKILL");
    await closed;
  });
  return {
    process: one,
    lines,
    async said(pattern) {
      for (;;) {
        const line = lines.find((text) => pattern.test(text));
        if (line !== undefined) return line;
        if (ended) throw new Error(`the child ended without saying ${pattern}`);
        await new Promise<void>((resolve) => {
          heard = resolve;
        });
      }
    },
    async end(signal) {
      one.kill(signal);
      await closed;
    },
  };
}

test("a process killed at any moment, twenty times, loses no record it had acknowledged and repeats none", async () => {
  const directory = await tempFolder();
  const acknowledged = new Set<number>();
  for (let kill = 0; kill < 20; kill++) {
    const writer = child("write", directory, String((kill + 1) * 1_000_000));
    await writer.said(new RegExp(`^appended ${(kill + 1) * 1_000_000 + 60}$`));
    await new Promise((resolve) => setTimeout(resolve, (kill * 37) % 60));
    await writer.end("SIGKILL");
    for (const line of writer.lines) acknowledged.add(Number(line.slice("appended ".length)));
  }
  const { records, losses } = await recoverAll(open(directory));
  const found = new Map(records.map((record) => [record.sequence, record]));
  expect(found.size).toBe(records.length);
  expect([...acknowledged].filter((sequence) => !found.has(sequence))).toEqual([]);
  for (const { sequence, bytes, label } of records) {
    expect(label).toBe(`label ${sequence % 3}`);
    expect(new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0)).toBe(sequence);
  }
  expect(losses.filter(({ reason }) => reason === "corrupt")).toEqual([]);
  expect(acknowledged.size).toBeGreaterThan(1_000);
}, 120_000);

test("two processes that race for the folders of the dead inherit each exactly once", async () => {
  const directory = await tempFolder();
  const dead = 300;
  const ids = new Set<string>();
  for (let n = 0; n < dead; n++) {
    const spool = open(directory);
    spool.writer.append("a", recordOf(n), counts, n + 1);
    for (const { id } of spool.writer.seal()) ids.add(id);
    spool.writer.close();
  }
  const heirs = [child("inherit", directory), child("inherit", directory)];
  await Promise.all(heirs.map((heir) => heir.said(/^ready/)));
  for (const { process: one } of heirs) one.stdin?.write("go\n");
  await Promise.all(heirs.map((heir) => heir.said(/^done/)));
  const inherited = heirs.map(({ lines }) =>
    lines.filter((line) => line.startsWith("inherited")).map((line) => line.slice(10)),
  );
  expect(inherited.flat().sort()).toEqual([...ids].sort());
  for (const share of inherited) expect(share.length).toBeGreaterThan(0);
}, 60_000);

test.skipIf(!posix)(
  "nothing is taken from a process that is alive, blocked or stopped; everything once it is dead",
  async () => {
    const directory = await tempFolder();
    const children = [child("hold", directory), child("block", directory), child("hold", directory)];
    await Promise.all(children.map((one) => one.said(/^appended/)));
    children[2]?.process.kill("SIGSTOP");
    const heir = open(directory);
    for (let round = 0; round < 3; round++) expect((await recoverAll(heir)).records).toEqual([]);
    for (const one of children) await one.end("SIGKILL");
    expect((await recoverAll(heir)).records).toHaveLength(3);
  },
);

test.skipIf(!posix)("a blocked owner whose queue of connections is full counts as alive", async () => {
  const directory = await tempFolder();
  const blocked = child("block", directory);
  await blocked.said(/^appended/);
  const [owner = ""] = readdirSync(join(directory, "mc1"));
  const socket = readdirSync(join(directory, "mc1", owner)).find((name) => name.startsWith("live.")) ?? "";
  const knocks = Array.from({ length: 700 }, () =>
    connect(join(directory, "mc1", owner, socket)).on("error", () => {}),
  );
  onTestFinished(() => knocks.forEach((knock) => knock.destroy()));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect((await recoverAll(open(directory))).records).toEqual([]);
});

test("a path too long for a socket changes nothing", async () => {
  const directory = join(await tempFolder(), "a".repeat(120), "b".repeat(120));
  const owner = open(directory);
  owner.writer.append("a", recordOf(1), counts, 1);
  const heir = open(directory);
  expect((await recoverAll(heir)).records).toEqual([]);
  owner.writer.close();
  expect((await recoverAll(heir)).records).toHaveLength(1);
});

test("a thread that holds the instance keeps it from heirs while the thread that writes is dead", async () => {
  const directory = await tempFolder();
  const instance = systemIds.random128();
  const hold = holdInstance({ directory, instance });
  const writer = open(directory, { instance });
  writer.writer.append("a", recordOf(1), counts, 1);
  writer.writer.close();
  const heir = open(directory);
  expect((await recoverAll(heir)).records).toEqual([]);
  const successor = open(directory, { instance });
  const { segments } = await recoverAll(successor);
  expect(segments).toMatchObject([{ recovered: false, counts }]);
  hold?.[Symbol.dispose]();
  successor.writer.close();
  expect((await recoverAll(heir)).records).toHaveLength(1);
});

test("an owner of another host or boot is left alone until its folder has been still for ten minutes", async () => {
  const directory = await tempFolder();
  const owner = open(directory);
  owner.writer.append("a", recordOf(1), counts, 1);
  owner.writer.close();
  const [name = ""] = readdirSync(join(directory, "mc1"));
  const path = join(directory, "mc1", name);
  writeFileSync(join(path, "owner.json"), JSON.stringify({ host: "elsewhere", boot: null }));
  expect((await recoverAll(open(directory))).records).toEqual([]);
  let lateMs = 0;
  const fileSystem = {
    ...systemFileSystem,
    lstat: (at: string) => {
      const stat = systemFileSystem.lstat(at);
      // The volume's clock goes on; what was there before stays as old as it is.
      return stat !== undefined && /now-[0-9a-f]+\.tmp$/.test(at)
        ? { ...stat, mtimeMs: stat.mtimeMs + lateMs }
        : stat;
    },
  };
  const liveness = createSocketLiveness({ fileSystem, clock: systemClock, ids: systemIds });
  expect(await liveness.isAlive(path)).toBe(true);
  lateMs = 9 * 60_000;
  expect(await liveness.isAlive(path)).toBe(true);
  lateMs = 11 * 60_000;
  expect(await liveness.isAlive(path)).toBe(false);
});

test("a spool that was closed with nothing left leaves nothing behind", async () => {
  const directory = await tempFolder();
  const spool = open(directory);
  spool.writer.append("a", recordOf(1), counts, 1);
  const [segment] = spool.writer.seal();
  if (segment === undefined) return expect.unreachable();
  spool.sealed.release(segment);
  spool.writer.close();
  spool.writer.close();
  expect(readdirSync(join(directory, "mc1"))).toEqual([]);
});

test.skipIf(!posix)("folders are 0700, files 0600, whatever the umask", async () => {
  const directory = await tempFolder();
  const spool = open(join(directory, "deep", "spool"));
  spool.writer.append("a", recordOf(1), counts, 1);
  const parent = join(directory, "deep", "spool", "mc1");
  const [owner = ""] = readdirSync(parent);
  for (const path of [parent, join(parent, owner)]) expect(statSync(path).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(join(parent, owner))) {
    expect(statSync(join(parent, owner, name)).mode & 0o777, name).toBe(0o600);
  }
});

test.skipIf(!posix)("a folder that others can write to, or that is a symbolic link, is refused", async () => {
  const directory = await tempFolder();
  mkdirSync(join(directory, "open", "mc1"), { recursive: true });
  chmodSync(join(directory, "open", "mc1"), 0o777);
  expect(open(join(directory, "open")).writer.append("a", recordOf(1), counts, 1)).toMatchObject({
    status: "failed",
    error: { code: "EPERM", message: expect.stringContaining("can be written by others") },
  });
  mkdirSync(join(directory, "link"));
  mkdirSync(join(directory, "elsewhere"), { mode: 0o700 });
  symlinkSync(join(directory, "elsewhere"), join(directory, "link", "mc1"));
  expect(open(join(directory, "link")).writer.append("a", recordOf(1), counts, 1)).toMatchObject({
    status: "failed",
  });
  expect(readdirSync(join(directory, "elsewhere"))).toEqual([]);
});

test.skipIf(!posix)(
  "what is no file of ours - a folder, a link, a FIFO - is reported and left, and others are delivered",
  async () => {
    const directory = await tempFolder();
    const spool = open(directory);
    spool.writer.append("a", recordOf(1), counts, 1);
    spool.writer.seal();
    spool.writer.close();
    const [owner = ""] = readdirSync(join(directory, "mc1"));
    const path = join(directory, "mc1", owner);
    mkdirSync(join(path, `${"1".repeat(32)}.seg`));
    symlinkSync("/etc/hostname", join(path, `${"2".repeat(32)}.seg`));
    const { execFileSync } = await import("node:child_process");
    execFileSync("mkfifo", [join(path, `${"3".repeat(32)}.00000000.open`)]);
    execFileSync("truncate", ["-s", "10G", join(path, `${"4".repeat(32)}.00000000.open`)]);
    const { records, losses } = await recoverAll(open(directory));
    expect(records).toHaveLength(1);
    expect(losses.map(({ detail }) => detail.slice(0, 4)).sort()).toEqual(["1111", "2222", "3333"]);
    expect(existsSync(join(path, `${"4".repeat(32)}.00000000.open`))).toBe(false);
  },
  60_000,
);

test.skipIf(!posix)(
  "when the folder is removed under a living owner, its open segments are written anew",
  async () => {
    const directory = await tempFolder();
    let late = 0;
    const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + late };
    const spool = createFolderSpool({ directory, clock, ids: systemIds, maxBytes: 1e10, minFreeBytes: 0 });
    onTestFinished(() => spool.writer.close());
    spool.writer.append("a", recordOf(1), counts, 1);
    const { rmSync } = await import("node:fs");
    rmSync(join(directory, "mc1"), { recursive: true });
    late = 1_500;
    expect(spool.writer.append("a", recordOf(2), counts, 2)).toEqual({ status: "appended" });
    const [segment] = spool.writer.seal();
    if (segment === undefined) return expect.unreachable();
    expect(Array.from(spool.sealed.read(segment), ({ sequence }) => sequence)).toEqual([1, 2]);
    spool.writer.append("b", recordOf(3), counts, 3);
    rmSync(join(directory, "mc1"), { recursive: true });
    expect(spool.writer.seal()).toMatchObject([{ label: "b", counts }]);
  },
);
