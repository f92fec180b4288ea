import { readFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { settingRows } from "../../../src/config/settings.ts";
import { azureKeysOf, defaultText, variablesOf, withSettingTable } from "../../support/setting-documents.ts";

const root = join(import.meta.dirname, "../../..");
const rows = [...settingRows()];
const options = rows.filter(([, { option }]) => option !== false);

describe("docs/configuration.md", () => {
  const path = join(root, "docs/configuration.md");

  test("has the table of settings", async () => {
    await expect(withSettingTable(await readFile(path, "utf8"))).toMatchFileSnapshot(path);
  });

  test("explains each key of a deployment YAML", async () => {
    const explained = firstColumn(await readFile(path, "utf8"), "| Key |");
    const keys = rows.flatMap(([, row]) => azureKeysOf(row));
    const others = ["collections.<name>.data.path", "request_logging.capture_headers", "x_mdc"];
    const expected = new Set([...keys, ...others.map((key) => `data_collector.${key}`)]);
    expect(new Set(explained)).toEqual(expected);
  });
});

test("the README names each environment variable, with its default", async () => {
  const lines = tableLines(await readFile(join(root, "README.md"), "utf8"), "| Variable |");
  const told = new Map(
    lines.flatMap((line) => {
      const [names = "", , given = ""] = line.split(" |");
      return names.match(/[A-Z_]{5,}/g)?.map((name) => [name, given.trim()] as const) ?? [];
    }),
  );
  const variables = rows.flatMap(([, row]) => variablesOf(row).map((name) => [name, row] as const));
  expect([...told.keys()].toSorted()).toEqual(
    [...variables.map(([name]) => name), "MDC_TRUSTED_HOSTS"].toSorted(),
  );
  const otherwise = [
    "MDC_DISABLED",
    "MDC_SPOOL_DIR",
    "AZUREML_MDC_ENABLED",
    "AZUREML_MDC_SAMPLE_RATE",
    "AZURE_STORAGE_CONNECTION_STRING",
    "AZURE_STORAGE_SAS_TOKEN",
  ];
  for (const [name, row] of variables) {
    if (!otherwise.includes(name)) expect(told.get(name), name).toBe(defaultText(row));
  }
});

describe("DeploymentOptions", () => {
  const { members, patch } = optionTypes();

  test("has a line for each setting, and no other", () => {
    expect([...members.keys()].toSorted()).toEqual(options.map(([setting]) => setting).toSorted());
  });

  test.each(options)("tells range, default, variable and whether it is fixed: %s", (setting, row) => {
    const text = members.get(setting) ?? "";
    if (/\d to \d|[KMGT]?i?B to /.test(row.kind.values) && !/as `\w+`/.test(text)) {
      expect(text).toContain(row.kind.values.replace(", or null", ""));
    }
    if (row.kind.values.includes("`, `")) {
      for (const word of row.kind.values.match(/`\w+`/g) ?? []) expect(text).toContain(word);
    }
    const given = defaultText(row);
    if (given !== "none") {
      expect(text).toMatch(new RegExp(`default:? ${escaped(given)}(?![\\w,.]*\\d)`, "i"));
    }
    for (const name of variablesOf(row)) expect(text).toContain(`\`${name}`);
    expect(/\bFixed (while running|for the life)/.test(text), text).toBe(row.live !== true);
  });

  test("DeploymentPatch has what can change while running, and nothing else", () => {
    const live = options.filter(([, { live }]) => live === true).map(([setting]) => setting);
    expect(patch.toSorted()).toEqual(live.toSorted());
  });
});

/** What stands in the first column of a table, without code marks. */
function firstColumn(document: string, head: string): string[] {
  return tableLines(document, head).flatMap((line) =>
    [...(line.split(" |")[0] ?? "").matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
  );
}

function tableLines(document: string, head: string): string[] {
  const lines = document.slice(document.indexOf(head)).split("\n");
  return lines.slice(2, lines.indexOf(""));
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/**
 * The fields of `DeploymentOptions`, by path, with what their comments say; and the fields of
 * `DeploymentPatch`.
 */
function optionTypes(): { members: Map<string, string>; patch: string[] } {
  const path = join(root, "src/config/deployment-options.ts");
  const program = ts.createProgram([path], {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    strict: true,
    noEmit: true,
    types: [],
    allowImportingTsExtensions: true,
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(path) as ts.SourceFile;
  const typeOf = (name: string): ts.Type => {
    const found = source.statements.find(
      (statement): statement is ts.InterfaceDeclaration =>
        ts.isInterfaceDeclaration(statement) && statement.name.text === name,
    );
    return checker.getTypeAtLocation(found as ts.InterfaceDeclaration);
  };
  /** The names of groups in options; `collections` has an index signature. */
  const groups = new Set(
    rows.map(([setting]) => setting.split(".")).flatMap((names) => (names.length > 1 ? names[0] : [])),
  );
  const list = (type: ts.Type, above = ""): [string, string][] =>
    checker
      .getNonNullableType(type)
      .getProperties()
      .flatMap((property) => {
        const inner = checker.getNonNullableType(checker.getTypeOfSymbol(property));
        const field = above + property.name;
        const each = inner.getStringIndexType();
        if (each !== undefined && above === "" && groups.has(property.name))
          return list(each, `${field}.<name>.`);
        if (above === "" && groups.has(property.name)) return list(inner, `${field}.`);
        const text = ts
          .displayPartsToString(property.getDocumentationComment(checker))
          .replaceAll(/\s+/g, " ");
        return [[field, text]];
      });
  return {
    members: new Map(list(typeOf("DeploymentOptions"))),
    patch: list(typeOf("DeploymentPatch")).map(([field]) => field),
  };
}
