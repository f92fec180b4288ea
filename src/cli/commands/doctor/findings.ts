/** What `mdc doctor` found out. */
export interface Finding {
  /** What was looked at: `destination`. */
  readonly check: string;
  /** `problem`: something does not work. `hint`: it works, and may not be what was meant. */
  readonly state: "ok" | "hint" | "problem";
  /** For people; holds no secret. */
  readonly text: string;
}

/** Makes findings of one check. */
export function findingsOf(check: string): Record<Finding["state"], (text: string) => Finding> {
  const make =
    (state: Finding["state"]) =>
    (text: string): Finding => ({ check, state, text });
  return { ok: make("ok"), hint: make("hint"), problem: make("problem") };
}
