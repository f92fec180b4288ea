/** What a test counted: a row in the table of `npm run test:faults`. */
export interface FaultFigures {
  readonly fault: string;
  /** How often the fault was to strike. */
  readonly injected: number;
  /** How often it did; default `injected`. */
  readonly fired?: number;
  /** Records that had to be there, over all strikes. Each was looked for, or the test would have failed. */
  readonly acknowledged?: number;
  /** What else was measured. */
  readonly figure: string;
}

/**
 * Puts figures into the report of a test; `faultFiguresOf` finds them there. Last in a test: what fails
 * before has none.
 */
export function tellFigures(task: { readonly meta: object }, figures: FaultFigures): void {
  Object.assign(task.meta, { [key]: figures });
}

/** The figures of a test, from the `meta` of its report. */
export function faultFiguresOf(meta: object): FaultFigures | undefined {
  return (meta as { readonly [key]?: FaultFigures })[key];
}

const key = "faultFigures";
