import { isUtf8 } from "node:buffer";
import { type JsonKind, jsonKinds, JsonScanner } from "../../frame/from/json/json-scanner.ts";
import { FrameProblem } from "../../frame/source-frame.ts";
import { fromBase64 } from "../../http/tabular/cells.ts";
import { Refusal } from "../intake/answer.ts";
import { type CloudEvent, eventOf } from "./cloud-event.ts";

/** A member of an event: where its value lies. */
interface Member {
  readonly kind: JsonKind;
  readonly text: string;
}

/**
 * Events in structured content mode, as JSON (CloudEvents JSON Format, 2 to 4): one, or an array of them.
 * Their data is cut out of the text, so that it has every digit and its members' order. Throws a
 * {@link Refusal} for what is none.
 */
export function structuredEvents(body: Buffer, isBatch: boolean): readonly CloudEvent[] {
  if (!isUtf8(body)) throw new Refusal(400, "the body: expected UTF-8");
  // A byte order mark is none of the text's characters (RFC 8259, 8.1).
  const scanner = new JsonScanner(body.toString("utf8").replace(/^\ufeff/, ""));
  try {
    const events = isBatch ? readBatch(scanner) : [readEvent(scanner, "the body")];
    scanner.skip();
    if (scanner.at < scanner.text.length) throw scanner.problem("expected nothing more");
    return events;
  } catch (thrown) {
    if (!(thrown instanceof FrameProblem)) throw thrown;
    throw new Refusal(
      400,
      `the body: expected a CloudEvents JSON ${isBatch ? "array" : "object"}, got ${thrown.message}`,
    );
  }
}

function readBatch(scanner: JsonScanner): readonly CloudEvent[] {
  const events: CloudEvent[] = [];
  scanner.expect("[");
  if (scanner.took("]")) return events;
  do events.push(readEvent(scanner, `event ${events.length}`));
  while (scanner.took(","));
  scanner.expect("]");
  return events;
}

function readEvent(scanner: JsonScanner, where: string): CloudEvent {
  const members = readMembers(scanner, where);
  const contentType = stringOf(members, "datacontenttype", where) ?? null;
  const attributes = new Map<string, string>();
  for (const [name, { kind, text }] of members) {
    if (name === "datacontenttype" || name === "data" || name === "data_base64") continue;
    if (kind === jsonKinds.array || kind === jsonKinds.object)
      throw new Refusal(400, `${where}: expected attributes that are no arrays or objects`);
    const value = kind === jsonKinds.string ? (JSON.parse(text) as string) : text;
    if (value !== "") attributes.set(name.toLowerCase(), value);
  }
  const data = dataOf(members, contentType, where);
  return eventOf(
    { attributes, contentType: contentType ?? "application/json", contentEncoding: null, data },
    where,
  );
}

/** The members that say something: one that is null is absent. */
function readMembers(scanner: JsonScanner, where: string): ReadonlyMap<string, Member> {
  const members = new Map<string, Member>();
  scanner.expect("{");
  if (scanner.took("}")) return members;
  do {
    const name = scanner.string();
    if (members.has(name)) throw new Refusal(400, `${where}: a member stands there twice`);
    scanner.expect(":");
    scanner.skip();
    const start = scanner.at;
    const kind = scanner.value();
    if (kind !== jsonKinds.null) members.set(name, { kind, text: scanner.text.slice(start, scanner.at) });
  } while (scanner.took(","));
  scanner.expect("}");
  return members;
}

/** `data` is the value itself where the data is JSON, and else a string with it; `data_base64` is bytes. */
function dataOf(members: ReadonlyMap<string, Member>, contentType: string | null, where: string): Buffer {
  const data = members.get("data");
  const encoded = stringOf(members, "data_base64", where);
  if (data !== undefined && encoded !== undefined)
    throw new Refusal(400, `${where}: expected either data or data_base64`);
  if (encoded !== undefined) {
    const bytes = fromBase64(encoded);
    if (bytes === undefined) throw new Refusal(400, `${where}: expected data_base64 in base64`);
    return bytes;
  }
  if (data === undefined) return Buffer.alloc(0);
  const isText = data.kind === jsonKinds.string && !isJson(contentType);
  return Buffer.from(isText ? (JSON.parse(data.text) as string) : data.text);
}

function isJson(contentType: string | null): boolean {
  return contentType === null || /^[^;]*[/+]json\s*(;|$)/i.test(contentType);
}

function stringOf(members: ReadonlyMap<string, Member>, name: string, where: string): string | undefined {
  const member = members.get(name);
  if (member === undefined) return undefined;
  if (member.kind !== jsonKinds.string) throw new Refusal(400, `${where}: expected ${name} to be a string`);
  return JSON.parse(member.text) as string;
}
