import type { Deployment } from "model-data-collector";
import type { Progress } from "./progress.ts";
import type { ScoredRequest } from "./run.ts";

/**
 * Tells what became of the flights, long after they were scored: a label by correlation id for each request,
 * with a row for each of its flights. Those of the requests since `until` are not known yet.
 */
export async function labelAll(
  deployment: Deployment,
  requests: readonly ScoredRequest[],
  { until, progress }: { readonly until: Date; readonly progress: Progress },
): Promise<number> {
  progress("labels arrive …");
  const known = requests.filter(({ context }) => context.requestTime < until);
  // A label is safe when its promise is kept; they need not wait for each other.
  await Promise.all(
    known.map(({ context, flights }) =>
      deployment.label(
        context,
        flights.map(({ late }) => ({ late })),
      ),
    ),
  );
  progress();
  return known.reduce((sum, { flights }) => sum + flights.length, 0);
}
