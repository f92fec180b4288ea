/*
 * A step of the build: JSON Schemas of the configuration files, made from the table of settings, so that
 * editors complete and check what people write. They say of single values what the parser says; what they
 * leave to it stands in docs/configuration.md.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileName } from "../src/base/fields.ts";
import { type AnyRows, Computed, type JsonSchema, namesOf, type Row } from "../src/config/setting-row.ts";
import { settingTable } from "../src/config/setting-table.ts";
import { settingRows } from "../src/config/settings.ts";
import { namePattern } from "../src/layout/collection-key.ts";

const draft = "https://json-schema.org/draft/2020-12/schema";
const text: JsonSchema = { type: "string" };

/** The file of our settings, `blue.mdc.yml`. An empty one is null. */
export function ourSchema(): JsonSchema {
  const { type: _, ...rest } = objectOf(ourProperties(settingTable));
  return {
    $schema: draft,
    title: "Settings of model-data-collector",
    type: ["object", "null"],
    ...rest,
  };
}

/** Azure's deployment YAML, `blue.yml`: of what is read of it, and no more. */
export function deploymentSchema(): JsonSchema {
  const names = ["endpoint_name", "name", "model", "data_collector"];
  const ours = Object.keys(settingTable).map((name) => [fileName(name), false]);
  const { properties, ...collector } = azureObject("data_collector.");
  return {
    $schema: draft,
    title: "An Azure ML deployment, as model-data-collector reads it",
    type: "object",
    properties: {
      // Azure refuses these, and so does the parser: they stand in a file of ours.
      ...Object.fromEntries(ours),
      ...Object.fromEntries(azureRows("").map(([key, row]) => [key, orAbsent(azureSchema(key, row))])),
      data_collector: {
        ...collector,
        properties: {
          ...(properties as object),
          collections: {
            type: "object",
            propertyNames: { pattern: namePattern },
            additionalProperties: {
              ...azureObject("data_collector.collections.<name>."),
              required: ["enabled"],
            },
          },
          request_logging: objectOf({ capture_headers: { type: "array", items: headerName } }),
          x_mdc: { deprecated: true, ...objectOf(ourProperties(settingTable)) },
        },
      },
    },
    anyOf: names.map((name) => ({ required: [name] })),
  };
}

/** RFC 9110, section 5.1. */
const headerName: JsonSchema = { type: "string", pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" };

function objectOf(properties: object): JsonSchema {
  return { type: "object", properties, additionalProperties: false };
}

function ourProperties(rows: AnyRows): Readonly<Record<string, JsonSchema>> {
  const properties: Record<string, JsonSchema> = {};
  for (const [name, entry] of Object.entries(rows)) {
    if ("kind" in entry) {
      if (entry.file.ours === true) {
        properties[fileName(name)] = { description: meaningOf(entry), ...quotable(entry.kind.schema ?? {}) };
      }
      continue;
    }
    const own = ourProperties("each" in entry ? entry.each : entry.rows);
    if (Object.keys(own).length === 0) continue;
    properties[fileName(name)] =
      "each" in entry
        ? { type: "object", propertyNames: { pattern: namePattern }, additionalProperties: objectOf(own) }
        : objectOf(own);
  }
  return properties;
}

/** What Azure's keys say directly below a section, which ends in a dot or is empty. */
function azureObject(section: string): JsonSchema {
  const properties = azureRows(section).map(([key, row]) => [key, azureSchema(key, row)]);
  const data = {
    anyOf: [text, objectOf({ name: short, path: long, version: {}, data_id: {}, type: {} })],
  };
  return objectOf({ ...Object.fromEntries(properties), ...(section.endsWith(">.") && { data }) });
}

const short: JsonSchema = { type: "string", minLength: 1, maxLength: 256, pattern: "^[^\\p{Cc}\\p{Cs}]*$" };
const long: JsonSchema = { ...short, maxLength: 4_096 };

function azureRows(section: string): readonly (readonly [key: string, row: Row<unknown>])[] {
  return [...settingRows()].flatMap(([, row]) =>
    namesOf(row.kind, row.file.azure)
      .filter(([path]) => path.startsWith(section) && !path.slice(section.length).includes("."))
      .map(([path]) => [path.slice(section.length), row] as const),
  );
}

function azureSchema(key: string, row: Row<unknown>): JsonSchema {
  const description = meaningOf(row);
  if (key === "model") {
    const word = { anyOf: [short, { type: ["number", "boolean", "null"] }] };
    return {
      description: "azureml:<name>:<version>, or a mapping with both",
      anyOf: [text, { type: "object", properties: { name: word, version: word } }],
    };
  }
  const { type, ...rest } = row.kind.schema ?? {};
  // Only our own file says null.
  const [only] = [type].flat();
  if (Array.isArray(rest["enum"])) {
    return { description, type: "string", pattern: `^(${rest["enum"].map(anyCase).join("|")})$` };
  }
  return { description, ...quotable(only === undefined ? rest : { type: only, ...rest }) };
}

/** A number or a switch, in quotes or not. Of a number in quotes the range is left to the parser. */
function quotable(schema: JsonSchema): JsonSchema {
  const types = [schema["type"]].flat();
  if (types.includes("boolean")) {
    return { anyOf: [schema, { type: "string", pattern: `^(${anyCase("true")}|${anyCase("false")})$` }] };
  }
  if (!types.includes("number") && !types.includes("integer")) return schema;
  const digits = "\\d+(_\\d+)*";
  const pattern = `^\\s*[+-]?(${digits}\\.?(${digits})?|\\.${digits})([eE][+-]?\\d+)?\\s*$`;
  return { anyOf: [schema, { type: "string", pattern }] };
}

/** What is null is as if it were absent. */
function orAbsent({ description, ...schema }: JsonSchema): JsonSchema {
  return { description, anyOf: [schema, { type: "null" }] };
}

function anyCase(word: string): string {
  return word.replaceAll(/[a-z]/g, (letter) => `[${letter.toUpperCase()}${letter}]`);
}

function meaningOf(row: Row<unknown>): string {
  const { kind } = row;
  const initial = row.default;
  const shown = initial instanceof Computed ? initial.text : initial === null ? "none" : kind.show(initial);
  return `${kind.values}; default ${shown}`.replaceAll("`", "");
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, "../schema");
  mkdirSync(folder, { recursive: true });
  for (const [name, schema] of [
    ["deployment", deploymentSchema()],
    ["mdc", ourSchema()],
  ] as const) {
    writeFileSync(join(folder, `${name}.schema.json`), `${JSON.stringify(schema, null, 2)}\n`);
  }
}
