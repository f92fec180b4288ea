import type { Store } from "../../../src/store/store.ts";

/** What a log's commits say, read line by line with no code of ours but the store's. */
export interface Replay {
  readonly versions: number;
  /** Every `add` there ever was, in order. */
  readonly adds: readonly Record<string, unknown>[];
  /** Paths within the table that are part of it. */
  readonly live: ReadonlySet<string>;
  readonly actions: readonly Record<string, Record<string, unknown>>[];
}

/** Replays the commits of a table; throws where a version is missing between others. */
export async function replayLog(store: Store, table: string): Promise<Replay> {
  const commits = new Map<number, string>();
  for await (const { path } of store.list(`${table}/_delta_log/`)) {
    const [, version] = /\/(\d{20})\.json$/.exec(path) ?? [];
    if (version !== undefined) commits.set(Number(version), new TextDecoder().decode(await store.get(path)));
  }
  const live = new Set<string>();
  const adds: Record<string, unknown>[] = [];
  const actions: Record<string, Record<string, unknown>>[] = [];
  for (let version = 0; version < commits.size; version++) {
    const text = commits.get(version);
    if (text === undefined) throw new Error(`version ${version} of ${commits.size} is missing`);
    const lines = text.split("\n").filter((line) => line !== "");
    const own = lines.map((line) => JSON.parse(line) as Record<string, Record<string, unknown>>);
    for (const { remove } of own) if (remove !== undefined) live.delete(String(remove["path"]));
    for (const { add } of own) {
      if (add === undefined) continue;
      live.add(String(add["path"]));
      adds.push(add);
    }
    actions.push(...own);
  }
  return { versions: commits.size, adds, live, actions };
}
