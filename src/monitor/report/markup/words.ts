import type { MonitorVerdict } from "../../run/verdict.ts";
import { html, type Markup } from "./markup.ts";

/** What a signal says at a glance, whatever it is of. */
export type State = "bad" | "good" | "unknown";

/** A verdict's state. */
export function stateOf(verdict: MonitorVerdict): State {
  if (verdict === "breach") return "bad";
  return verdict === "pass" ? "good" : "unknown";
}

/** A verdict with its mark: a shape of its own for each, so that colour is not needed. */
export function verdictMark(verdict: MonitorVerdict): Markup {
  return stateMark(stateOf(verdict), verdict);
}

/** A word with the mark of a state. */
export function stateMark(state: State, word: string): Markup {
  return html`<b class="mark ${state}">${word}</b>`;
}

/** `NormalizedWassersteinDistance` as a person reads it: `normalized Wasserstein distance`. */
export function metricWords(metric: string): string {
  const words = metric.replace(/([a-z])([A-Z])/g, "$1 $2").split(" ");
  return words
    .map((word) => (proper.has(word) ? word : word.toLowerCase()))
    .join(" ")
    .replace("pearsons", "Pearson's");
}

/** People. */
const proper: ReadonlySet<string> = new Set([
  "Jensen",
  "Shannon",
  "Wasserstein",
  "Kolmogorov",
  "Smirnov",
  "Hellinger",
  "Chebyshev",
]);

/** `a`, `a and b`, `a, b and c`, `a, b, c and 4 more`. */
export function listText(names: readonly string[], max = 3): string {
  const shown = names.length > max + 1 ? names.slice(0, max) : names;
  const rest = names.length - shown.length;
  const parts = rest > 0 ? [...shown, `${rest} more`] : shown;
  return parts.length < 2 ? (parts[0] ?? "") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}
