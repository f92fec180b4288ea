import type { Where } from "../../../layout/filter/where.ts";
import { type Catalog, createCatalog } from "../../../reader/catalog.ts";
import { checkColumns } from "../../../reader/column-check.ts";
import { type FindOptions, findRows, type FoundRow } from "../../../reader/find.ts";
import { columnsIn, whereOfTexts } from "../../options/where-option.ts";
import { type Found, type FoundGroup, shownText } from "../answers.ts";
import { type Asked, BadFileList } from "../asked.ts";
import { cellOf, maxShortText, orderedColumns, type TextRoom } from "../cell.ts";

const maxRows = 1_000;
/** Characters in an answer. */
const maxText = 4 * 1024 * 1024;

/** Rows by value or text, the latest first; all rows where nothing is asked. */
export async function found({ source, query }: Asked): Promise<Found> {
  const limit = Math.max(1, query.count("limit", 200, maxRows));
  const conditions = query.texts("where");
  const [endpoint, deployment] = [query.optionalText("endpoint"), query.optionalText("deployment")];
  const catalog =
    endpoint === undefined && deployment === undefined
      ? source.catalog
      : createCatalog(source.catalog.store, { endpoint, deployment });
  const bad = new BadFileList();
  const text = query.optionalText("text");
  const collections = query.texts("collection");
  const { from, to } = query.range();
  const options: FindOptions = {
    where: whereOfTexts(conditions, "Conditions") ?? everyRow,
    ...(text === undefined ? {} : { text }),
    ...(collections.length === 0 ? {} : { collections }),
    ...(Number.isFinite(from) ? { from } : {}),
    ...(Number.isFinite(to) ? { to } : {}),
    limit: limit + 1,
    onUnreadable: bad.add,
  };
  const rows = await findRows(catalog, options);
  return {
    limit,
    isMore: rows.length > limit,
    groups: groupsOf(rows.slice(0, limit)),
    missing: rows.length > 0 ? [] : await missingColumns(catalog, conditions),
    unreadable: bad.told,
  };
}

const everyRow: Where = {};

async function missingColumns(catalog: Catalog, conditions: readonly string[]): Promise<readonly string[]> {
  if (conditions.length === 0) return [];
  const { missing } = await checkColumns(catalog, undefined, columnsIn(conditions, "Conditions"));
  return missing.map(shownText);
}

function groupsOf(rows: readonly FoundRow[]): FoundGroup[] {
  const room: TextRoom = { left: maxText };
  const groups = new Map<string, FoundRow[]>();
  for (const row of rows) {
    const key = `${row.endpoint}/${row.deployment}/${row.collection}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [row]);
    else known.push(row);
  }
  return Array.from(groups.values(), (list) => {
    list.sort((a, b) => b.requestTime.getTime() - a.requestTime.getTime());
    const { endpoint = "", deployment = "", collection = "" } = list[0] ?? {};
    const columns = orderedColumns(list.flatMap(({ row }) => Object.keys(row)));
    return {
      ...{ endpoint, deployment, collection },
      columns: columns.map(shownText),
      rows: list.map(({ row }) => columns.map((name) => cellOf(row[name], maxShortText, room))),
      ids: list.map(({ id }) => id),
      times: list.map(({ requestTime }) => requestTime.getTime()),
    };
  });
}
