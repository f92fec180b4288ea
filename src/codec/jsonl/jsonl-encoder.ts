import type { Batch } from "../../frame/batch.ts";
import { Conforming } from "../../frame/conform/conform.ts";
import { JsonBytes } from "../../frame/conform/json-bytes.ts";
import type { IdRange } from "../../layout/filter/id-range.ts";
import type { EncodeOptions, Encoder } from "../encoder.ts";
import { maxKeys, ownAttributes, referenceName, tagAttributes } from "./attributes.ts";
import { FrameCursor, type FrameOfRecord } from "./frame-cursor.ts";
import { JsonColumn, rowsJson } from "./json-cells.ts";
import { type PackedTable, partsTable, unpackBody } from "./packed-body.ts";
import { RejectedCells } from "./rejected-cells.ts";
import { RejectedReport } from "../rejected-report.ts";
import { wholeSeconds } from "./scalar-text.ts";

/**
 * An encoder of Azure Machine Learning's own record format: JSON Lines, one CloudEvents 1.0 record per frame,
 * as its data collector stores them and its monitoring reads them (CloudEvents JSON Event Format 1.0, section
 * 3; Microsoft Learn, "Collect production data from models deployed for real-time inferencing", "Data
 * format").
 *
 * As there, a payload of more than {@link maxInlineBytes} does not stand in its record but in an object
 * beside the file, to which `dataref` refers; but for one of a file in which all would, if it is no larger
 * than {@link maxBroughtBackBytes}. So a line has a bound, whatever a frame holds, and no more than that is
 * in memory.
 *
 * What Azure's record has no place for stands in extension attributes, which its readers pass over:
 * `mdcrejected`, a JSON text of the cells that did not fit their column's type, row by row, or
 * `mdcrejectedref` where that is too large; `mdcsamplingrate`, when it is not 1; `mdcrequestid` and
 * `mdcclientrequestid`, the ids of the request's headers, when it had them (`xrequestid` is the correlation
 * id, as in Azure's own records); and `mdctags`, the text of tags that were cut and so are no attributes.
 */
export function createJsonlEncoder(): Encoder {
  return {
    contentType: "application/x-ndjson",
    async *encode(batches, options) {
      yield* new JsonlWriter(options).file(batches());
    },
    unpack: (body, reference) => unpackBody(body, (number) => JSON.stringify(reference(number))),
  };
}

/** A larger payload goes beside the file, bytes. Microsoft Learn: "payload size exceeds 4 MB". */
const maxInlineBytes = 4 * 1024 * 1024;
/** A payload that is put into its record after all, because no other of the file is in one, bytes at most. */
const maxBroughtBackBytes = 16 * 1024 * 1024;
/** What is gathered of small records before it is handed on. */
const pieceBytes = 256 * 1024;

const nothing = new Uint8Array(0);

