import { quote } from "../base/errors.ts";
import { nearest } from "../base/nearest.ts";
import { parseBodyPath } from "../layout/body-path.ts";
import { collectionKey } from "../layout/collection-key.ts";
import { pathPrefix } from "../layout/dataset-path.ts";
import { everyTime } from "../layout/partition.ts";
import { parseAnyPath } from "../layout/paths/others-path.ts";
import { createCatalog, type CatalogScope } from "../reader/catalog.ts";
import { filesOf, NoCollectionError } from "../reader/table.ts";
import type { Store } from "../store/store.ts";
import { type CommandInput, isMisuse, NotYetError, UsageError } from "./command.ts";
import { waitingLines } from "./waiting.ts";

/** The endpoint and deployment that a command line names. */
export function scopeOf(input: CommandInput): CatalogScope {
  return { endpoint: input.text("endpoint"), deployment: input.text("deployment") };
}

/** Whether a path is of this endpoint and deployment. */
export function isInScope(path: string, { endpoint, deployment }: CatalogScope): boolean {
  const [first, second] = path.split("/", 2);
  return (
    (endpoint === undefined || first === endpoint) && (deployment === undefined || second === deployment)
  );
}

/**
 * What to tell of something thrown for want of data: where it waits to be stored, or that there is no such
 * endpoint or deployment; if neither is so, the thing itself.
 */
export async function explained(input: CommandInput, store: Store, thrown: unknown): Promise<unknown> {
  if (!isMisuse(thrown)) return thrown;
  if (thrown instanceof NoCollectionError) {
    const lines = await waitingLines(input, thrown.collection);
    if (lines.length > 0)
      return new NotYetError(`nothing is stored of ${quote(thrown.collection)} yet`, lines);
  }
  return (await absentScope(input, store)) ?? thrown;
}

/** {@link UsageError} if nothing is stored of an endpoint or deployment that is named, and nothing waits. */
export async function refuseAbsentScope(input: CommandInput, store: Store): Promise<void> {
  if ((await waitingLines(input)).length > 0) return;
  const error = await absentScope(input, store);
  if (error !== undefined) throw error;
}

/**
 * As the commands that read: throws if there is no such endpoint, deployment or collection. One of which
 * anything is stored, be it a body or its types, is there: what was begun with it can be ended.
 */
export async function refuseAbsent(
  input: CommandInput,
  store: Store,
  collections: readonly string[],
): Promise<void> {
  const scope = scopeOf(input);
  const { endpoint, deployment } = scope;
  const absent = new Map(collections.map((name) => [collectionKey(name), name]));
  if (absent.size === 0 && endpoint === undefined && deployment === undefined) return;
  for await (const { path } of store.list(pathPrefix(endpoint, deployment))) {
    if (!isInScope(path, scope)) continue;
    for (const folder of path.split("/").slice(2, -1)) absent.delete(collectionKey(folder));
    if (absent.size === 0) return;
  }
  const [first] = absent.values();
  if (first === undefined) return await refuseAbsentScope(input, store);
  try {
    await filesOf(createCatalog(store, scope), first, everyTime);
  } catch (thrown) {
    throw await explained(input, store, thrown);
  }
}

/** That nothing is stored of the endpoint or deployment, and which ones there are. */
async function absentScope(input: CommandInput, store: Store): Promise<UsageError | undefined> {
  const { endpoint, deployment } = scopeOf(input);
  if (endpoint === undefined && deployment === undefined) return undefined;
  const [endpoints, deployments] = [new Set<string>(), new Set<string>()];
  for await (const { path } of store.list("")) {
    const stored = parseBodyPath(path) ?? parseAnyPath(path);
    if (stored === undefined) continue;
    endpoints.add(stored.endpoint);
    if (endpoint === undefined || stored.endpoint === endpoint) deployments.add(stored.deployment);
  }
  for (const [option, given, there] of [
    ["endpoint", endpoint, endpoints],
    ["deployment", deployment, deployments],
  ] as const) {
    if (given === undefined || there.size === 0 || there.has(given)) continue;
    const names = [...there].sort();
    const near = nearest(given, names);
    const hint = near === undefined ? `there are: ${names.join(", ")}` : `did you mean ${near}?`;
    const root =
      option === "deployment" && endpoint !== undefined
        ? `${store.description}/${endpoint}`
        : store.description;
    return new UsageError(`--${option}: nothing is stored under ${root} of ${quote(given)}; ${hint}`);
  }
  return undefined;
}
