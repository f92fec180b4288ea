import { Collector, CorrelationContext, list, openDeployment } from "model-data-collector";

/** What readers must find. */
export interface ExpectedTree {
  readonly collections: readonly ExpectedCollection[];
}

/** One collection. */
export interface ExpectedCollection {
  readonly name: string;
  /** Path of the collection's folder below the destination. */
  readonly path: string;
  /** Types by column: the product's own names (`float64`, `list<string>`). */
  readonly types: Readonly<Record<string, string>>;
  /** Rows in order of `mdc_correlation_id` and `mdc_row_index`; cells as {@link Cell}. */
  readonly rows: readonly Readonly<Record<string, Cell>>[];
  /** Filters, and how many rows pass. */
  readonly filters: readonly {
    readonly column: string;
    readonly atLeast: number | string;
    readonly rows: number;
  }[];
}

/**
 * A value in JSON: null; a double as a number, or `"NaN"`, `"Infinity"`, `"-Infinity"`, `"-0"`; an int64 as
 * decimal text; a timestamp as text of microseconds since 1970 UTC; bytes as hex; a list as an array; JSON
 * text as itself.
 */
type Cell = null | number | string | boolean | readonly Cell[];

type Row = Readonly<Record<string, unknown>>;

const types: Readonly<Record<string, string>> = {
  mdc_correlation_id: "string",
  mdc_row_index: "int32",
  mdc_endpoint: "string",
  mdc_request_time: "timestamp",
  mdc_sampling_rate: "float64",
  mdc_config_version: "int32",
};

/** Collects a tree of files into `destination` and says what must be read back. */
export async function writeTree(destination: string): Promise<ExpectedTree> {
  await using deployment = await openDeployment({
    endpoint: "interop",
    deployment: "blue",
    modelName: "late-arrival",
    destination,
    spool: { directory: `${destination}-spool` },
  });
  const flights = new Collector({ name: "flights", deployment });
  const edges = new Collector({ name: "edge_values", deployment, schema: edgeSchema });
  const flightRows: Row[] = [];
  const edgeRows: Row[] = [];
  for (let request = 0; request < 120; request++) {
    // Three hours and a change of day, so that there are several partitions.
    const requestTime = new Date(Date.UTC(2026, 2, 28, 22, 30) + request * 90_000);
    const context = CorrelationContext.create({
      id: `request-${String(request).padStart(4, "0")}`,
      requestTime,
    });
    const flight = flightFrame(request);
    flights.collect(flight, context);
    flightRows.push(...stored(flight, context));
    const edge = edgeFrame(request);
    edges.collect(edge, context);
    edgeRows.push(...stored(edge, context));
  }
  await deployment.flush();
  return {
    collections: [
      {
        name: "flights",
        path: "interop/blue/flights",
        types: { ...types, distance: "float64", origin: "string", late: "boolean", seats: "int64" },
        rows: flightRows.map(encodeRow),
        filters: [
          atLeast(flightRows, "distance", 1500),
          atLeast(flightRows, "origin", "SEA"),
          atLeast(flightRows, "mdc_correlation_id", "request-0077"),
        ],
      },
      {
        name: "edge_values",
        path: "interop/blue/edge_values",
        types: {
          ...types,
          double: "float64",
          integer: "int64",
          text: "string",
          when: "timestamp",
          flag: "boolean",
          bytes: "binary",
          tags: "list<string>",
          weights: "list<float64>",
          details: "json",
          "Prix moyen (€)": "float64",
        },
        rows: edgeRows.map(encodeRow),
        filters: [atLeast(edgeRows, "text", "m")],
      },
    ],
  };
}

const edgeSchema = {
  double: "float64",
  integer: "int64",
  text: "string",
  when: "timestamp",
  flag: "boolean",
  bytes: "binary",
  tags: list("string"),
  weights: list("float64"),
  details: "json",
} as const;

/** Rows as a scoring service would send them; frames of several sizes. */
function flightFrame(request: number): Row[] {
  return Array.from({ length: (request % 7) * 5 }, (_, index) => ({
    distance: (request * 37 + index * 101) % 2500,
    origin: ["SEA", "JFK", "ORD", "MSP"][(request + index) % 4],
    late: index % 3 === 0,
    seats: BigInt(100 + ((request * index) % 250)),
  }));
}

/**
 * Every type at its limits; each request takes up somewhere else, so that pages and files begin differently.
 */
function edgeFrame(request: number) {
  const pick = <T>(values: readonly T[], index: number): T | undefined =>
    values[(request + index) % values.length];
  return Array.from({ length: 1 + (request % 5) }, (_, index) => ({
    double: pick(
      [0, -0, Number.NaN, Infinity, -Infinity, 5e-324, Number.MAX_VALUE, 0.1, null, 2 ** 53],
      index,
    ),
    integer: pick([0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), null, 2n ** 53n + 1n], index),
    text: pick(["", "plain", null, "Zürich", "東京", "\u{1f6eb}", 'a\nb\t"c"', "\u0000"], index),
    when: pick(
      [
        new Date(0),
        new Date(-1),
        new Date("2026-03-29T01:30:00.123Z"),
        null,
        new Date("9999-12-31"),
        new Date("0001-01-01"),
      ],
      index,
    ),
    flag: pick([true, null, false], index),
    bytes: pick([new Uint8Array(0), new Uint8Array([0, 255, 128]), null], index),
    tags: pick([[], ["a"], ["a", null, ""], null, ["ü", "b", "c"]], index),
    weights: pick([[0.5], null, [], [1, -0, null]], index),
    details: pick([{ a: [1, null], b: "ü" }, [], null, "text", 3.5], index),
    // Not declared, and only in some frames: absent is null.
    ...(request % 2 === 0 ? { "Prix moyen (€)": request + 0.25 } : {}),
  }));
}

/** The rows with the system columns that they must have when read back. */
function stored(frame: readonly Row[], context: CorrelationContext): Row[] {
  return frame.map((row, index) => ({
    mdc_correlation_id: context.id,
    mdc_row_index: index,
    mdc_endpoint: "interop",
    mdc_request_time: context.requestTime,
    mdc_sampling_rate: 1,
    mdc_config_version: 1,
    ...row,
  }));
}

function atLeast(rows: readonly Row[], column: string, least: number | string) {
  return { column, atLeast: least, rows: rows.filter((row) => atLeastOne(row[column], least)).length };
}

/**
 * Text compares by its UTF-8 bytes in every engine, which JavaScript's own comparison agrees with up to
 * U+FFFF.
 */
function atLeastOne(value: unknown, least: number | string): boolean {
  if (typeof least === "number") return typeof value === "number" && value >= least;
  return typeof value === "string" && Buffer.compare(Buffer.from(value), Buffer.from(least)) >= 0;
}

function encodeRow(row: Row): Record<string, Cell> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      name === "details" ? encodeJson(value) : encode(value),
    ]),
  );
}

function encodeJson(value: unknown): Cell {
  return value === null ? null : JSON.stringify(value);
}

function encode(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number")
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : Object.is(value, -0)
        ? "-0"
        : String(value);
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (value instanceof Date) return String(BigInt(value.getTime()) * 1000n);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(encode);
  throw new TypeError(`encode: no cell for ${typeof value}`);
}
