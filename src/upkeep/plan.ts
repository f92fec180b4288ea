import { hostname } from "node:os";
import { ownJson } from "../base/own-json.ts";
import { systemClock } from "../base/time/clock.ts";
import { type PlanPlace, planPath } from "../layout/upkeep/upkeep-path.ts";
import { ObjectNotFoundError, type UpkeepStore } from "../store/store.ts";
import { done } from "./done.ts";

/** What somebody is about to do to the files of a partition. While it is there nobody else does anything. */
export interface Plan {
  /**
   * `compact`: anybody can do it again, and comes to the same bytes. `erase`: what to leave out is not
   * written down, so only what was published can be ended by somebody else.
   */
  readonly kind: "compact" | "erase";
  /** Names of files, without their endings. */
  readonly sources: readonly string[];
  /** The name of the file that is made of them, without its ending. */
  readonly target: string | null;
  /** When it was made: ISO 8601. */
  readonly at: string;
  readonly host: string;
  readonly pid: number;
}

/** So old a plan is nobody's any more, on whatever host it was made. */
const maxPlanAgeMs: number = 30 * 60_000;

const maxPlanBytes = 8 * 1024 * 1024;

/** Makes the plan of a partition; false if there is one. */
export async function makePlan(
  store: UpkeepStore,
  place: PlanPlace,
  plan: Pick<Plan, "kind" | "sources" | "target">,
): Promise<boolean> {
  const made: Plan = {
    ...plan,
    at: new Date(systemClock.now()).toISOString(),
    host: hostname(),
    pid: process.pid,
  };
  const result = await store.put(planPath(place), Buffer.from(`${ownJson(made)}\n`), {
    contentType: "application/json",
  });
  // The same process, in the same millisecond: two calls that do the same.
  return result.status !== "conflict" && done(result) === "stored";
}

/** The plan of a partition, if there is one. */
export async function readPlan(store: UpkeepStore, place: PlanPlace): Promise<Plan | undefined> {
  try {
    const range = { start: 0, end: maxPlanBytes };
    const parsed = JSON.parse(Buffer.from(await store.get(planPath(place), { range })).toString()) as Plan;
    return { ...parsed, sources: [...parsed.sources] };
  } catch (thrown) {
    if (thrown instanceof ObjectNotFoundError) return undefined;
    if (!(thrown instanceof SyntaxError || thrown instanceof TypeError)) throw thrown;
    // What nobody can read is nobody's.
    return { kind: "erase", sources: [], target: null, at: new Date(0).toISOString(), host: "", pid: 0 };
  }
}

/** Ends a plan; what it names is as it should be. */
export async function endPlan(store: UpkeepStore, place: PlanPlace): Promise<void> {
  await store.delete(planPath(place));
}

/**
 * Leaves a plan that this process has made, and could not end, to whoever comes next: from now on it is
 * nobody's. A store that replaces nothing keeps it as it is.
 */
export async function letGo(store: UpkeepStore, place: PlanPlace): Promise<void> {
  const plan = await readPlan(store, place);
  if (plan?.host !== hostname() || plan.pid !== process.pid) return;
  const left: Plan = { ...plan, at: new Date(0).toISOString() };
  await store.replace?.(planPath(place), Buffer.from(`${ownJson(left)}\n`));
}

/** Whether whoever made a plan may still be at it, `now`, milliseconds since 1970 UTC. */
export function isAlive({ at, host, pid }: Plan, now: number): boolean {
  if (!(now - Date.parse(at) < maxPlanAgeMs)) return false;
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "EPERM";
  }
}
