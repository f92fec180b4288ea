import { bold, type Text } from "../terminal.ts";
import { cutText, textWidth } from "./text-width.ts";
import { visibleText } from "../../base/visible-text.ts";

/** A column of a text table. */
export interface TextColumn {
  readonly title: string;
  /** Numbers stand at the right, so that their digits line up. */
  readonly align?: "left" | "right";
}

/** How a table is laid out. */
export interface TextTableOptions {
  /**
   * Characters in a line; what does not fit is left out, whole columns at a time, and counted in the last
   * line.
   */
  readonly width?: number;
  /** Columns of a terminal in a cell; a longer text is cut, with an ellipsis. */
  readonly maxCell?: number;
}

/** Columns of a terminal that the names of what does not fit take at most. */
const maxMore = 300;

/** Two spaces part the columns. */
const gap = "  ";

/** Lines of a table: titles, then rows, in columns as wide as their widest cell. */
export function textTable(
  columns: readonly TextColumn[],
  rows: readonly (readonly string[])[],
  options: TextTableOptions = {},
): Text[] {
  const { width = Number.POSITIVE_INFINITY, maxCell = Number.POSITIVE_INFINITY } = options;
  // The first column is always shown, and has no more room than the line.
  const cut = (text: string, column: number): string =>
    cutText(visibleText(text), column === 0 ? Math.min(maxCell, width) : maxCell);
  const cells = rows.map((row) => row.map(cut));
  const titles = columns.map(({ title }, i) => cut(title, i));
  const widths = titles.map((title, i) =>
    cells.reduce((max, row) => Math.max(max, textWidth(row[i] ?? "")), textWidth(title)),
  );
  const shown = fitting(widths, width);
  const line = (texts: readonly string[]): string =>
    texts
      .slice(0, shown)
      .map((text, i) => pad(text, widths[i] ?? 0, columns[i]?.align ?? "left"))
      .join(gap)
      .trimEnd();
  const lines: Text[] = [bold(line(titles)), ...cells.map(line)];
  const hidden = titles.slice(shown);
  if (hidden.length > 0) {
    const more = `… and ${hidden.length} more: ${hidden.join(", ")}`;
    lines.push(cutText(more, Math.min(width, maxMore)));
  }
  return lines;
}

/** How many columns fit into a line; the first is always shown. */
function fitting(widths: readonly number[], width: number): number {
  let used = 0;
  for (const [i, columnWidth] of widths.entries()) {
    used += columnWidth + (i > 0 ? gap.length : 0);
    if (i > 0 && used > width) return i;
  }
  return widths.length;
}

function pad(text: string, width: number, align: "left" | "right"): string {
  const spaces = " ".repeat(Math.max(0, width - textWidth(text)));
  return align === "right" ? spaces + text : text + spaces;
}
