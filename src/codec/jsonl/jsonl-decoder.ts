import { messageOf } from "../../base/errors.ts";
import type { Schema } from "../../layout/schema.ts";
import { systemColumnList, systemColumns } from "../../layout/system-columns.ts";
import { type ColumnType, typeText } from "../../layout/column-type.ts";
import type { RangeSource } from "../range-source.ts";
import { isTagAttribute, ownAttributes, referenceName } from "./attributes.ts";
import { cellOf, memberText, naturalCells } from "./cell-of-json.ts";
import { type RawValue, readElements, readRecord, readRows } from "./record-reader.ts";

/** What a reader of a file of records has to know beside its bytes. */
export interface LinesContext {
  readonly endpoint: string;
  readonly deployment: string;
  /** The types that are pinned; the columns that are not, are taken as they look. */
  readonly schema: Schema;
  /** The bytes of an object in the file's folder, by the last part of its path. */
  readonly beside: (name: string) => Promise<Uint8Array>;
}

/** Rows of a file, by column: the system's, those that are pinned, then what else there is. */
export interface LinesColumns {
  readonly length: number;
  /** Values as of a Parquet file; instants are bigints of microseconds since 1970 UTC. */
  readonly columns: ReadonlyMap<string, readonly unknown[]>;
  readonly types: ReadonlyMap<string, string>;
}

const stepBytes = 4 * 1024 * 1024;
const maxBatchRows = 8_192;
/**
 * More than a line of ours has: a payload of 16 MiB that was brought back, 4 MiB of rejected values, and
 * tags.
 */
const maxLineBytes = 64 * 1024 * 1024;
const lineFeed = 0x0a;

/**
 * Reads a file of JSON lines, some thousand rows at a time: Azure's records, with a row for each element of
 * `data`. Throws for a line that is no such record.
 */
export async function* readLines(
  source: RangeSource,
  context: LinesContext,
): AsyncGenerator<LinesColumns, void, undefined> {
  let rows = new Rows(context);
  let number = 0;
  for await (const line of linesOf(source)) {
    number++;
    if (line.trim() === "") continue;
    try {
      await rows.add(line);
    } catch (thrown) {
      if (rows.length > 0) yield rows.result();
      throw new Error(`line ${number}: ${messageOf(thrown)}`, { cause: thrown });
    }
    if (rows.length < maxBatchRows && rows.characters < stepBytes) continue;
    yield rows.result();
    rows = new Rows(context);
  }
  if (rows.length > 0) yield rows.result();
}

/** The lines of a file, without their ends. */
export async function* linesOf({ size, read }: RangeSource): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let left = Buffer.alloc(0);
  for (let at = 0; at < size; at += stepBytes) {
    const bytes = Buffer.concat([left, await read(at, Math.min(size, at + stepBytes))]);
    let start = 0;
    for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, start)) {
      yield decoder.decode(bytes.subarray(start, end));
      start = end + 1;
    }
    left = bytes.subarray(start);
    if (left.length > maxLineBytes) throw new Error("a line is longer than this reader takes");
  }
  if (left.length > 0) yield decoder.decode(left);
}

/** The numbers of a record's rows, where others of it were erased. */
export function rowNumbers(members: ReadonlyMap<string, RawValue>): readonly number[] | undefined {
  const text = memberText(members, ownAttributes.rowIndex);
  return text === null ? undefined : readElements(text).map((number) => Number(number.text));
}

type Cells = ReadonlyMap<string, RawValue>;

/** Rows as they are gathered. */
class Rows {
  length = 0;
  /** Of the lines that were read. */
  characters = 0;
  readonly #context: LinesContext;
  readonly #system = new Map<string, unknown[]>(systemColumnList.map(({ name }) => [name, []]));
  readonly #cells: Cells[] = [];

  constructor(context: LinesContext) {
    this.#context = context;
  }

