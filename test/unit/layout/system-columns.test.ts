import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { frameColumns } from "../../../src/frame/frame-columns.ts";
import { nameProblem } from "../../../src/layout/column-names.ts";
import {
  isSystemColumn,
  reasonKey,
  rowHashColumn,
  systemColumnList,
} from "../../../src/layout/system-columns.ts";
import { gaugeMeanings } from "../../../src/monitor/output/result-gauges.ts";

const root = join(import.meta.dirname, "../../..");
const names = systemColumnList.map(({ name }) => name);
/** Prometheus' names begin the same way. */
const isMetric = (token: string): boolean => {
  const name = token.replaceAll('"', "");
  return /^mdc_(sidecar_\w+|\w+_total|monitor_run_seconds)$/.test(name) || name in gaugeMeanings;
};

test("no code but the table names a system column", async () => {
  const offences: string[] = [];
  for (const file of await filesIn("src", ".ts")) {
    if (file.startsWith(join("src", "layout"))) continue;
    const text = await read(file);
    if (!/mdc_[a-z]/.test(text)) continue;
    eachToken(ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true), (token) => {
      if (/mdc_[a-z]/.test(token) && !isMetric(token)) offences.push(`${file}: ${token}`);
    });
  }
  expect(offences).toEqual([]);
});

test("comments and documents name no system column that there is not", async () => {
  const known = new Set([...names, reasonKey, rowHashColumn]);
  const documents = ["README.md", "CHANGELOG.md", ...(await filesIn("docs", ".md"))];
  for (const file of [...documents, ...(await filesIn("src", ".ts"))]) {
    for (const [name] of (await read(file)).matchAll(/\bmdc_[a-z_]+\b/g)) {
      if (!isMetric(name)) expect(known, `${name} in ${file}`).toContain(name);
    }
  }
});

test("the documented table says of each system column what it is, in the order of a file's columns", async () => {
  const section = (await read("docs/stored-data.md")).split("\n## System columns\n")[1]?.split("\n## ")[0];
  const rows = [...(section ?? "").matchAll(/^\| (`mdc_.*) \|$/gm)].map(([, cells = ""]) =>
    cells.split(" | "),
  );
  expect(rows).toEqual(
    systemColumnList.map((column) => [
      `\`${column.name}\``,
      column.type,
      column.nullable ? "yes" : "",
      column.meaning,
    ]),
  );
});

test("no feature can have the name of a system column, and each is recognised as one", () => {
  expect(new Set(names).size).toBe(names.length);
  for (const name of [...names, reasonKey]) {
    expect(isSystemColumn(name)).toBe(true);
    expect(nameProblem(name)).toContain("reserved");
  }
});

test("spooled batches of a version have these frame columns, so neither they nor their order can change", () => {
  const columns = frameColumns.map(({ name, type, nullable, since }) => ({ name, type, nullable, since }));
  const first = columns.filter(({ since }) => since === 1).map(({ since: _, ...column }) => column);
  expect(first).toEqual([
    { name: "mdc_correlation_id", type: "string", nullable: false },
    { name: "mdc_event_id", type: "string", nullable: false },
    { name: "mdc_event_time", type: "timestamp", nullable: false },
    { name: "mdc_request_time", type: "timestamp", nullable: false },
    { name: "mdc_request_id", type: "string", nullable: true },
    { name: "mdc_sampling_rate", type: "float64", nullable: false },
    { name: "mdc_config_version", type: "int32", nullable: false },
    { name: "mdc_tags", type: "string", nullable: true },
  ]);
  expect(columns.filter(({ since }) => since > 1)).toEqual([
    { name: "mdc_client_request_id", type: "string", nullable: true, since: 2 },
  ]);
  expect(columns[5]?.name).toBe("mdc_client_request_id");
});

/** Every token of a file: all but its comments. */
function eachToken(node: ts.Node, tell: (text: string) => void): void {
  if (ts.isJSDoc(node)) return;
  const children = node.getChildren();
  if (children.length === 0) tell(node.getText());
  for (const child of children) eachToken(child, tell);
}

async function filesIn(folder: string, ending: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

function read(file: string): Promise<string> {
  return readFile(join(root, file), "utf8");
}
