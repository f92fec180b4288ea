import type { FileStat, FileSystem } from "../../src/base/files/file-system.ts";

/*
 * A disk with a page cache, to crash at will. Every file and folder has two states: what programs see, and
 * what would be there after a power cut. `datasync` and `syncDirectory` copy the first to the second;
 * `powerCut` keeps, drops, tears or zeroes whatever lies between. A rename is one step that happens or does
 * not, as on every journaling file system; apart from that, steps of a folder that was not synced may survive
 * in any combination.
 */

/** A source of whole numbers from 0 to `below - 1`. */
export type Random = (below: number) => number;

/** One call about to be made, for fault injection. */
export interface SimulatedCall {
  /** Counts from 1. */
  readonly index: number;
  readonly name: keyof FileSystem;
}

/** A fault: the call throws `code`; a write writes that part of its bytes first. */
export interface SimulatedFault {
  readonly code: string;
  readonly writtenShare?: number;
}

interface FileNode {
  readonly kind: "file";
  bytes: Uint8Array;
  durable: Uint8Array;
  pending: FileStep[];
  mtimeMs: number;
}

type FileStep = { readonly at: number; readonly bytes: Uint8Array } | { readonly cut: number };

interface FolderNode {
  readonly kind: "directory";
  entries: Map<string, number>;
  durable: Map<string, number>;
  mtimeMs: number;
}

/** A change of folders: entries that go and come in one step. */
interface FolderStep {
  readonly gone: readonly { readonly folder: number; readonly name: string; readonly node: number }[];
  readonly come: readonly { readonly folder: number; readonly name: string; readonly node: number }[];
}

export class SimulatedFileSystem implements FileSystem {
  readonly uid = 1000;
  /** Asked before each call. */
  fault: (call: SimulatedCall) => SimulatedFault | undefined = () => undefined;
  /** Bytes that fit. */
  capacity: number = Number.POSITIVE_INFINITY;
  /** Milliseconds, for modification times. */
  now: () => number = () => 0;
  /** Calls so far. */
  calls = 0;
  readonly #nodes = new Map<number, FileNode | FolderNode>();
  readonly #open = new Map<number, number>();
  #steps: FolderStep[] = [];
  #nextNode = 2;
  #nextFd = 3;

  constructor() {
    this.#nodes.set(1, { kind: "directory", entries: new Map(), durable: new Map(), mtimeMs: 0 });
  }

  // — system calls —

  open(path: string, mode: "create" | "update" | "read"): number {
    this.#call("open", path);
    const { folder, name, node } = this.#find(path);
    if (mode === "create") {
      if (node !== undefined) throw systemError("EEXIST", path);
      const file: FileNode = {
        kind: "file",
        bytes: new Uint8Array(0),
        durable: new Uint8Array(0),
        pending: [],
        mtimeMs: this.now(),
      };
      return this.#descriptor(this.#add(folder, name, file));
    }
    if (node === undefined) throw systemError("ENOENT", path);
    return this.#descriptor(node);
  }

  close(fd: number): void {
    this.#open.delete(fd);
    this.#call("close");
  }

  read(fd: number, into: Uint8Array, position: number): number {
    this.#call("read");
    const part = this.#file(fd).bytes.subarray(position, position + into.byteLength);
    into.set(part);
    return part.byteLength;
  }

  write(fd: number, parts: readonly Uint8Array[], position: number): void {
    const file = this.#file(fd);
    let bytes = Buffer.concat(parts);
    let failure: SimulatedFault | undefined = this.#look("write");
    if (failure !== undefined)
      bytes = bytes.subarray(0, Math.floor(bytes.length * (failure.writtenShare ?? 0)));
    const room = this.capacity - this.used();
    const growth = Math.max(0, position + bytes.length - file.bytes.length);
    if (growth > room) {
      bytes = bytes.subarray(0, Math.max(0, bytes.length - (growth - room)));
      failure ??= { code: "ENOSPC" };
    }
    if (bytes.length > 0) {
      const copy = new Uint8Array(bytes);
      file.bytes = overlay(file.bytes, position, copy);
      file.pending.push({ at: position, bytes: copy });
      file.mtimeMs = this.now();
    }
    if (failure !== undefined) throw systemError(failure.code, "write");
  }

