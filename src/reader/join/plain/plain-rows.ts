import { uuidPages } from "../../../codec/parquet/reading/uuid-column.ts";
import { mapConcurrent } from "../../map-concurrent.ts";
import type { MatchRules } from "../match-request.ts";
import { type FetchedGroup, fetchGroup, type PlainGroups } from "./plain-groups.ts";
import type { UuidRows } from "./uuid-rows.ts";

const groupsAtOnce = 3;

/**
 * Reads rows by UUID, in a fraction of the time and memory that {@link readKeyRows} takes. False where that
 * cannot be done: their ids are others.
 */
export async function readPlainRows(
  { groups, rows }: PlainGroups,
  rules: MatchRules,
  into: UuidRows,
): Promise<boolean> {
  into.clear(rows);
  for await (const fetched of mapConcurrent(groups, groupsAtOnce, (group) => fetchGroup(group, rules)))
    if (fetched === undefined || !addGroup(into, fetched)) return false;
  return true;
}

function addGroup(into: UuidRows, { side, ids, when, indexes, budget }: FetchedGroup): boolean {
  let row = 0;
  try {
    for (const uuids of uuidPages(ids, budget)) {
      const end = row + uuids.length / 4;
      const whens = typeof when === "number" ? when : when.subarray(row, end);
      into.add(uuids, { side, when: whens, indexes: indexes?.subarray(row, end) });
      row = end;
    }
    return true;
  } catch {
    return false;
  }
}
