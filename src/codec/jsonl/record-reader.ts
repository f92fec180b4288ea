import { JsonScanner, jsonKinds, type JsonKind } from "../../frame/from/json/json-scanner.ts";

/** A JSON value as it stands in the text, so that no digit of it is lost. */
export interface RawValue {
  readonly kind: JsonKind;
  readonly text: string;
}

/** One record of Azure's (CloudEvents 1.0), its members as they stand in the line. */
export interface LineRecord {
  readonly members: ReadonlyMap<string, RawValue>;
}

/**
 * Takes a line apart. Throws for what is no JSON object; the error names the place and nothing of the line.
 */
export function readRecord(line: string): LineRecord {
  const scanner = new JsonScanner(line);
  const members = readObject(scanner);
  scanner.skip();
  if (scanner.at < line.length) throw scanner.problem("expected nothing more");
  return { members };
}

/** The objects of an array of them, as in `data`. */
export function readRows(text: string): ReadonlyMap<string, RawValue>[] {
  return readArray(text, (scanner) => readObject(scanner));
}

/** The elements of an array. */
export function readElements(text: string): RawValue[] {
  return readArray(text, readValue);
}

/** What a string says; of another value its text, and of null nothing. */
export function textOf(value: RawValue | undefined): string | null {
  if (value === undefined || value.kind === jsonKinds.null) return null;
  return value.kind === jsonKinds.string ? (JSON.parse(value.text) as string) : value.text;
}

function readArray<T>(text: string, read: (scanner: JsonScanner) => T): T[] {
  const scanner = new JsonScanner(text);
  const found: T[] = [];
  scanner.expect("[");
  if (scanner.took("]")) return found;
  do found.push(read(scanner));
  while (scanner.took(","));
  scanner.expect("]");
  return found;
}

function readObject(scanner: JsonScanner): Map<string, RawValue> {
  const members = new Map<string, RawValue>();
  scanner.expect("{");
  if (scanner.took("}")) return members;
  do {
    const name = scanner.string();
    scanner.expect(":");
    members.set(name, readValue(scanner));
  } while (scanner.took(","));
  scanner.expect("}");
  return members;
}

function readValue(scanner: JsonScanner): RawValue {
  scanner.skip();
  const start = scanner.at;
  const kind = scanner.value();
  return { kind, text: scanner.text.slice(start, scanner.at) };
}
