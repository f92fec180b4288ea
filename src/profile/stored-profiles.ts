import { ownJson } from "../base/own-json.ts";
import { ColumnProfile } from "./column-profile.ts";
import type { ColumnProfileJson } from "./column-profile-json.ts";
import { joinedColumns } from "./joined-columns.ts";

/*
 * The stored profiles: what the rows were like that processes were offered, sampled out ones too, as JSON
 * lines: one for the rows of a collection and hour, and one for each of its columns.
 *
 *     {"kind":"rows","instance":"<32 hex digits>","hour":"2026-11-22T05:00:00.000Z",
 *      "collection":"model_inputs","rows":60}
 *     {"kind":"column", … ,"rows":60,"column":"distance","profile":{"kind":"numerical", … }}
 *
 * Each line is about other rows than all others of its column, so that all lines of an hour, in whatever
 * order and whoever stored them, merge to the profile of its rows. Lines with the same `segment` are about
 * the same rows: a process died after it had told of them, and another one told again.
 */

/** What a line is about. */
export interface ProfilePlace {
  /** One life of a deployment in a process: that which was offered the rows. */
  readonly instance: string;
  /** Start of the hour of the requests, or of the day where partitions are days. */
  readonly hour: string;
  /** Where partitions are days: the day. */
  readonly span?: "day";
  readonly collection: string;
  /** What the rows were in, if they may be told of again. */
  readonly segment?: string;
}

/** A line: how many rows, and of one column its profile over them. */
export interface ProfileLine extends ProfilePlace {
  readonly kind: "rows" | "column";
  readonly rows: number;
  readonly column?: string;
  readonly profile?: ColumnProfileJson;
}

/** All lines of one place. */
export interface ProfileSum {
  readonly place: ProfilePlace;
  rows: number;
  readonly columns: Map<string, ColumnProfile>;
}

/** A line as it is stored. */
export function profileLine(line: ProfileLine): string {
  return `${ownJson(line)}\n`;
}

/** The lines of a text; those that this version does not know are left out. */
export function* parseProfileLines(text: string): Generator<ProfileLine, void, undefined> {
  for (const line of text.split("\n")) {
    const parsed = parseProfileLine(line);
    if (parsed !== undefined) yield parsed;
  }
}

/**
 * Adds lines up, whatever order they come in. What is told again of a segment is not added again.
 */
export class ProfileSums {
  readonly #placeOf: (line: ProfileLine) => ProfilePlace;
  readonly #sums = new Map<string, ProfileSum>();
  readonly #seen = new Set<string>();

  /** `placeOf` says which lines are added to each other: those of one place. Default those of their own. */
  constructor(placeOf: (line: ProfileLine) => ProfilePlace = placeOfLine) {
    this.#placeOf = placeOf;
  }

  /** In the order in which they first came. */
  get sums(): Iterable<ProfileSum> {
    return this.#sums.values();
  }

  /** Throws a `RangeError` for a column that no profile is kept as; nothing is added then. */
  add(line: ProfileLine): void {
    const { segment, collection, column, profile } = line;
    const told = segment === undefined ? undefined : ownJson([segment, collection, column ?? null]);
    if (told !== undefined && this.#seen.has(told)) return;
    if (column === undefined || profile === undefined) this.#sumOf(line).rows += line.rows;
    else {
      const added = ColumnProfile.fromJSON(profile, `profile of ${column}`);
      const { columns } = this.#sumOf(line);
      const known = columns.get(column);
      columns.set(column, known === undefined ? added : joinedColumns(known, added));
    }
    if (told !== undefined) this.#seen.add(told);
  }

  #sumOf(line: ProfileLine): ProfileSum {
    const place = this.#placeOf(line);
    const key = ownJson([place.instance, place.hour, place.span, place.collection, place.segment]);
    let sum = this.#sums.get(key);
    if (sum === undefined) {
      sum = { place, rows: 0, columns: new Map() };
      this.#sums.set(key, sum);
    }
    return sum;
  }
}

/**
 * The lines that a segment of the stored profiles becomes: its records, of which there are some for every
 * segment of frames, merged. What this process has told of its own segments loses their names, as in the
 * stored ledger: nobody will find those and tell of them again.
 *
 * @param own the instance whose segment it is; undefined if it was left by a process that has died.
 */
export function profileFile(records: Iterable<Uint8Array>, own: string | undefined): Uint8Array {
  const sums = new ProfileSums((line) => {
    const { segment, ...place } = placeOfLine(line);
    return line.instance === own || segment === undefined ? place : { ...place, segment };
  });
  const decoder = new TextDecoder();
  for (const bytes of records) for (const line of parseProfileLines(decoder.decode(bytes))) addTo(sums, line);
  return new TextEncoder().encode([...linesOf(sums)].join(""));
}

/** What was added up as lines again, of each place together. */
export function* linesOf({ sums }: ProfileSums): Generator<string, void, undefined> {
  for (const { place, rows, columns } of sums) {
    yield profileLine({ kind: "rows", ...place, rows });
    for (const [column, profile] of columns)
      yield profileLine({
        kind: "column",
        ...place,
        rows: profile.rows,
        column,
        profile: profile.toJSON(),
      });
  }
}

/** A line that makes no sense is left out, and so hinders no other. */
export function addTo(sums: ProfileSums, line: ProfileLine): void {
  try {
    sums.add(line);
  } catch {
    // See above.
  }
}

function placeOfLine({ instance, hour, span, collection, segment }: ProfileLine): ProfilePlace {
  const time = span === undefined ? { hour } : { hour, span };
  return { instance, ...time, collection, ...(segment === undefined ? {} : { segment }) };
}

/** A line; undefined for one that this version does not know. */
export function parseProfileLine(line: string): ProfileLine | undefined {
  try {
    const value = JSON.parse(line) as Partial<ProfileLine> | null;
    const { kind, instance, hour, collection, rows, column, profile } = value ?? {};
    const isPlaced = typeof instance === "string" && typeof collection === "string" && isTime(hour);
    if (!isPlaced || !Number.isSafeInteger(rows)) return undefined;
    const isWhole = kind === "rows" || (kind === "column" && typeof column === "string" && isObject(profile));
    return isWhole ? (value as ProfileLine) : undefined;
  } catch {
    return undefined;
  }
}

function isTime(value: unknown): boolean {
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
