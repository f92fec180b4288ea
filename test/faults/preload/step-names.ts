import { basename, dirname } from "node:path";

/** A call that changes what is on disk. */
export type FileCall =
  | { readonly call: "create" | "bind" | "mkdir" | "rmdir" | "unlink"; readonly path: string }
  | { readonly call: "syncDirectory"; readonly path: string }
  | { readonly call: "rename" | "link"; readonly path: string; readonly to: string }
  | { readonly call: "truncate" | "datasync"; readonly path: string; readonly created: boolean }
  | {
      readonly call: "write";
      readonly path: string;
      /** True if this thread created the file. */
      readonly created: boolean;
      readonly bytes: Uint8Array;
      readonly position: number;
    };

/**
 * Says what the calls of one thread mean to the product. Told each in turn, it names the step of the cycle
 * that the call is, or gives undefined for one that it does not know. A name follows from the operation, the
 * kind of file, and what this thread did before: the same `unlink` can be a release or the removal of a dead
 * process's garbage.
 */
export interface StepNames {
  /** A call of the spool. */
  ofSpool(call: FileCall): string | undefined;
  /** A call of the store in a folder. */
  ofStore(call: FileCall): string | undefined;
}

/** For a thread that has done nothing yet. */
export function createStepNames(): StepNames {
  return new Names();
}

const hex = "[0-9a-f]";
const patterns = {
  young: new RegExp(`^\\.new-${hex}{32}-${hex}{8}$`),
  instance: new RegExp(`^${hex}{32}$`),
  inherited: new RegExp(`^${hex}{32}\\.by-${hex}{32}$`),
  open: /\.open$/,
  sealed: /\.seg$/,
  body: /\.body$/,
  temporary: /\.tmp$/,
  live: /^live\./,
  note: /\.json$/,
} as const;
type Kind = keyof typeof patterns;

function kindOf(path: string): Kind | undefined {
  const name = basename(path);
  return (Object.keys(patterns) as Kind[]).find((kind) => patterns[kind].test(name));
}

function segmentOf(path: string): string {
  return basename(path).slice(0, 32);
}

/** Steps after which the folder is synced, and what that belongs to. */
const changes: Readonly<Record<string, string>> = {
  "spool-folder-made": "spool-folder",
  "claim-renamed": "claim",
  "segment-created": "segment",
  "seal-renamed": "seal",
  "freeze-renamed": "freeze",
  "copy-renamed": "copy",
  "recovery-claimed": "recovery-claim",
  "recovery-sealed": "recovery-seal",
  "quarantine-moved": "quarantine",
  "quarantine-copied": "quarantine",
};

const segmentMagic = "MCSPOOL1";
const footerKind = 2;

class Names implements StepNames {
  /** What last changed in a folder: its sync belongs to that. */
  readonly #changes = new Map<string, string>();
  readonly #created = new Set<string>();
  /** Files whose footer is written. */
  readonly #sealing = new Set<string>();
  /** Temporary files that hold a segment, not the bytes of a file to upload. */
  readonly #copies = new Set<string>();
  readonly #released = new Set<string>();

  ofSpool(call: FileCall): string | undefined {
    if (call.call === "syncDirectory") {
      const change = this.#changes.get(call.path);
      return change === undefined ? undefined : `${change}-directory-synced`;
    }
    const step = this.#step(call);
    const change = changes[step ?? ""];
    if (change !== undefined) this.#changes.set(dirname("to" in call ? call.to : call.path), change);
    return step;
  }

  ofStore(call: FileCall): string | undefined {
    const { path } = call;
    const subject = `${path}/`.includes("/_schema/") ? "registry" : "put";
    switch (call.call) {
      case "mkdir":
        return `${subject}-folder-made`;
      case "create":
        return `${subject}-created`;
      case "write":
        return `${subject}-written`;
      case "datasync":
        return `${subject}-synced`;
      case "link":
        return `${subject}-linked`;
      case "unlink":
        return `${subject}-temporary-unlinked`;
      case "syncDirectory":
        return `${subject}-directory-synced`;
      default:
        return undefined;
    }
  }

