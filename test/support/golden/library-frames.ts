import "@tensorflow/tfjs-backend-cpu";
import * as flechette from "@uwdata/flechette";
import * as arrow from "apache-arrow";
import * as aq from "arquero";
import * as dfd from "danfojs-node";
import pl from "nodejs-polars";
import { arrowTable } from "./golden-frames.ts";

/** The same few columns as the frames of several libraries. */
export function libraryFrames(): Readonly<Record<string, object>> {
  const data = { n: [1, 2.5, Number.NaN], s: ["a", "", "ü"], flag: [true, false, true] };
  const table = arrow.tableFromArrays({ n: Float64Array.from(data.n), i: Int32Array.of(1, 2, 3), s: data.s });
  return {
    arrow: arrowTable(),
    flechette: flechette.tableFromIPC(arrow.tableToIPC(table, "stream")),
    arquero: aq.table(data),
    danfojs: new dfd.DataFrame({
      ...data,
      when: [new Date(0), null, new Date(5)],
      big: [1n, 2n, null],
    } as never),
    series: new dfd.Series([3, 4, 5]),
    polars: pl.DataFrame({ ...data, dates: [new Date(0), null, new Date(5)], lists: [[1, 2], [], [3]] }),
  };
}
