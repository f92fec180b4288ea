/** Three significant digits, thousands set apart. */
export function number(value: number): string {
  if (value !== 0 && Math.abs(value) < 0.001) return value.toPrecision(1);
  return value.toLocaleString("en-US", { maximumSignificantDigits: Math.abs(value) >= 1000 ? 4 : 3 });
}

/** How a figure compares with another, in words: `3.1 times as long as`, `0.4 times as long as`. */
export function times(value: number, other: number): string {
  const ratio = value / other;
  return ratio >= 10 ? String(Math.round(ratio)) : String(Number(ratio.toPrecision(2)));
}

/** A table in Markdown; the first column is text, the others figures. */
export function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const cells = (line: readonly string[]): string => `| ${line.join(" | ")} |`;
  return [
    cells(head),
    `|-|${head
      .slice(1)
      .map(() => "-:|")
      .join("")}`,
    ...lines.map(cells),
  ].join("\n");
}
