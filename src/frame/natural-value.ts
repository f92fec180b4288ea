import type { Cell } from "./cell.ts";

/** A cell as the JS value that it stands for, for a redactor to see. */
export function naturalValue(cell: Cell): unknown {
  if (typeof cell !== "object" || cell === null) return cell;
  switch (cell.kind) {
    case "timestamp":
      return new Date(typeof cell.value === "bigint" ? Number(cell.value) / 1000 : cell.value);
    case "json":
      return JSON.parse(cell.value);
    case "list":
      return cell.value.map(naturalValue);
    case "binary":
    case "rejected":
      return cell.value;
  }
}
