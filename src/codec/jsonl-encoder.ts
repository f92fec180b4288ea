import type { Batch } from "../frame/batch.ts";
import { type Cell, columnCells } from "../frame/cells.ts";
import { conformBatch } from "../frame/conform.ts";
import type { EncodeOptions, Encoder } from "./encoder.ts";
import { jsonCells } from "./json-cells.ts";
import { RejectedReport } from "./rejected-report.ts";

/**
 * An encoder of Azure Machine Learning's own record format: JSON Lines, one CloudEvents 1.0 record per frame, as its
 * data collector stores them and its monitoring reads them (CloudEvents JSON Event Format 1.0, section 3; Microsoft
 * Learn, "Collect production data from models deployed for real-time inferencing", "Data format").
 *
 * What Azure's record has no place for stands in extension attributes, which its readers pass over: `mdcrejected`, the
 * cells that did not fit their column's type, row by row; and `mdcsamplingrate`, when it is not 1.
 */
export function createJsonlEncoder(): Encoder {
  return {
    extension: ".jsonl",
    contentType: "application/x-ndjson",
    async *encode(batches, options) {
      const rejected = new RejectedReport();
      let text = "";
      for (const batch of batches()) {
        for (const line of batchLines(batch, options, rejected)) {
          text += line;
          if (text.length < pieceLength) continue;
          yield Buffer.from(text);
          text = "";
        }
      }
      if (text !== "") yield Buffer.from(text);
      const report = rejected.columns();
      if (report.length > 0) options.onRejected?.(report);
    },
  };
}

const pieceLength = 256 * 1024;

function* batchLines(batch: Batch, options: EncodeOptions, report: RejectedReport): Iterable<string> {
  const { rows } = batch.header;
  const conformed = conformBatch(batch, options.schema);
  report.add(conformed.report);
  const keys = [...options.schema.keys()].map((name) => JSON.stringify(name));
  const columns = conformed.columns.map((column) => jsonCells(column, rows));
  const rejected = conformed.rejected === undefined ? undefined : jsonCells(conformed.rejected, rows);
  const facts = frameFacts(batch);
  let start = 0;
  for (let frame = 0; frame < batch.header.frames; frame++) {
    const end = start + batch.frames.rows[frame]!;
    const objects: string[] = [];
    for (let row = start; row < end; row++) {
      objects.push(`{${keys.map((key, i) => `${key}:${columns[i]![row]!}`).join(",")}}`);
    }
    const misfits = rejected?.slice(start, end);
    yield `${record(batch, facts(frame), `[${objects.join(",")}]`, misfits)}\n`;
    start = end;
  }
}

/** What a record says of its frame. */
interface FrameFacts {
  readonly eventId: string;
  readonly correlationId: string;
  readonly eventTime: bigint;
  readonly samplingRate: number;
  readonly tags: string | undefined;
}

function frameFacts(batch: Batch): (frame: number) => FrameFacts {
  const columns = new Map<string, (Cell | undefined)[]>();
  for (const column of batch.frames.columns)
    columns.set(column.name, columnCells(column, batch.header.frames));
  const of = (name: string, frame: number): Cell | undefined => columns.get(name)?.[frame];
  return (frame) => ({
    eventId: String(of("mdc_event_id", frame)),
    correlationId: String(of("mdc_correlation_id", frame)),
    eventTime: of("mdc_event_time", frame) as bigint,
    samplingRate: of("mdc_sampling_rate", frame) as number,
    tags: of("mdc_tags", frame) as string | undefined,
  });
}

function record(
  batch: Batch,
  facts: FrameFacts,
  data: string,
  misfits: readonly string[] | undefined,
): string {
  const { collection, constants } = batch.header;
  const bytes = Buffer.byteLength(data);
  const id = JSON.stringify(facts.correlationId);
  const members = new Map<string, string>([
    ["specversion", '"1.0"'],
    ["id", JSON.stringify(facts.eventId)],
    ["source", JSON.stringify(constants.source)],
    ["type", JSON.stringify(`azureml.inference.${collection}`)],
    ["datacontenttype", '"application/json"'],
    ["time", JSON.stringify(wholeSeconds(facts.eventTime))],
    ["data", data],
    ["contentrange", JSON.stringify(`bytes 0-${bytes - 1}/${bytes}`)],
    ["correlationid", id],
    ["xrequestid", id],
    ["modelversion", JSON.stringify(constants.modelVersion ?? "default")],
    ["collectdatatype", '"pandas.core.frame.DataFrame"'],
    ["agent", JSON.stringify(constants.agent)],
  ]);
  if (facts.samplingRate !== 1) members.set("mdcsamplingrate", String(facts.samplingRate));
  if (misfits?.some((misfit) => misfit !== "null")) members.set("mdcrejected", `[${misfits.join(",")}]`);
  for (const [name, value] of attributes(facts.tags)) if (!reserved.has(name)) members.set(name, value);
  return `{${[...members].map(([name, value]) => `"${name}":${value}`).join(",")}}`;
}

/** Names that a tag must not take, beside those of the record itself. */
const reserved: ReadonlySet<string> = new Set([
  ..."specversion id source type datacontenttype time data dataref contentrange correlationid xrequestid".split(
    " ",
  ),
  ..."modelversion collectdatatype agent datainblob path method mdcsamplingrate mdcrejected".split(" "),
]);

/** Tags as extension attributes, whose names are lower-case letters and digits (CloudEvents 1.0, "Naming Conventions"). */
function* attributes(tags: string | undefined): Iterable<[string, string]> {
  if (tags === undefined) return;
  const parsed: unknown = JSON.parse(tags);
  if (typeof parsed !== "object" || parsed === null) return;
  for (const [tag, value] of Object.entries(parsed)) {
    const name = tag.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
    if (name !== "") yield [name, JSON.stringify(typeof value === "string" ? value : JSON.stringify(value))];
  }
}

/** `2026-03-05T18:16:25Z`. */
function wholeSeconds(micros: bigint): string {
  const millis = Number(micros / 1000n);
  return `${new Date(Math.floor(millis / 1000) * 1000).toISOString().slice(0, -5)}Z`;
}
