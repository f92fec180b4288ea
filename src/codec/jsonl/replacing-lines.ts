import type { RangeSource } from "../range-source.ts";
import { ownAttributes, referenceName } from "./attributes.ts";
import { memberText } from "./cell-of-json.ts";
import { linesOf, rowNumbers } from "./jsonl-decoder.ts";
import { type RawValue, readElements, readRecord } from "./record-reader.ts";

/** A record of a file as it stands there, with what it refers to. */
export interface WholeRecord {
  readonly members: ReadonlyMap<string, RawValue>;
  /** Objects, one for each row. */
  readonly rows: readonly RawValue[];
  /** Of each row, what did not fit its columns; empty where the record does not tell. */
  readonly misfits: readonly RawValue[];
  /** The numbers of the rows. */
  readonly numbers: readonly number[];
}

/** A record that is written: its line, and by name the objects that it refers to. */
export interface WrittenRecord {
  readonly line: string;
  readonly beside: ReadonlyMap<string, string>;
}

const { rejected, rowIndex, replaces } = ownAttributes;
const dataName = "data";

/** The records of a file; `beside` gives the bytes of an object in its folder. Throws for what is none. */
export async function* wholeRecords(
  source: RangeSource,
  beside: (name: string) => Promise<Uint8Array>,
): AsyncGenerator<WholeRecord, void, undefined> {
  const textOf = async (
    members: ReadonlyMap<string, RawValue>,
    name: string,
  ): Promise<string | undefined> => {
    const value = members.get(name);
    if (value !== undefined && value.text !== "null")
      return name === dataName ? value.text : (memberText(members, name) ?? "[]");
    const reference = memberText(members, referenceName(name));
    if (reference === null) return undefined;
    return new TextDecoder("utf-8", { fatal: true }).decode(await beside(lastPart(reference)));
  };
  for await (const line of linesOf(source)) {
    if (line.trim() === "") continue;
    const { members } = readRecord(line);
    const rows = readElements((await textOf(members, dataName)) ?? "[]");
    const misfits = readElements((await textOf(members, rejected)) ?? "[]");
    yield { members, rows, misfits, numbers: rowNumbers(members) ?? Array.from(rows.keys()) };
  }
}

/**
 * The record with these of its rows alone, by their places; undefined where none is left. What it referred to
 * it refers to in objects beside the file, named after `stem`, of which `next` is the first one's number.
 * `marks`, for a file's first record, tells which files that one replaces.
 */
export function recordOfRows(
  { members, rows, misfits, numbers }: WholeRecord,
  places: readonly number[],
  { stem, next, marks }: { readonly stem: string; readonly next: number; readonly marks?: string },
): WrittenRecord | undefined {
  if (places.length === 0 && rows.length > 0) return undefined;
  const data = `[${places.map((place) => rows[place]?.text).join(",")}]`;
  const cells = places.map((place) => misfits[place]?.text ?? "null");
  const texts = new Map([
    [dataName, data],
    [rejected, cells.every((text) => text === "null") ? "" : `[${cells.join(",")}]`],
  ]);
  const beside = new Map<string, string>();
  const written: string[] = marks === undefined ? [] : [memberOf(replaces, marks)];
  const bytes = Buffer.byteLength(data);
  for (const [name, { text }] of members) {
    const own = [...texts].find(([one]) => name === one || name === referenceName(one));
    if (own !== undefined && text !== "null") {
      const [base, payload] = own;
      if (payload === "") continue;
      if (name === base)
        written.push(`${JSON.stringify(name)}:${base === dataName ? data : JSON.stringify(payload)}`);
      else {
        const other = `${stem}-${String(next + beside.size).padStart(6, "0")}.json`;
        beside.set(other, payload);
        const former = memberText(members, name) ?? "";
        const folder = former.slice(0, former.length - lastPart(former).length);
        written.push(memberOf(name, `${folder}${other}`));
      }
    } else if (name === "contentrange") written.push(memberOf(name, `bytes 0-${bytes - 1}/${bytes}`));
    else if (name !== rowIndex && name !== replaces) written.push(`${JSON.stringify(name)}:${text}`);
  }
  const kept = places.map((place) => numbers[place] ?? place);
  if (kept.some((number, place) => number !== place)) written.push(memberOf(rowIndex, `[${kept.join(",")}]`));
  return { line: `{${written.join(",")}}\n`, beside };
}

/** What the first record of a file says of those that it replaces; empty if it replaces none. */
export async function replacedByLines({ size, read }: RangeSource): Promise<string> {
  const bytes = await read(0, Math.min(size, maxMarkBytes));
  const start = `{"${replaces}":"`;
  const [first = ""] = Buffer.from(bytes).toString("latin1").split("\n", 1);
  return first.startsWith(start) ? first.slice(start.length, first.indexOf('"', start.length)) : "";
}

/** As many marks as a file of JSON lines can have: one for each time that it was rewritten. */
const maxMarkBytes = 64 * 1024;

function memberOf(name: string, text: string): string {
  return `${JSON.stringify(name)}:${JSON.stringify(text)}`;
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
