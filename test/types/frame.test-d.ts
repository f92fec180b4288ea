/** Checked by `tsc` alone: what the compiler accepts and refuses as a frame of a declared schema. */
import * as arrow from "apache-arrow";
import * as flechette from "@uwdata/flechette";
import * as aq from "arquero";
import * as dfd from "danfojs-node";
import pl from "nodejs-polars";
import { list } from "../../src/layout/column-type.ts";
import type { FrameOf, RowOf, SchemaOptions } from "../../src/frame/declared-schema.ts";

const schema = {
  distance: "int64",
  delay: "float64",
  origin: "string",
  departed: "timestamp",
  late: "boolean",
  raw: "binary",
  tags: list("string"),
  scores: list("float64"),
  meta: "json",
} as const satisfies SchemaOptions;
type Flight = RowOf<typeof schema>;

declare function collect(frame: FrameOf<Flight>): void;

const row = {
  distance: 5,
  delay: 1.5,
  origin: "SFO",
  departed: new Date(),
  late: true,
  raw: new Uint8Array(1),
  tags: ["a", null],
  scores: new Float32Array(2),
  meta: { any: ["thing"] },
};
const columns = {
  distance: new Int32Array(1),
  delay: [1, null],
  origin: ["SFO"],
  departed: [new Date(), undefined],
  late: [true],
  raw: [Buffer.from("")],
  tags: [["a"]],
  scores: [[1, 2]],
  meta: [1],
};

collect([row]);
collect([{ ...row, distance: 5n, delay: null }]);
collect([]);
collect(columns);
collect({ ...columns, distance: new BigInt64Array(1) });
collect(new dfd.DataFrame([row]));
collect(new dfd.Series([1]));
collect(new arrow.Table());
collect(flechette.tableFromArrays({ a: [1] }));
collect(aq.table({ a: [1] }));
collect(pl.DataFrame({ a: [1] }));

// @ts-expect-error a text is no number
collect([{ ...row, delay: "1.5" }]);
// @ts-expect-error a text is no instant
collect([{ ...row, departed: "2026-11-22" }]);
// @ts-expect-error a list of another type
collect([{ ...row, tags: [1] }]);
// @ts-expect-error a column of another type
collect({ ...columns, origin: [1] });
// @ts-expect-error one row is no frame
collect(row);
// @ts-expect-error a text is no frame
collect("rows");
// @ts-expect-error a promise is no frame
collect(Promise.resolve([row]));
// @ts-expect-error int32 is for system columns
const wrong: SchemaOptions = { a: "int32" };
export { wrong };
