import type { ColumnType } from "../../layout/column-type.ts";
import { createBooleanBuilder } from "./boolean-builder.ts";
import { createBytesBuilder } from "./bytes-builder.ts";
import { createFloat64Builder } from "./float64-builder.ts";
import { createInt64Builder } from "./int64-builder.ts";
import { createListBuilder } from "./list-builder.ts";
import { createStringBuilder } from "./string-builder.ts";
import type { ValuesBuilder } from "./values-builder.ts";

/**
 * The builder for a type.
 *
 * @param takesNumbers an int64 builder takes whole numbers, too.
 */
export function createBuilder(
  type: ColumnType | "rejected",
  maxStringBytes: number,
  takesNumbers: boolean,
): ValuesBuilder {
  if (typeof type === "object") {
    // A list of int64 has whole numbers where its source had a narrower integer type.
    return createListBuilder(type.list, createBuilder(type.list, maxStringBytes, true));
  }
  switch (type) {
    case "float64":
      return createFloat64Builder();
    case "int64":
    case "timestamp":
      return createInt64Builder(type, takesNumbers);
    case "boolean":
      return createBooleanBuilder();
    case "string":
      return createStringBuilder(maxStringBytes);
    case "json":
    case "rejected":
    case "binary":
      return createBytesBuilder(type, maxStringBytes);
    case "int32":
      throw new Error("int32 is for system columns");
  }
}
