import { fileName } from "../../src/base/fields.ts";
import { Computed, namesOf, type Row } from "../../src/config/setting-row.ts";
import { settingRows } from "../../src/config/settings.ts";

const begin =
  "<!-- The table of settings is made by a test: `npx vitest run test/unit/config/setting-documents.test.ts -u` -->";
const end = "<!-- End of the table of settings -->";

/** `document` with the table of settings, made anew, between its two marks. */
export function withSettingTable(document: string): string {
  const [before, rest] = document.split(begin);
  const after = rest?.split(end)[1];
  if (after === undefined) throw new Error("the document has no marks of the table of settings");
  return `${before}${begin}\n\n${settingTableText()}\n${end}${after}`;
}

function settingTableText(): string {
  const head = [
    "Setting",
    "Values",
    "Default",
    "Variable",
    "In Azure's YAML",
    "In our file",
    "While running",
  ];
  const rows = [...settingRows()].map(([path, row]) => [
    row.option === false ? `(\`${path}\`)` : `\`${path}\``,
    row.kind.values,
    defaultText(row),
    coded(variablesOf(row), ", else "),
    coded(azureKeysOf(row), ", "),
    coded(ourKeysOf(path, row), ", "),
    row.live === true ? "changes" : "fixed",
  ]);
  return [head, head.map(() => "-"), ...rows].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

/** The default as documents say it. */
export function defaultText(row: Row<unknown>): string {
  if (row.default instanceof Computed) return row.default.text;
  return row.default === null || row.default === undefined ? "none" : row.kind.show(row.default);
}

/** Names of the environment variables that say a setting. */
export function variablesOf({ kind, variable }: Row<unknown>): string[] {
  return namesOf(kind, variable).map(([name]) => name);
}

/** Paths of the keys in a deployment YAML that say a setting. */
export function azureKeysOf({ kind, file }: Row<unknown>): string[] {
  return namesOf(kind, file.azure).map(([name]) => name);
}

/** Path of the key in our own file that says a setting. */
export function ourKeysOf(path: string, { file }: Row<unknown>): string[] {
  const names = path.split(".").map((name) => (name === "<name>" ? name : fileName(name)));
  return file.ours === true ? [names.join(".")] : [];
}

function coded(names: readonly string[], between: string): string {
  return names.map((name) => `\`${name}\``).join(between);
}
