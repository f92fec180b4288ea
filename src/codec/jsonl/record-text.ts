import type { ColumnType, ScalarType } from "../../layout/column-type.ts";
import type { Schema } from "../../layout/schema.ts";
import { maxKeys, ownAttributes, tagAttributes } from "./attributes.ts";
import { floatText, flooredMillis, wholeSeconds } from "./scalar-text.ts";

/** A frame as its rows in a file say of it; instants are bigints of microseconds since 1970 UTC. */
export interface RecordFacts {
  readonly eventId: string;
  readonly eventTime: bigint;
  readonly correlationId: string;
  readonly requestId: string | null;
  readonly clientRequestId: string | null;
  readonly collection: string;
  readonly source: string;
  readonly modelVersion: string | null;
  readonly agent: string;
  readonly samplingRate: number;
  /** JSON, or what was cut of it. */
  readonly tags: string | null;
}

/** A row of a frame. */
export interface RecordRow {
  /** As {@link featuresText} has it. */
  readonly features: string;
  /** JSON of the cells that did not fit their column's type. */
  readonly rejected: string | null;
}

/**
 * Rows as objects of `data`, from values as files are decoded: the same text as `jsonl-encoder.ts` writes of
 * the frame itself.
 */
export function featuresText(
  features: Schema,
  columns: ReadonlyMap<string, ArrayLike<unknown>>,
): (row: number) => string {
  const saysNull = features.size <= maxKeys;
  const cells = [...features].map(([name, type]) => {
    const values = columns.get(name);
    const key = `${JSON.stringify(name)}:`;
    return (row: number): string => {
      const value = values?.[row] ?? null;
      return value === null && !saysNull ? "" : key + cellText(value, type);
    };
  });
  return (row) => {
    const members = cells.map((cell) => cell(row)).filter((text) => text !== "");
    return `{${members.join(",")}}`;
  };
}

/**
 * A frame as a line of a file that Azure Machine Learning's monitoring reads. All rows stand in it, whatever
 * they take: what is exported is one file.
 */
export function recordText(facts: RecordFacts, rows: readonly RecordRow[]): string {
  const id = JSON.stringify(facts.correlationId);
  const data = `[${rows.map(({ features }) => features).join(",")}]`;
  const bytes = Buffer.byteLength(data);
  const members: [string, string][] = [
    ["specversion", '"1.0"'],
    ["id", JSON.stringify(facts.eventId)],
    ["source", JSON.stringify(facts.source)],
    ["type", JSON.stringify(`azureml.inference.${facts.collection}`)],
    ["datacontenttype", '"application/json"'],
    ["time", JSON.stringify(wholeSeconds(facts.eventTime))],
    ["data", data],
    ["contentrange", JSON.stringify(`bytes 0-${bytes - 1}/${bytes}`)],
    ["correlationid", id],
    ["xrequestid", id],
    ["modelversion", JSON.stringify(facts.modelVersion ?? "default")],
    ["collectdatatype", '"pandas.core.frame.DataFrame"'],
    ["agent", JSON.stringify(facts.agent)],
  ];
  const { requestId, clientRequestId, samplingRate } = facts;
  if (requestId !== null) members.push([ownAttributes.requestId, JSON.stringify(requestId)]);
  if (clientRequestId !== null)
    members.push([ownAttributes.clientRequestId, JSON.stringify(clientRequestId)]);
  if (samplingRate !== 1) members.push([ownAttributes.samplingRate, String(samplingRate)]);
  if (rows.some(({ rejected }) => rejected !== null)) {
    const cells = rows.map(({ rejected }) => (rejected === null ? "null" : jsonLine(rejected))).join(",");
    members.push([ownAttributes.rejected, JSON.stringify(`[${cells}]`)]);
  }
  members.push(...tagAttributes(facts.tags ?? undefined));
  return `{${members.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(",")}}\n`;
}

function cellText(value: unknown, type: ColumnType): string {
  if (value === null || value === undefined) return "null";
  if (typeof type !== "object") return scalarText(value, type);
  const items = Array.isArray(value) ? value : [];
  return `[${items.map((item: unknown) => cellText(item, type.list)).join(",")}]`;
}

function scalarText(value: unknown, type: ScalarType): string {
  switch (type) {
    case "float64":
      return floatText(Number(value));
    case "timestamp":
      return String(flooredMillis(value as bigint));
    case "binary":
      return `"${Buffer.from(value as Uint8Array).toString("base64")}"`;
    case "json":
      return jsonLine(String(value));
    case "string":
      return JSON.stringify(value);
    default:
      return String(value);
  }
}

/** JSON in one line; what is none, as files of others may say of it, as a text. */
function jsonLine(text: string): string {
  try {
    JSON.parse(text);
    return text.replaceAll(/[\r\n]/g, " ");
  } catch {
    return JSON.stringify(text);
  }
}
