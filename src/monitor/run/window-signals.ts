import { Baseline } from "../baseline/baseline.ts";
import { completenessReference } from "../completeness/completeness-reference.ts";
import type { CompletenessReference, CompletenessSignal } from "../completeness/completeness-signal.ts";
import { completenessSignals } from "../completeness/completeness-signals.ts";
import type { CollectionMonitor } from "./monitor-options.ts";
import type { MonitorSource } from "./rows/monitor-source.ts";

/**
 * Whether each window of a collection is whole, held against what it is compared with; undefined where the
 * source does not say what there is.
 */
export async function signalsOf(
  source: MonitorSource,
  { collection, windows, baseline, completeness }: CollectionMonitor,
  { now, minRows }: { readonly now: Date; readonly minRows: number },
): Promise<readonly (readonly CompletenessSignal[])[] | undefined> {
  if (source.windowFacts === undefined) return undefined;
  const labels = completeness?.labels !== undefined;
  const factsOf = source.windowFacts.bind(source);
  const facts = await factsOf({ collection, windows, labels });
  const before = windows.map(({ from, to }) => ({
    from: new Date(2 * from.getTime() - to.getTime()),
    to: from,
  }));
  const references = async (): Promise<readonly CompletenessReference[]> => {
    if (baseline === "previous")
      return (await factsOf({ collection, windows: before })).map((one) => completenessReference([one]));
    const reference = completenessReference(
      baseline instanceof Baseline
        ? baseline
        : await factsOf({ collection: baseline.collection ?? collection, windows: [baseline] }),
    );
    return windows.map(() => reference);
  };
  const known = await references();
  return facts.map((one, i) =>
    completenessSignals(one, {
      ...{ asOf: now, minRows, reference: known[i] ?? {} },
      ...(completeness === undefined ? {} : { thresholds: completeness }),
    }),
  );
}
