/** Where a process is to kill itself. Plain data, in the environment variable `MDC_TEST_CRASH`. */
export interface CrashPlan {
  /** Name of a step: see `step-names.ts` and `crash-groups.ts`. Absent: nowhere. */
  readonly point?: string | undefined;
  /** Right before the step, right after it, or when half of what it writes is written. */
  readonly side?: CrashSide | undefined;
  /** At the first time that a thread comes to the step, the second, …; default 1. */
  readonly nth?: number | undefined;
  /** True to write every step into the journal: `t <name>`, or `t ? <call>` for one without a name. */
  readonly trace?: boolean | undefined;
}

export type CrashSide = "before" | "half" | "after";

/** How often a thread passed the step of a plan. */
export class CrashTrigger {
  readonly #plan: CrashPlan;
  #passed = 0;

  constructor(plan: CrashPlan) {
    this.#plan = plan;
  }

  /** The side on which this step is to be cut, if it is the one. */
  reached(name: string | undefined): CrashSide | undefined {
    const { point, side = "after", nth = 1 } = this.#plan;
    if (point === undefined || name !== point) return undefined;
    this.#passed += 1;
    return this.#passed === nth ? side : undefined;
  }
}
