/*
 * Preloaded into a process under test and into its background thread. Every call that changes something on
 * disk gets the name that the step has in the product, and at the one that `MDC_TEST_CRASH` names
 * (`CrashPlan`) the process kills itself, as the kernel would: no handler runs, nothing is flushed. The code
 * under test knows nothing of it.
 *
 * The journal of the process (descriptor 3, see `collecting-process.ts`) gets the line `k <name>` before.
 */
import { subscribe } from "node:diagnostics_channel";
import fs from "node:fs";
import type { ClientRequest } from "node:http";
import { syncBuiltinESMExports } from "node:module";
import { type ListenOptions, Server } from "node:net";
import { promisify } from "node:util";
import { isMainThread } from "node:worker_threads";
import { CrashTrigger, type CrashPlan } from "./crash-plan.ts";
import { hookWorkers } from "./hook-workers.ts";
import { createStepNames, type FileCall } from "./step-names.ts";

const text = process.env["MDC_TEST_CRASH"] ?? "{}";
const plan = JSON.parse(text) as CrashPlan;
const trigger = new CrashTrigger(plan);
const names = createStepNames();
const real = { ...fs };
const realPromises = { ...fs.promises };
/** Files that this thread has open: path, and whether it created them. */
const files = new Map<number, { readonly path: string; readonly created: boolean }>();
const creating = fs.constants.O_CREAT;

if (isMainThread) {
  hookWorkers(() => ({ preload: new URL(import.meta.url), env: { MDC_TEST_CRASH: text } }));
}
patchSpool();
patchSockets();
patchStore();
watchRequests();
syncBuiltinESMExports();

function note(name: string | undefined, call: string): void {
  if (plan.trace === true) real.writeSync(3, `t ${name ?? `? ${call}`}\n`);
}

function die(name: string | undefined): never {
  real.writeSync(3, `k ${name ?? ""}\n`);
  process.kill(process.pid, "SIGKILL");
  // Dead, unless a debugger holds it.
  for (;;);
}

/** Does a call, or dies at it. */
function step<T>(call: FileCall, act: () => T, half: () => void = () => {}): T {
  const name = names.ofSpool(call);
  const side = trigger.reached(name);
  if (side === "before") die(name);
  if (side === "half") {
    half();
    die(name);
  }
  const result = act();
  note(name, `${call.call} ${call.path}`);
  return side === "after" ? die(name) : result;
}

async function storeStep<T>(
  call: FileCall,
  act: () => Promise<T>,
  half: () => Promise<unknown> = async () => {},
): Promise<T> {
  const name = names.ofStore(call);
  const side = trigger.reached(name);
  if (side === "before") die(name);
  if (side === "half") {
    await half();
    die(name);
  }
  const result = await act();
  note(name, `${call.call} ${call.path}`);
  return side === "after" ? die(name) : result;
}

function isSpool(path: fs.PathLike): path is string {
  return typeof path === "string" && /\/mc1(?:\/|$)/.test(path);
}

/** The spool works with the synchronous calls. */
function patchSpool(): void {
  fs.openSync = ((path: string, flags: number, mode?: number) => {
    const open = (): number => real.openSync(path, flags, mode);
    if (!isSpool(path)) return open();
    const created = (flags & creating) !== 0;
    const fd = created ? step({ call: "create", path }, open) : open();
    files.set(fd, { path, created });
    return fd;
  }) as typeof fs.openSync;
  fs.closeSync = (fd) => {
    files.delete(fd);
    real.closeSync(fd);
  };
  fs.writevSync = (fd, parts, position) => {
    const file = files.get(fd);
    const write = (): number => real.writevSync(fd, parts, position);
    if (file === undefined) return write();
    const bytes = Buffer.concat(
      parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength)),
    );
    const at = position ?? 0;
    const call: FileCall = { call: "write", ...file, bytes, position: at };
    return step(call, write, () => real.writeSync(fd, bytes, 0, bytes.length >> 1, at));
  };
  fs.ftruncateSync = (fd, size) => {
    const file = files.get(fd);
    const cut = (): void => real.ftruncateSync(fd, size);
    if (file === undefined) cut();
    else step({ call: "truncate", ...file }, cut);
  };
  fs.fdatasyncSync = (fd) => {
    const file = files.get(fd);
    if (file === undefined) real.fdatasyncSync(fd);
    else step({ call: "datasync", ...file }, () => real.fdatasyncSync(fd));
  };
  fs.fsyncSync = (fd) => {
    const file = files.get(fd);
    if (file === undefined) real.fsyncSync(fd);
    else step({ call: "syncDirectory", path: file.path }, () => real.fsyncSync(fd));
  };
  fs.mkdirSync = ((path: string, options?: fs.Mode) => {
    const make = (): string | undefined => real.mkdirSync(path, options) ?? undefined;
    return isSpool(path) ? step({ call: "mkdir", path }, make) : make();
  }) as typeof fs.mkdirSync;
  fs.rmdirSync = (path) => {
    if (isSpool(path)) step({ call: "rmdir", path }, () => real.rmdirSync(path));
    else real.rmdirSync(path);
  };
  fs.unlinkSync = (path) => {
    if (isSpool(path)) step({ call: "unlink", path }, () => real.unlinkSync(path));
    else real.unlinkSync(path);
  };
  fs.renameSync = (path, to) => {
    const rename = (): void => real.renameSync(path, to);
    if (isSpool(path) && isSpool(to)) step({ call: "rename", path, to }, rename);
    else rename();
  };
  fs.linkSync = (path, to) => {
    const link = (): void => real.linkSync(path, to);
    if (isSpool(path) && isSpool(to)) step({ call: "link", path, to }, link);
    else link();
  };
}