  async add(line: string): Promise<void> {
    const { members } = readRecord(line);
    this.characters += line.length;
    const rows = (await this.#payload(members, "data", readRows)) ?? [];
    const misfits = (await this.#payload(members, ownAttributes.rejected, readElements)) ?? [];
    const numbers = rowNumbers(members);
    const facts = this.#facts(members);
    for (const [index, cells] of rows.entries()) {
      const misfit = misfits[index];
      const own: Readonly<Record<string, unknown>> = {
        ...facts,
        [systemColumns.rowIndex.name]: numbers?.[index] ?? index,
        [systemColumns.rejected.name]: misfit === undefined || misfit.text === "null" ? null : misfit.text,
      };
      for (const [name, values] of this.#system) values.push(own[name] ?? null);
      this.#cells.push(cells);
      this.length++;
    }
  }

  result(): LinesColumns {
    const { schema } = this.#context;
    const columns = new Map<string, readonly unknown[]>(this.#system);
    const types = new Map<string, string>(systemColumnList.map(({ name, type }) => [name, type]));
    for (const [name, type] of schema) {
      types.set(name, typeText(type));
      columns.set(name, this.#cellsOf(name, type));
    }
    for (const name of new Set(this.#cells.flatMap((row) => [...row.keys()]))) {
      if (columns.has(name)) continue;
      const { type, cells } = naturalCells(this.#cells.map((row) => row.get(name)));
      if (type !== undefined) types.set(name, type);
      columns.set(name, cells);
    }
    return { length: this.length, columns, types };
  }

  #cellsOf(name: string, type: ColumnType): unknown[] {
    try {
      return this.#cells.map((row) => cellOf(row.get(name), type));
    } catch (thrown) {
      throw new Error(`column ${JSON.stringify(name)}: ${messageOf(thrown)}`, { cause: thrown });
    }
  }

  /** A member, or what the object has to which it refers; rejected values stand in a text. */
  async #payload<T>(members: Cells, name: string, read: (text: string) => T): Promise<T | undefined> {
    const value = members.get(name);
    if (value !== undefined && value.text !== "null")
      return read(name === "data" ? value.text : (memberText(members, name) ?? "[]"));
    const reference = memberText(members, referenceName(name));
    if (reference === null) return undefined;
    const beside = reference.slice(reference.lastIndexOf("/") + 1);
    const bytes = await this.#context.beside(beside);
    try {
      return read(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    } catch (thrown) {
      throw new Error(`${beside}: ${messageOf(thrown)}`, { cause: thrown });
    }
  }

  /** What the record says of all its rows. It has no request time, so its own stands for it. */
  #facts(members: Cells): Readonly<Record<string, unknown>> {
    const text = (name: string): string | null => memberText(members, name);
    const time = Date.parse(text("time") ?? "");
    if (Number.isNaN(time)) throw new Error("its time is none");
    const micros = BigInt(time) * 1000n;
    const tags = [...members.keys()].filter(isTagAttribute).map((name) => [name, text(name)]);
    const { requestId, clientRequestId, samplingRate } = ownAttributes;
    return {
      [systemColumns.correlationId.name]: text("correlationid") ?? "",
      [systemColumns.eventId.name]: text("id") ?? "",
      [systemColumns.eventTime.name]: micros,
      [systemColumns.requestTime.name]: micros,
      [systemColumns.requestId.name]: text(requestId),
      [systemColumns.clientRequestId.name]: text(clientRequestId),
      [systemColumns.collection.name]: (text("type") ?? "").replace(/^azureml\.inference\./, ""),
      [systemColumns.source.name]: text("source") ?? "",
      [systemColumns.endpoint.name]: this.#context.endpoint,
      [systemColumns.deployment.name]: this.#context.deployment,
      [systemColumns.modelVersion.name]: text("modelversion"),
      [systemColumns.agent.name]: text("agent") ?? "",
      [systemColumns.samplingRate.name]: Number(text(samplingRate) ?? 1),
      [systemColumns.tags.name]: tags.length === 0 ? null : JSON.stringify(Object.fromEntries(tags)),
    };
  }
}