class JsonlWriter {
  readonly #options: EncodeOptions;
  readonly #out = new JsonBytes();
  readonly #rejected = new RejectedReport();
  /** Of each column of doubles whose type nobody declared: whether all its numbers were whole. */
  readonly #whole = new Map<string, boolean>();
  readonly #parts: { file: (readonly [number, number] | number)[]; beside: (readonly [number, number])[] } = {
    file: [],
    beside: [],
  };
  #ids: IdRange | undefined;
  /** Whether a record has rows of its own. */
  #hasData = false;
  /** The first object beside the file that has rows and may stand in its record, by its number. */
  #firstAside: number | undefined;
  /** What was handed on before `#out`. */
  #position = 0;
  /** Where the file goes on after what `#parts` has of it. */
  #fileFrom = 0;

  constructor(options: EncodeOptions) {
    this.#options = options;
  }

  *file(batches: Iterable<Batch>): Generator<Uint8Array, void, undefined> {
    for (const batch of batches) yield* this.#batch(batch);
    if (this.#parts.beside.length > 0) {
      this.#endFilePart();
      if (!this.#hasData && this.#firstAside !== undefined) this.#bringBack(this.#firstAside);
      const table = partsTable(this.#parts satisfies PackedTable);
      this.#out.raw(table, 0, table.length);
    }
    yield* this.#flush();
    const { onRejected, onWholeNumbers, onIds } = this.#options;
    const report = this.#rejected.columns();
    if (report.length > 0) onRejected?.(report);
    const whole = [...this.#whole].flatMap(([name, all]) => (all ? [name] : []));
    if (whole.length > 0) onWholeNumbers?.(whole);
    if (this.#ids !== undefined) onIds?.(this.#ids);
  }

  *#batch(batch: Batch): Generator<Uint8Array, void, undefined> {
    const { schema } = this.#options;
    const conforming = new Conforming(batch, schema);
    while (!conforming.advance()) yield nothing;
    const conformed = conforming.result();
    this.#rejected.add(conformed.report);
    const found = new Map(conformed.columns.map((column) => [column.name, column]));
    const names = schema.size > maxKeys ? found : schema;
    const columns = [...names.keys()].map((name) => JsonColumn.of(name, found.get(name)));
    const rejected = conformed.rejected === undefined ? undefined : new RejectedCells(conformed.rejected);
    const facts = new FrameCursor(batch);
    for (let frame = 0; frame < batch.header.frames; frame++) {
      yield* this.#record(batch, facts.next(), batch.frames.rows[frame]!, columns, rejected);
      if (this.#out.length >= pieceBytes) yield* this.#flush();
      else if (frame % framesPerStep === 0) yield nothing;
    }
    for (const { name, whole } of columns) {
      if (whole === undefined || Object.hasOwn(batch.header.declared, name)) continue;
      this.#whole.set(name, whole && this.#whole.get(name) !== false);
    }
  }

  *#record(
    batch: Batch,
    facts: FrameOfRecord,
    rows: number,
    columns: readonly JsonColumn[],
    rejected: RejectedCells | undefined,
  ): Generator<Uint8Array, void, undefined> {
    const { collection, constants } = batch.header;
    const out = this.#out;
    this.#addId(facts.correlationId);
    const id = JSON.stringify(facts.correlationId);
    out.text(
      `{${members([
        ["specversion", '"1.0"'],
        ["id", JSON.stringify(facts.eventId)],
        ["source", JSON.stringify(constants.source)],
        ["type", JSON.stringify(`azureml.inference.${collection}`)],
        ["datacontenttype", '"application/json"'],
        ["time", JSON.stringify(wholeSeconds(facts.eventTime))],
      ])},`,
    );
    const said =
      this.#options.schema.size > maxKeys ? columns.filter((column) => !column.passNulls(rows)) : columns;
    const asides = this.#parts.beside.length;
    const bytes = yield* this.#payload("data", rowsJson(said, rows, out), false);
    if (this.#parts.beside.length === asides) this.#hasData ||= rows > 0;
    else if (bytes <= maxBroughtBackBytes) this.#firstAside ??= asides;
    const after: [string, string][] = [
      ["contentrange", JSON.stringify(`bytes 0-${bytes - 1}/${bytes}`)],
      ["correlationid", id],
      ["xrequestid", id],
      ["modelversion", JSON.stringify(constants.modelVersion ?? "default")],
      ["collectdatatype", '"pandas.core.frame.DataFrame"'],
      ["agent", JSON.stringify(constants.agent)],
    ];
    const { requestId, clientRequestId } = facts;
    if (requestId !== undefined) after.push([ownAttributes.requestId, JSON.stringify(requestId)]);
    if (clientRequestId !== undefined)
      after.push([ownAttributes.clientRequestId, JSON.stringify(clientRequestId)]);
    if (facts.samplingRate !== 1) after.push([ownAttributes.samplingRate, String(facts.samplingRate)]);
    out.text(`,${members(after)}`);
    const misfits = rejected?.take(rows);
    if (misfits !== undefined) {
      out.ascii(",");
      const aside = misfits > maxInlineBytes;
      yield* this.#payload(ownAttributes.rejected, rejected!.json(rows, out, !aside), aside);
    }
    const more = members([...tagAttributes(facts.tags)]);
    out.text(more === "" ? "}\n" : `,${more}}\n`);
  }

  #addId(id: string): void {
    const { first, last } = this.#ids ?? { first: id, last: id };
    if (this.#ids === undefined || id < first || id > last)
      this.#ids = { first: id < first ? id : first, last: id > last ? id : last };
  }

  /**
   * Writes a member whose value `json` writes; or, when that is too long or `aside` says so, the value to an
   * object beside the file, and a member that refers to it. Returns the bytes of the value.
   */
  *#payload(name: string, json: Iterable<void>, aside: boolean): Generator<Uint8Array, number, undefined> {
    const out = this.#out;
    const key = out.length;
    out.ascii(`"${name}":`);
    const start = out.length;
    /** Where the object begins, once there is one. */
    let from: number | undefined;
    for (const _ of json) {
      if (from !== undefined) yield* this.#flush();
      else if (aside || out.length - start > maxInlineBytes) from = yield* this.#beginBeside(key, start);
      else yield nothing;
    }
    if (from === undefined && out.length - start > maxInlineBytes)
      from = yield* this.#beginBeside(key, start);
    if (from === undefined) return out.length - start;
    yield* this.#flush();
    const { file, beside } = this.#parts;
    const to = this.#position;
    this.#fileFrom = to;
    out.ascii(`"${referenceName(name)}":`);
    this.#endFilePart();
    file.push(beside.length);
    beside.push([from, to]);
    return to - from;
  }

  /**
   * Azure's reader takes the columns from the rows that stand in records, and finds none where all stand
   * beside: so those of this object are put into its record after all.
   */
  #bringBack(number: number): void {
    const { file, beside } = this.#parts;
    const [extent] = beside.splice(number, 1);
    const at = file.indexOf(number);
    for (let i = at + 1; i < file.length; i++) {
      const part = file[i];
      if (typeof part === "number") file[i] = part - 1;
    }
    const key = this.#fileFrom;
    this.#out.ascii('"data":');
    this.#fileFrom = this.#position + this.#out.length;
    // The part before is the key of the reference, alone.
    file.splice(at - 1, 2, [key, this.#fileFrom], extent!);
  }

  /**
   * What stands from `start` on is of an object beside the file; that from `key` to `start` is forgotten.
   * Where the object begins.
   */
  *#beginBeside(key: number, start: number): Generator<Uint8Array, number, undefined> {
    const out = this.#out;
    yield out.written(0, key);
    this.#position += key;
    const from = this.#position;
    this.#endFilePart(from);
    yield out.written(start);
    this.#position += out.length - start;
    out.clear();
    return from;
  }

  /** What was written up to here, or to `end`, is of the file. */
  #endFilePart(end: number = this.#position + this.#out.length): void {
    if (end > this.#fileFrom) this.#parts.file.push([this.#fileFrom, end]);
    this.#fileFrom = end;
  }

  *#flush(): Generator<Uint8Array, void, undefined> {
    const out = this.#out;
    if (out.length > 0) yield out.written();
    this.#position += out.length;
    out.clear(maxInlineBytes);
  }
}

/** Frames between two pauses. */
const framesPerStep = 256;

function members(all: readonly (readonly [string, string])[]): string {
  return all.map(([name, json]) => `"${name}":${json}`).join(",");
}
