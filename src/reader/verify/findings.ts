import { systemColumns } from "../../layout/system-columns.ts";

/** What can be wrong with stored data. */
export type FindingKind =
  | "unreadable"
  | "type"
  | "unpinned"
  | "duplicate"
  | "misplaced"
  | "clock"
  | "gap"
  | "untold"
  | "unfinished"
  | "unlogged"
  | "lost"
  | "foreign"
  | "orphan";

/** A `note` may well be as it should. */
type Level = "problem" | "note";

/** What to do about each. */
const findingKinds: Readonly<Record<FindingKind, { readonly level: Level; readonly advice: string }>> = {
  unreadable: {
    level: "problem",
    advice: "restore the file from a backup or take it away; mdc completeness tells what is then missing",
  },
  type: {
    level: "problem",
    advice:
      "engines that read the collection whole fail on it: rewrite the file with the pinned type, or take it away",
  },
  unpinned: {
    level: "problem",
    advice: "another program wrote these columns or files: keep them in a collection of their own",
  },
  duplicate: {
    level: "problem",
    advice: `rows are told apart by ${systemColumns.eventId.name} and ${systemColumns.rowIndex.name}: take away the copy, or count them once`,
  },
  misplaced: {
    level: "problem",
    advice:
      "a reader that prunes by partition misses these rows: move the file, or have its writer set the clock",
  },
  clock: {
    level: "problem",
    advice: "synchronise the clocks of the hosts that collect, or of those that hand requests on",
  },
  unfinished: {
    level: "note",
    advice: "mdc compact ends it; until then our reader passes the replaced files by, and engines do not",
  },
  unlogged: {
    level: "note",
    advice: "engines that read the table's log do not see it: if that lasts, mdc delta repair adds it",
  },
  lost: {
    level: "problem",
    advice: "engines that read the table's log fail on it: restore the file, or have one of them remove it",
  },
  foreign: {
    level: "note",
    advice: "no file of ours: engines that read the folder whole may take it for data; move it elsewhere",
  },
  orphan: {
    level: "note",
    advice:
      "requests that failed in between, rates that differ by collection, or data that has yet to be delivered",
  },
  untold: {
    level: "note",
    advice: "whether all is there cannot be said, for processes have not told: mdc completeness names them",
  },
  gap: { level: "problem", advice: "mdc completeness tells which processes and frames it is about" },
};

/** Something that was found, of one file or collection. */
export interface Finding {
  readonly kind: FindingKind;
  readonly level: Level;
  /** The file's path, or endpoint, deployment and collection. */
  readonly where: string;
  readonly message: string;
  /** What to do. */
  readonly advice: string;
}

/** Of one kind at one collection so many are told one by one. */
const maxOfAKind = 20;

/** Findings while data is looked through; of many alike the rest is counted. */
export class Findings {
  readonly #found: Finding[] = [];
  readonly #counts = new Map<string, { kind: FindingKind; collection: string; count: number }>();

  /** @param collection endpoint, deployment and collection. */
  add(kind: FindingKind, collection: string, where: string, message: string): void {
    const key = `${kind} ${collection}`;
    const known = this.#counts.get(key) ?? { kind, collection, count: 0 };
    this.#counts.set(key, { ...known, count: known.count + 1 });
    if (known.count < maxOfAKind) this.#found.push({ kind, where, message, ...findingKinds[kind] });
  }

  /** All of them, problems first. */
  result(): Finding[] {
    const rest = [...this.#counts.values()].filter(({ count }) => count > maxOfAKind);
    const more = rest.map(({ kind, collection, count }) => {
      const message = `${count - maxOfAKind} more of this kind`;
      return { kind, where: collection, message, ...findingKinds[kind] };
    });
    return [...this.#found, ...more].sort((a, b) => Number(a.level === "note") - Number(b.level === "note"));
  }
}