  #step(call: Exclude<FileCall, { call: "syncDirectory" }>): string | undefined {
    const { path } = call;
    const kind = kindOf(path);
    const inQuarantine = dirname(path).endsWith("/quarantine");
    switch (call.call) {
      case "mkdir":
        return kind === "young" ? "claim-folder-made" : "spool-folder-made";
      case "bind":
        return "claim-life-bound";
      case "create":
        this.#created.add(path);
        return this.#fileStep(kind, "created", inQuarantine);
      case "write":
        return this.#written(call, kind, inQuarantine);
      case "datasync":
        if (kind === "open" && !call.created) return "recovery-synced";
        if (kind === "open") return this.#sealing.has(path) ? "seal-synced" : "segment-synced";
        if (kind === "temporary") return this.#copies.has(path) ? "copy-synced" : "freeze-synced";
        return this.#fileStep(kind, "synced", inQuarantine);
      case "truncate":
        return kind === "open" && !call.created ? "recovery-cut" : "segment-cut";
      case "rename":
        return this.#renamed(path, kind, call.to);
      case "link":
        return call.to.includes("/quarantine/") ? "quarantine-copied" : undefined;
      case "unlink":
        return this.#unlinked(path, kind);
      case "rmdir":
        return "folder-removed";
    }
  }

  /** Files that are made in one go. */
  #fileStep(kind: Kind | undefined, done: string, inQuarantine: boolean): string | undefined {
    if (inQuarantine) return `quarantine-note-${done}`;
    if (kind === "open") return `segment-${done}`;
    if (kind === "temporary") return `freeze-${done}`;
    if (kind === "note") return `claim-owner-${done}`;
    if (kind === "live") return `claim-life-${done}`;
    return undefined;
  }

  #written(
    call: Extract<FileCall, { call: "write" }>,
    kind: Kind | undefined,
    inQuarantine: boolean,
  ): string | undefined {
    const { path, bytes, position, created } = call;
    if (kind === "temporary" && position === 0 && startsWith(bytes, segmentMagic)) this.#copies.add(path);
    const isSegment = kind === "open" || this.#copies.has(path);
    if (!isSegment) return this.#fileStep(kind, "written", inQuarantine);
    const isFooter = position > 0 && bytes[4] === footerKind;
    if (isFooter) this.#sealing.add(path);
    if (kind === "temporary") return isFooter ? "copy-footer-written" : "copy-written";
    if (isFooter) return created ? "seal-footer-written" : "recovery-footer-written";
    return position === 0 ? "segment-header-written" : "record-written";
  }

  #renamed(path: string, kind: Kind | undefined, to: string): string | undefined {
    const target = kindOf(to);
    if (kind === "young") return "claim-renamed";
    if (target === "inherited") return "recovery-claimed";
    if (target === "instance") return "recovery-claimed";
    if (to.includes("/quarantine/")) return "quarantine-moved";
    if (kind === "open" && target === "sealed") {
      return this.#created.has(path) ? "seal-renamed" : "recovery-sealed";
    }
    if (kind === "sealed" && target === "sealed") return "attempt-renamed";
    if (target === "body") return "freeze-renamed";
    if (kind === "temporary") return "copy-renamed";
    return undefined;
  }

  #unlinked(path: string, kind: Kind | undefined): string | undefined {
    const id = segmentOf(path);
    switch (kind) {
      case "sealed":
        this.#released.add(id);
        return "release-segment-unlinked";
      case "body":
        return this.#released.has(id) ? "release-body-unlinked" : "recovery-body-unlinked";
      case "temporary":
        return this.#created.has(path) ? "freeze-temporary-unlinked" : "recovery-temporary-unlinked";
      case "open":
        return this.#created.has(path) ? "segment-unlinked" : "recovery-original-unlinked";
      case "live":
        return "folder-life-unlinked";
      case "note":
        return "folder-owner-unlinked";
      default:
        return undefined;
    }
  }
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return (
    Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, text.length)).toString(
      "latin1",
    ) === text
  );
}
