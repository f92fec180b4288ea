import { quote, told, wrongKind, wrongValue } from "../../base/errors.ts";
import { groupOf, type Parser } from "../../base/fields.ts";
import { columnKey, nameProblem } from "../../layout/column-names.ts";
import type { TabularColumns } from "./payload-config.ts";

/** Names of columns: good ones, each once. */
const columnNames: Parser<readonly string[]> = (value, where) => {
  const expected = "a list of column names";
  if (!Array.isArray(value)) throw wrongKind(where, expected, value);
  if (value.length === 0) throw wrongValue(where, `${expected}, at least one`, value);
  for (const [i, name] of value.entries())
    if (typeof name !== "string") throw wrongKind(`${where}[${i}]`, "a column's name", name);
  const names = value.slice() as string[];
  if (new Set(names).size < names.length) throw wrongValue(where, "names that are all different", value);
  const seen = new Set<string>();
  for (const name of names) {
    const problem = nameProblem(name);
    if (problem !== undefined) throw wrongValue(where, `a good column name (${problem})`, told(quote(name)));
    if (seen.has(columnKey(name)))
      throw wrongValue(where, "names that differ in more than case", told(quote(name)));
    seen.add(columnKey(name));
  }
  return names;
};

const options = groupOf<{ readonly columns: TabularColumns }>({
  columns: groupOf<TabularColumns>({ inputs: columnNames, outputs: columnNames }),
});

/** The option `tabular`: null for false, else the names for rows without. */
export const parseTabular: Parser<TabularColumns | null> = (value, where) => {
  if (typeof value === "boolean") return value ? {} : null;
  if (typeof value !== "object" || value === null)
    throw wrongKind(where, "true, false or an object of options", value);
  return options(value, where).columns ?? {};
};
