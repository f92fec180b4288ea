import type { ColumnType, ScalarType } from "../../layout/column-type.ts";
import { attributeName, systemColumns } from "../../layout/system-columns.ts";
import { sqlName, sqlText, sqlTexts } from "./sql-text.ts";
import { sqlTypeOf, type ViewColumn } from "./view-columns.ts";

/** Files of JSON lines as they are on this machine. */
export interface LinesSource {
  readonly endpoint: string;
  readonly deployment: string;
  readonly files: readonly string[];
  readonly beside: readonly string[];
}

/** More than a line has: a payload of 16 MiB that was brought back, 4 MiB of rejected values, and tags. */
const maxLineBytes = 32 * 1024 * 1024;

/** What a record has, as text. */
const members =
  "id source type time data dataref correlationid modelversion agent mdcrejected mdcrejectedref mdcrowindex".split(
    " ",
  );

const { requestId, clientRequestId, samplingRate, tags } = systemColumns;
const attributes = [requestId, clientRequestId, samplingRate, tags].map(attributeName);

/**
 * The rows of files of JSON lines, as a query: Azure's records (CloudEvents 1.0) with a row for each element
 * of `data`. A record says no request time, so its own time, in whole seconds, stands for it.
 */
export function linesQuery(source: LinesSource, features: readonly ViewColumn[]): string {
  const { endpoint, deployment, files, beside } = source;
  const keys = [...members, ...attributes].map((name) => `${sqlName(name)}: 'VARCHAR'`).join(", ");
  const records =
    `read_json(${sqlTexts(files)}, format = 'newline_delimited', columns = {${keys}}, filename = 'file', ` +
    `maximum_object_size = ${maxLineBytes})`;
  const joins = ["data", "rejected"].map((name, i) => {
    const reference = name === "data" ? "dataref" : "mdcrejectedref";
    if (beside.length === 0) return "";
    return (
      ` LEFT JOIN (SELECT parse_filename(filename) AS stem, content FROM read_text(${sqlTexts(beside)})) AS b${i}` +
      ` ON b${i}.stem = parse_filename(e.${reference})`
    );
  });
  const [data, rejected] = ["data", "mdcrejected"].map((name, i) =>
    beside.length === 0 ? `e.${name}` : `coalesce(e.${name}, b${i}.content)`,
  );
  const hour = `regexp_extract(e.file, '(\\d{4})[/\\\\](\\d\\d)[/\\\\](\\d\\d)[/\\\\](\\d\\d)[/\\\\][^/\\\\]+$', ['y', 'm', 'd', 'h'])`;
  const unnested =
    `SELECT e.*, CAST(${rejected} AS JSON) AS misfits, ${hour} AS hour, ` +
    `generate_subscripts(CAST(${data} AS JSON[]), 1) AS place, unnest(CAST(${data} AS JSON[])) AS row ` +
    `FROM ${records} AS e${joins.join("")}`;
  const time = "CAST(time AS TIMESTAMPTZ)";
  const values: Readonly<Record<string, string>> = {
    [systemColumns.correlationId.name]: "correlationid",
    [systemColumns.rowIndex.name]:
      "coalesce(CAST(CAST(mdcrowindex AS JSON)->>('$[' || (place - 1) || ']') AS INTEGER), CAST(place - 1 AS INTEGER))",
    [systemColumns.eventId.name]: "id",
    [systemColumns.eventTime.name]: time,
    [systemColumns.requestTime.name]: time,
    [requestId.name]: attributeName(requestId),
    [clientRequestId.name]: attributeName(clientRequestId),
    [systemColumns.collection.name]: "regexp_replace(type, '^azureml\\.inference\\.', '')",
    [systemColumns.source.name]: "source",
    [systemColumns.endpoint.name]: sqlText(endpoint),
    [systemColumns.deployment.name]: sqlText(deployment),
    [systemColumns.modelVersion.name]: "modelversion",
    [systemColumns.agent.name]: "agent",
    [samplingRate.name]: `coalesce(CAST(${attributeName(samplingRate)} AS DOUBLE), 1)`,
    [systemColumns.rejected.name]: "nullif(CAST(misfits->('$[' || (place - 1) || ']') AS VARCHAR), 'null')",
    [tags.name]: attributeName(tags),
    inference_date: "make_date(CAST(hour.y AS INTEGER), CAST(hour.m AS INTEGER), CAST(hour.d AS INTEGER))",
    inference_hour: "CAST(hour.h AS INTEGER)",
  };
  const list = Object.entries(values).map(([name, value]) => `${value} AS ${sqlName(name)}`);
  const cells = features.map(({ name, type }) => `${cellOf(name, type)} AS ${sqlName(name)}`);
  return `SELECT ${[...list, ...cells].join(", ")} FROM (${unnested})`;
}

/** A feature of a row, as `codec/jsonl/json-cells.ts` writes it. */
function cellOf(name: string, type: ColumnType | undefined): string {
  // A JSON pointer (RFC 6901), for a path of DuckDB's own cannot say every name.
  const pointer = sqlText(`/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`);
  if (type === undefined) return `row->>${pointer}`;
  if (typeof type === "string") return valueOf(`row->>${pointer}`, `row->${pointer}`, type);
  const item = valueOf("x->>'$'", "x", type.list);
  return `CAST(list_transform(CAST(row->${pointer} AS JSON[]), lambda x: ${item}) AS ${sqlTypeOf(type)})`;
}

function valueOf(text: string, json: string, type: ScalarType): string {
  switch (type) {
    case "timestamp":
      return `make_timestamptz(CAST(${text} AS BIGINT) * 1000)`;
    case "binary":
      return `from_base64(${text})`;
    case "json":
      return `nullif(CAST(${json} AS VARCHAR), 'null')`;
    default:
      return `CAST(${text} AS ${sqlTypeOf(type)})`;
  }
}
