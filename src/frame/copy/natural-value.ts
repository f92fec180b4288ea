import type { Cell } from "../cell.ts";

/** A cell as the JS value that it stands for, for a redactor to see. */
export function naturalValue(cell: Cell): unknown {
  if (typeof cell !== "object" || cell === null) return cell;
  switch (cell.kind) {
    case "timestamp":
      return new Date(typeof cell.value === "bigint" ? Number(cell.value) / 1000 : cell.value);
    case "json":
      return JSON.parse(cell.value, exactInteger);
    case "list":
      return cell.value.map(naturalValue);
    case "binary":
    case "rejected":
      return cell.value;
  }
}

/** Integers that a number does not hold are bigints: a redactor that passes them on changes nothing. */
function exactInteger(_: string, value: unknown, { source }: { source?: string } = {}): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value) || source === undefined) return value;
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}
