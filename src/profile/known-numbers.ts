import { wrongKind } from "../base/errors.ts";
import { isNull } from "./category.ts";

/** The numbers among values, and how many are none. */
export function knownNumbers(
  values: ArrayLike<unknown>,
  where: string,
): { readonly known: Float64Array; readonly nulls: number; readonly nans: number } {
  const numbers = new Float64Array(values.length);
  let [length, nulls, nans] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value === "number" || typeof value === "bigint") {
      if (Number.isNaN(value)) nans++;
      // -0 is the number 0.
      else numbers[length++] = Number(value) + 0;
    } else if (isNull(value)) nulls++;
    else throw wrongKind(`${where}, row ${i}`, "a number", value);
  }
  return { known: numbers.subarray(0, length), nulls, nans };
}
