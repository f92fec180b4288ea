import { Refusal } from "../intake/answer.ts";
import { parseInstant } from "../intake/rfc3339.ts";

/** An event of CloudEvents 1.0, in whatever way it came. */
export interface CloudEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** Milliseconds since 1970, with parts of one; undefined if it tells no time. */
  readonly time: number | undefined;
  /** All attributes but the content's type, by their names in lower case. Empty ones are left out. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Type and coding of the data. */
  readonly contentType: string | null;
  readonly contentEncoding: string | null;
  readonly data: Buffer;
}

/** What a way of sending events tells of one. */
export type EventContent = Pick<CloudEvent, "attributes" | "contentType" | "contentEncoding" | "data">;

/**
 * An event, if it has what every one must have (CloudEvents 1.0, Required Attributes). Throws a
 * {@link Refusal} that begins with `where`.
 */
export function eventOf(content: EventContent, where: string): CloudEvent {
  const { attributes } = content;
  const required = (name: string): string => {
    const text = attributes.get(name);
    if (text === undefined)
      throw new Refusal(400, `${where}: expected the attribute ${name} of CloudEvents 1.0`);
    return text;
  };
  const [id, source, type, version] = [
    required("id"),
    required("source"),
    required("type"),
    required("specversion"),
  ];
  if (!/^1\.\d+$/.test(version)) throw new Refusal(400, `${where}: expected specversion 1.0`);
  const said = attributes.get("time");
  const time = said === undefined ? undefined : parseInstant(said);
  if (said !== undefined && time === undefined)
    throw new Refusal(400, `${where}: expected the attribute time as RFC 3339 has it, 1970 to 9999`);
  return { ...content, id, source, type, time };
}
