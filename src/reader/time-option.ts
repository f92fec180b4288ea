import { types } from "node:util";
import type { TimeRange } from "../layout/partition.ts";
import { wrongKind, wrongValue } from "../base/errors.ts";

/** The range that `from` and `to` say. Throws for what is none; `where` names whose options they are. */
export function rangeOption(
  { from, to }: { readonly from?: unknown; readonly to?: unknown },
  where: string,
): TimeRange {
  return {
    from: timeOption(from, `${where}: from`) ?? Number.NEGATIVE_INFINITY,
    to: timeOption(to, `${where}: to`) ?? Number.POSITIVE_INFINITY,
  };
}

/** An option that is a time, in milliseconds since 1970 UTC. Throws for what is none; `where` names it. */
export function timeOption(value: unknown, where: string): number | undefined {
  if (value === undefined) return undefined;
  const isTime = types.isDate(value) || typeof value === "number" || typeof value === "string";
  if (!isTime) throw wrongKind(where, "a Date, milliseconds or an ISO 8601 text", value);
  const time = new Date(value).getTime();
  if (Number.isNaN(time)) throw wrongValue(where, "a Date, milliseconds or an ISO 8601 text", value);
  return time;
}
