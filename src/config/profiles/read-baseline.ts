import { asError, invalidArgument, told, wrongValue } from "../../base/errors.ts";
import { readTextFile } from "../../base/files/text-file.ts";
import { collectionKey, isName } from "../../layout/collection-key.ts";
import type { ColumnCounting } from "../../layout/columns/column-groups.ts";
import type { CollectionGroups } from "../deployment-config.ts";

/** Many times what a thousand columns need. */
const maxBytes = 64 * 1024 * 1024;

/** Of a baseline's JSON (`Baseline.toJSON`) what columns are counted by. */
interface BaselineFile {
  readonly format: unknown;
  readonly version: unknown;
  readonly collection: unknown;
  readonly columns: Readonly<Record<string, BaselineColumn>>;
}

interface BaselineColumn {
  readonly kind?: unknown;
  readonly profile?: { readonly groups?: { readonly edges?: unknown; readonly categories?: unknown } };
}

/**
 * How a baseline has the columns of its collection counted. Throws a `RangeError` that names the place of the
 * setting for a file that cannot be read, or is no baseline.
 */
export function readBaseline(path: string, where: string): CollectionGroups {
  const expected = "the JSON of a baseline (Baseline.toJSON)";
  let text: string;
  try {
    text = readTextFile(path, maxBytes);
  } catch (thrown) {
    // The system's message goes on with the path.
    const [reason] = asError(thrown).message.split(", open '");
    const got = `got a file that cannot be read (${reason})`;
    throw invalidArgument(new RangeError(`${where}: expected ${expected}, ${got}`));
  }
  const baseline = jsonOf(text) as Partial<BaselineFile> | undefined;
  if (baseline?.format !== "model-data-collector baseline") throw wrongValue(where, expected, told("others"));
  if (baseline.version !== 1)
    throw wrongValue(`${where}, version`, "1, the only one that this release reads", baseline.version);
  const { collection, columns = {} } = baseline;
  if (typeof collection !== "string" || !isName(collection))
    throw wrongValue(`${where}, collection`, "the name of a collection", collection);
  const counted = Object.entries(columns).map(
    ([name, column]) => [name, countingOf(column, `${where}, columns`)] as const,
  );
  return { collection: collectionKey(collection), columns: Object.fromEntries(counted) };
}

function countingOf({ kind, profile }: BaselineColumn, where: string): ColumnCounting {
  const { edges, categories } = profile?.groups ?? {};
  if (kind === "numerical" && isRising(edges)) return { kind, groups: { edges } };
  if (kind === "categorical" && isTexts(categories)) return { kind, groups: { categories } };
  throw wrongValue(where, "a kind, with edges that rise or categories", told("others"));
}

function isRising(edges: unknown): edges is readonly number[] {
  const isList = Array.isArray(edges) && edges.length >= 2;
  return isList && edges.every((edge, i) => Number.isFinite(edge) && (i === 0 || edge > edges[i - 1]));
}

function isTexts(categories: unknown): categories is readonly string[] {
  return Array.isArray(categories) && categories.every((one) => typeof one === "string");
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
