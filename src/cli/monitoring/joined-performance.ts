import { PerformanceWindows } from "../../monitor/performance/windows/performance-windows.ts";
import type { PerformanceWindowsOptions } from "../../monitor/performance/windows/performance-windows-options.ts";
import type { PerformanceResult } from "../../monitor/run/performance-result.ts";
import type { Dataset } from "../../reader/dataset.ts";

/** Which collections and columns performance is told of. */
export interface JoinedColumns {
  readonly inputs: string;
  readonly outputs: string;
  readonly labels: string;
  /** A column of the outputs. */
  readonly prediction: string;
  /** A column of the labels. */
  readonly label: string;
  /** A column of the outputs. */
  readonly score?: string;
  /** A column of the inputs. */
  readonly by?: string;
  /** How long after its request a label may come, milliseconds. Default: any time. */
  readonly latenessMs?: number;
}

/** Joins outputs with the inputs that they answer and their labels, and measures them window by window. */
export async function joinedPerformance(
  data: Dataset,
  { inputs, outputs, labels, prediction, label, score, by, latenessMs }: JoinedColumns,
  options: PerformanceWindowsOptions,
): Promise<PerformanceResult> {
  const { windows } = options;
  if (windows.length === 0) return new PerformanceWindows(options).result();
  const measured = new PerformanceWindows({
    ...options,
    ...(by === undefined ? {} : { by }),
    actual: `${labels}.${label}`,
    predicted: `${outputs}.${prediction}`,
  });
  const join = await data.join({
    ...{ inputs, outputs, labels, lateness: latenessMs ?? Number.POSITIVE_INFINITY },
    from: Math.min(...windows.map(({ from }) => from.getTime())),
    to: Math.max(...windows.map(({ to }) => to.getTime())),
    columns: {
      inputs: by === undefined ? [] : [by],
      outputs: score === undefined ? [prediction] : [prediction, score],
      labels: [label],
    },
  });
  for await (const row of join.rows())
    measured.add({
      at: row.requestTime,
      predicted: row.outputs[prediction],
      actual: row.labels?.[label],
      ...(score === undefined ? {} : { score: row.outputs[score] }),
      ...(by === undefined ? {} : { slice: row.inputs[by] }),
    });
  const { collections: _, hours: __, ...counts } = join.account;
  return measured.result({ inputs, outputs, labels, counts });
}
