import { parsePath, pathPrefix } from "../layout/dataset-path.ts";
import { parseMonitorPath } from "../layout/monitoring/monitor-path.ts";
import type { CatalogScope } from "../reader/catalog.ts";
import type { Store } from "../store/store.ts";

/**
 * The stored profiles and results of monitors in which a text stands as a value: they hold frequent values,
 * and no erasure takes these out.
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
    const kept = parseMonitorPath(path) ?? parsePath(path);
    if (kept === undefined || ("kind" in kept && kept.kind !== "profile")) continue;
    if (scope.deployment !== undefined && kept.deployment !== scope.deployment) continue;
    const text = Buffer.from(await store.get(path)).toString();
    if (texts.some((one) => text.includes(one))) found.push(path);
  }
  return found;
}
