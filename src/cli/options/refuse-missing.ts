import { quote } from "../../base/errors.ts";
import { nearest } from "../../base/nearest.ts";
import { isSystemColumn } from "../../layout/system-columns.ts";
import type { Catalog } from "../../reader/catalog.ts";
import { checkColumns } from "../../reader/column-check.ts";
import { UsageError } from "../command.ts";

/**
 * {@link UsageError} if one of these columns, of which no row has a value, is in no file of a collection.
 * `option` is where they were given.
 */
export async function refuseMissing(
  catalog: Catalog,
  collection: string,
  columns: readonly string[],
  option: string,
): Promise<void> {
  if (columns.length === 0) return;
  const { missing, known } = await checkColumns(catalog, collection, columns);
  const [first] = missing;
  if (first === undefined) return;
  const near = nearest(first, known);
  const features = known.filter((column) => !isSystemColumn(column));
  const hint = near === undefined ? `there are: ${features.join(", ")}` : `did you mean ${quote(near)}?`;
  throw new UsageError(`--${option}: no file of ${collection} has a column ${quote(first)}; ${hint}`);
}
