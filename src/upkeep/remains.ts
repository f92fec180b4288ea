import { isLogPath } from "../delta/log-paths.ts";
import { parsePath, pathPrefix } from "../layout/dataset-path.ts";
import { parseMonitorPath } from "../layout/monitoring/monitor-path.ts";
import type { CatalogScope } from "../reader/catalog.ts";
import type { Store } from "../store/store.ts";

/**
 * The stored profiles, results of monitors and commits of tables in which a text stands as a value: they hold
 * frequent values, or the least and the greatest of a file, and no erasure takes these out.
 */
export async function remainsOf(
  store: Store,
  scope: CatalogScope,
  values: readonly string[],
): Promise<string[]> {
  const texts = values.filter((value) => value !== "").map((value) => JSON.stringify(value));
  const found: string[] = [];
  if (texts.length === 0) return found;
  for await (const { path } of store.list(pathPrefix(scope.endpoint, scope.deployment))) {
    const isCommit = isLogPath(path) && path.endsWith(".json");
    const kept = parseMonitorPath(path) ?? parsePath(path);
    if (!isCommit && (kept === undefined || ("kind" in kept && kept.kind !== "profile"))) continue;
    if (scope.deployment !== undefined && path.split("/", 2)[1] !== scope.deployment) continue;
    const text = Buffer.from(await store.get(path)).toString();
    // A commit has the statistics as a text of JSON in its JSON.
    if (texts.some((one) => text.includes(isCommit ? JSON.stringify(one).slice(1, -1) : one)))
      found.push(path);
  }
  return found;
}
