import { visibleJson } from "../../../base/visible-text.ts";
import type { Baseline } from "../../../monitor/baseline/baseline.ts";

/**
 * A baseline as JSON for people: indented, with each list of plain values on one line, and nothing of stored
 * values that a terminal obeys.
 */
export function baselineText(baseline: Baseline): string {
  return visibleJson(`${lines(JSON.parse(JSON.stringify(baseline)), "")}\n`);
}

function lines(value: unknown, indent: string): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.every((item) => typeof item !== "object" || item === null))
      return `[${value.map((item) => JSON.stringify(item)).join(", ")}]`;
    return `[\n${value.map((item) => inner + lines(item, inner)).join(",\n")}\n${indent}]`;
  }
  const fields = Object.entries(value).map(
    ([name, item]) => `${inner}${JSON.stringify(name)}: ${lines(item, inner)}`,
  );
  return fields.length === 0 ? "{}" : `{\n${fields.join(",\n")}\n${indent}}`;
}