  truncate(fd: number, size: number): void {
    this.#call("truncate");
    const file = this.#file(fd);
    file.bytes = resized(file.bytes, size);
    file.pending.push({ cut: size });
  }

  datasync(fd: number): void {
    this.#call("datasync");
    const file = this.#file(fd);
    file.durable = file.bytes;
    file.pending = [];
  }

  syncDirectory(path: string): void {
    this.#call("syncDirectory", path);
    const folder = this.#folderAt(path);
    const isOf = (step: FolderStep): boolean =>
      [...step.gone, ...step.come].some((entry) => entry.folder === folder);
    for (const step of this.#steps.filter(isOf)) this.#persist(step);
    this.#steps = this.#steps.filter((step) => !isOf(step));
  }

  stat(fd: number): FileStat {
    this.#call("stat");
    return this.#stat(this.#open.get(fd) ?? fail("EBADF", "fstat"));
  }

  lstat(path: string): FileStat | undefined {
    this.#call("lstat", path);
    if (path === "/") return this.#stat(1);
    try {
      const { node } = this.#find(path);
      return node === undefined ? undefined : this.#stat(node);
    } catch {
      return undefined;
    }
  }

  list(path: string): string[] {
    this.#call("list", path);
    return [...this.#folder(this.#folderAt(path)).entries.keys()];
  }

  makeDirectory(path: string): void {
    this.#call("makeDirectory", path);
    const { folder, name, node } = this.#find(path);
    if (node !== undefined) throw systemError("EEXIST", path);
    this.#add(folder, name, {
      kind: "directory",
      entries: new Map(),
      durable: new Map(),
      mtimeMs: this.now(),
    });
  }

