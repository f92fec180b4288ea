import { typeText } from "../../../layout/column-type.ts";
import { isSystemColumn, systemColumnList } from "../../../layout/system-columns.ts";
import { survey } from "../../../reader/collection-summary.ts";
import { PinnedTypes } from "../../../reader/lines/pinned-types.ts";
import type { Catalog } from "../../../reader/catalog.ts";
import type { Columns } from "../answers.ts";
import { type Asked, BadFileList } from "../asked.ts";
import { placeCatalog } from "./place-catalog.ts";

/** The columns of a collection, as the footers of its files in a range tell, or its pinned types. */
export async function columns({ source, query }: Asked): Promise<Columns> {
  const catalog = placeCatalog(source.catalog, query.place(), query.range());
  const { collections, lines } = await survey(catalog);
  const bad = new BadFileList();
  for (const { unreadable } of collections) for (const file of unreadable) bad.add(file);
  const known = new Map<string, string>();
  for (const one of collections) for (const { name, type } of one.columns) known.set(name, type);
  if (lines.length > 0) for (const [name, type] of await typesOfLines(catalog)) known.set(name, type);
  const all = [...known].map(([name, type]) => ({ name, type, isSystem: isSystemColumn(name) }));
  const sum = (amount: (one: { files: number; bytes: number }) => number): number =>
    [...collections, ...lines].reduce((total, one) => total + amount(one), 0);
  return {
    rows: lines.length > 0 ? null : collections.reduce((total, { rows }) => total + rows, 0),
    files: sum(({ files }) => files),
    bytes: sum(({ bytes }) => bytes),
    columns: [...all.filter(({ isSystem }) => !isSystem), ...all.filter(({ isSystem }) => isSystem)],
    unreadable: bad.told,
  };
}

/** What is pinned for a collection of JSON lines, which say no types themselves. */
async function typesOfLines(catalog: Catalog): Promise<Map<string, string>> {
  const types = new Map<string, string>(systemColumnList.map(({ name, type }) => [name, type]));
  for await (const file of catalog.files({ onUnusable: () => {} })) {
    for (const [name, type] of await new PinnedTypes(catalog.store).of(file)) types.set(name, typeText(type));
    break;
  }
  return types;
}
