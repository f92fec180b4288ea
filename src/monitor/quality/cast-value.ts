/** The type that a baseline's column has, as far as quality is concerned. */
export type QualityType = "float64" | "int64" | "boolean" | "string" | "timestamp" | "binary";

/**
 * A value as another type, by the rules of Spark's `cast`, with which Azure ML counts errors of types: a
 * number for `float64` and `int64`, a text for `string`, and `true` for others that can be. Undefined for
 * what can not.
 */
export function castValue(value: unknown, type: QualityType): number | string | true | undefined {
  switch (type) {
    case "float64":
      return numberOf(value);
    case "int64": {
      const number = numberOf(value);
      return typeof value === "string" && !Number.isFinite(number) ? undefined : truncated(number);
    }
    case "string":
      return value instanceof Uint8Array ? new TextDecoder().decode(value) : textOf(value);
    case "boolean":
      if (typeof value !== "string") return typeof value === "object" ? undefined : true;
      return /^\s*(t|true|y|yes|1|f|false|n|no|0)\s*$/i.test(value) ? true : undefined;
    case "timestamp":
      if (typeof value !== "string") return value instanceof Uint8Array ? undefined : true;
      return /^\s*\d{4,6}-\d{1,2}/.test(value) && !Number.isNaN(Date.parse(value)) ? true : undefined;
    case "binary":
      return typeof value === "string" || value instanceof Uint8Array ? true : undefined;
  }
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "bigint" || typeof value === "boolean") return Number(value);
  if (value instanceof Date) return value.getTime() / 1000;
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  // As Java reads doubles, also with the letter of their type.
  const digits = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)[df]?$/i.exec(text)?.[1];
  if (digits !== undefined) return Number(digits);
  return /^[+-]?inf(inity)?$/i.test(text) ? (text.startsWith("-") ? -Infinity : Infinity) : undefined;
}

function truncated(number: number | undefined): number | undefined {
  return number === undefined ? undefined : Math.trunc(number) + 0;
}

function textOf(value: unknown): string {
  return value instanceof Date ? value.toISOString() : String(value);
}