  removeDirectory(path: string): void {
    this.#call("removeDirectory", path);
    const { folder, name, node } = this.#find(path);
    if (node === undefined) throw systemError("ENOENT", path);
    if (this.#folder(node).entries.size > 0) throw systemError("ENOTEMPTY", path);
    this.#step({ gone: [{ folder, name, node }], come: [] });
  }

  rename(from: string, to: string): void {
    this.#call("rename", from);
    const source = this.#find(from);
    const target = this.#find(to);
    if (source.node === undefined) throw systemError("ENOENT", from);
    const replaced = target.node === undefined ? undefined : this.#nodes.get(target.node);
    if (replaced?.kind === "directory" && replaced.entries.size > 0) throw systemError("ENOTEMPTY", to);
    const { node } = source;
    this.#step({
      gone: [{ folder: source.folder, name: source.name, node }],
      come: [{ folder: target.folder, name: target.name, node }],
    });
  }

  link(existing: string, path: string): void {
    this.#call("link", path);
    const { node } = this.#find(existing);
    const target = this.#find(path);
    if (node === undefined) throw systemError("ENOENT", existing);
    if (target.node !== undefined) throw systemError("EEXIST", path);
    this.#step({ gone: [], come: [{ folder: target.folder, name: target.name, node }] });
  }

  unlink(path: string): void {
    this.#call("unlink", path);
    const { folder, name, node } = this.#find(path);
    if (node === undefined) throw systemError("ENOENT", path);
    this.#step({ gone: [{ folder, name, node }], come: [] });
  }

  chmod(path: string): void {
    this.#call("chmod", path);
  }

  freeBytes(): number {
    this.#call("freeBytes");
    return this.capacity - this.used();
  }

  // — for tests —

  /** Bytes of all files that have a name. */
  used(): number {
    let sum = 0;
    for (const node of this.#reachable()) if (node.kind === "file") sum += node.bytes.length;
    return sum;
  }

  /** Descriptors not yet closed. */
  descriptors(): number {
    return this.#open.size;
  }

  /** Paths of all files below `path`, sorted. */
  files(path = "/"): string[] {
    const found: string[] = [];
    for (const name of this.#folder(this.#folderAt(path)).entries.keys()) {
      const child = path === "/" ? `/${name}` : `${path}/${name}`;
      const { node } = this.#find(child);
      if (this.#nodes.get(node ?? 0)?.kind === "directory") found.push(...this.files(child));
      else found.push(child);
    }
    return found.sort();
  }

  /** A file's bytes, to look at or to damage. */
  contents(path: string): Uint8Array {
    const { node } = this.#find(path);
    const file = this.#nodes.get(node ?? 0);
    return file?.kind === "file" ? file.bytes.slice() : fail("ENOENT", path);
  }

  /** Puts a file there, as it is, durably; makes its folders. */
  place(path: string, bytes: Uint8Array): void {
    const parts = path.split("/").filter((part) => part !== "");
    const name = parts.pop() ?? "";
    let folder = 1;
    for (const part of parts) {
      const next = this.#folder(folder).entries.get(part);
      folder =
        next ??
        this.#add(folder, part, {
          kind: "directory",
          entries: new Map(),
          durable: new Map(),
          mtimeMs: this.now(),
        });
    }
    const copy = bytes.slice();
    const known = this.#nodes.get(this.#folder(folder).entries.get(name) ?? 0);
    if (known?.kind === "file") Object.assign(known, { bytes: copy, durable: copy, pending: [] });
    else
      this.#add(folder, name, { kind: "file", bytes: copy, durable: copy, pending: [], mtimeMs: this.now() });
    for (const step of this.#steps) this.#persist(step);
    this.#steps = [];
  }

  /** A disk of its own with the same contents, all of it durable; nothing is open. */
  clone(): SimulatedFileSystem {
    return this.#copy(
      (file) => file.bytes,
      (folder) => folder.entries,
    );
  }

  /** What could be there after the power fails now. This disk stays as it is. */
  powerCut(random: Random): SimulatedFileSystem {
    const folders = new Map<number, Map<string, number>>();
    for (const [id, node] of this.#nodes)
      if (node.kind === "directory") folders.set(id, new Map(node.durable));
    for (const step of this.#steps) if (random(2) === 0) apply(step, folders);
    return this.#copy(
      (file) => this.#survivor(file, random),
      (_, id) => folders.get(id) ?? new Map(),
    );
  }

  #survivor(file: FileNode, random: Random): Uint8Array {
    let bytes = file.durable;
    for (const step of file.pending) {
      const fate = random(5);
      if ("cut" in step) {
        if (fate < 3) bytes = resized(bytes, step.cut);
      } else if (fate === 0) {
        const sectors = Math.ceil(step.bytes.length / 512);
        bytes = overlay(bytes, step.at, step.bytes.subarray(0, random(sectors) * 512));
      } else if (fate === 1) {
        const zeroed = step.bytes.slice();
        const from = random(zeroed.length);
        zeroed.fill(0, from, from + 512);
        bytes = overlay(bytes, step.at, zeroed);
      } else if (fate === 2) {
        bytes = overlay(bytes, step.at, new Uint8Array(step.bytes.length));
      } else if (fate === 3) {
        bytes = overlay(bytes, step.at, step.bytes);
      }
    }
    return bytes;
  }

  #copy(
    bytesOf: (file: FileNode) => Uint8Array,
    entriesOf: (folder: FolderNode, id: number) => Map<string, number>,
  ): SimulatedFileSystem {
    const copy = new SimulatedFileSystem();
    copy.#nextNode = this.#nextNode;
    copy.capacity = this.capacity;
    copy.now = this.now;
    for (const [id, node] of this.#nodes) {
      if (node.kind === "file") {
        const bytes = bytesOf(node).slice();
        copy.#nodes.set(id, { ...node, bytes, durable: bytes, pending: [] });
      } else {
        const entries = entriesOf(node, id);
        copy.#nodes.set(id, { ...node, entries: new Map(entries), durable: new Map(entries) });
      }
    }
    return copy;
  }

  #call(name: keyof FileSystem, path = ""): void {
    const fault = this.#look(name);
    if (fault !== undefined) throw systemError(fault.code, `${name} ${path}`);
  }

  #look(name: keyof FileSystem): SimulatedFault | undefined {
    return this.fault({ index: ++this.calls, name });
  }

  #descriptor(node: number): number {
    const fd = this.#nextFd++;
    this.#open.set(fd, node);
    return fd;
  }

  #file(fd: number): FileNode {
    const node = this.#nodes.get(this.#open.get(fd) ?? 0);
    return node?.kind === "file" ? node : fail("EBADF", `descriptor ${fd}`);
  }

  #folder(id: number): FolderNode {
    const node = this.#nodes.get(id);
    return node?.kind === "directory" ? node : fail("ENOTDIR", `node ${id}`);
  }

  #folderAt(path: string): number {
    if (path === "/") return 1;
    return this.#find(path).node ?? fail("ENOENT", path);
  }

  #find(path: string): { folder: number; name: string; node: number | undefined } {
    const parts = path.split("/").filter((part) => part !== "");
    const name = parts.pop() ?? "";
    let folder = 1;
    for (const part of parts) folder = this.#folder(folder).entries.get(part) ?? fail("ENOENT", path);
    return { folder, name, node: this.#folder(folder).entries.get(name) };
  }

  #add(folder: number, name: string, node: FileNode | FolderNode): number {
    const id = this.#nextNode++;
    this.#nodes.set(id, node);
    this.#step({ gone: [], come: [{ folder, name, node: id }] });
    return id;
  }

  #step(step: FolderStep): void {
    const { gone, come } = step;
    for (const { folder, name } of gone) this.#folder(folder).entries.delete(name);
    for (const { folder, name, node } of come) this.#folder(folder).entries.set(name, node);
    for (const { folder } of [...gone, ...come]) this.#folder(folder).mtimeMs = this.now();
    this.#steps.push(step);
  }

  #persist(step: FolderStep): void {
    const folders = new Map<number, Map<string, number>>();
    for (const { folder } of [...step.gone, ...step.come]) folders.set(folder, this.#folder(folder).durable);
    apply(step, folders);
  }

  #stat(id: number): FileStat {
    const node = this.#nodes.get(id) ?? fail("ENOENT", `node ${id}`);
    const size = node.kind === "file" ? node.bytes.length : 0;
    return {
      kind: node.kind,
      size,
      allocated: size,
      mtimeMs: node.mtimeMs,
      uid: this.uid,
      mode: 0o700,
      ino: id,
    };
  }

  *#reachable(id = 1): Generator<FileNode | FolderNode> {
    const node = this.#nodes.get(id);
    if (node === undefined) return;
    yield node;
    if (node.kind === "directory") for (const child of node.entries.values()) yield* this.#reachable(child);
  }
}

/** A generator of whole numbers, the same for the same seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** An error as Node throws it. */
export function systemError(code: string, where: string): Error {
  return Object.assign(new Error(`${code}: ${where}`), { code });
}

function fail(code: string, where: string): never {
  throw systemError(code, where);
}

function apply({ gone, come }: FolderStep, folders: ReadonlyMap<number, Map<string, number>>): void {
  for (const { folder, name, node } of gone) {
    const entries = folders.get(folder);
    if (entries?.get(name) === node) entries.delete(name);
  }
  for (const { folder, name, node } of come) folders.get(folder)?.set(name, node);
}

function overlay(bytes: Uint8Array, at: number, part: Uint8Array): Uint8Array {
  if (part.length === 0) return bytes;
  const result = resized(bytes, Math.max(bytes.length, at + part.length));
  result.set(part, at);
  return result;
}

function resized(bytes: Uint8Array, size: number): Uint8Array {
  const result = new Uint8Array(size);
  result.set(bytes.subarray(0, size));
  return result;
}