/** The proof of life is a socket. A path that is too long for one is reached through its open folder. */
function patchSockets(): void {
  // oxlint-disable-next-line typescript/unbound-method -- called on the server it is asked of
  const { listen } = Server.prototype;
  Server.prototype.listen = function (this: Server, options: ListenOptions) {
    const [, fd, name] = /^\/proc\/self\/fd\/(\d+)\/(.*)$/.exec(options.path ?? "") ?? [];
    const path = name === undefined ? options.path : `${files.get(Number(fd))?.path}/${name}`;
    const bind = (): Server => listen.call(this, options);
    return path !== undefined && isSpool(path) ? step({ call: "bind", path }, bind) : bind();
  } as typeof listen;
}

/** The store in a folder works with the promises; nothing else in the process changes files with them. */
function patchStore(): void {
  const opened = new Map<number, { readonly path: string; readonly created: boolean }>();
  fs.fsync = ((fd: number, done: (error: Error | null) => void) => {
    const sync = (): Promise<void> => promisify(real.fsync)(fd);
    const { path, created } = opened.get(fd) ?? {};
    const synced =
      path === undefined
        ? sync()
        : storeStep(created ? { call: "datasync", path, created } : { call: "syncDirectory", path }, sync);
    synced.then(() => done(null), done);
  }) as typeof fs.fsync;
  fs.promises.open = (async (path: string, flags: number, mode?: number) => {
    const open = (): Promise<fs.promises.FileHandle> => realPromises.open(path, flags, mode);
    const created = (flags & creating) !== 0;
    const handle = created ? await storeStep({ call: "create", path }, open) : await open();
    opened.set(handle.fd, { path, created });
    const write = handle.write.bind(handle) as (
      bytes: Uint8Array,
      offset: number,
      length: number,
    ) => Promise<{ bytesWritten: number; buffer: Uint8Array }>;
    handle.write = ((bytes: Uint8Array, offset: number, length: number) => {
      const call: FileCall = { call: "write", path, created, bytes, position: 0 };
      return storeStep(
        call,
        () => write(bytes, offset, length),
        () => write(bytes, offset, length >> 1),
      );
    }) as typeof handle.write;
    return handle;
  }) as typeof fs.promises.open;
  fs.promises.mkdir = (async (path: string, options?: fs.MakeDirectoryOptions) =>
    storeStep({ call: "mkdir", path }, () => realPromises.mkdir(path, options))) as typeof fs.promises.mkdir;
  fs.promises.link = async (path, to) =>
    storeStep({ call: "link", path: String(path), to: String(to) }, () => realPromises.link(path, to));
  fs.promises.unlink = async (path) =>
    storeStep({ call: "unlink", path: String(path) }, () => realPromises.unlink(path));
}

/**
 * The store in the cloud: its requests, before a byte has left, when all have, and when the answer is there.
 */
function watchRequests(): void {
  const moments = {
    "http.client.request.created": "begun",
    "http.client.request.start": "sent",
    "http.client.response.finish": "answered",
  } as const;
  for (const [channel, moment] of Object.entries(moments)) {
    subscribe(channel, (message) => {
      const { request } = message as { readonly request: ClientRequest };
      if (request.method !== "PUT") return;
      const name = `${request.path.includes("/_schema/") ? "registry" : "put"}-${moment}`;
      note(name, "request");
      if (trigger.reached(name) !== undefined) die(name);
    });
  }
}
