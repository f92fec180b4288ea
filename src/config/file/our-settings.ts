import { basename, dirname, extname, join } from "node:path";
import { fileName, parseFileFields, type Parser, type Place } from "../../base/fields.ts";
import type { Workspace } from "../../destination/datastore-uri.ts";
import { type Kind, type Origin, parserAt } from "../setting-row.ts";
import { parseNamed, parsersOf, type Settings } from "../settings.ts";
import { parseSwitch, unquotedNumber } from "./azure-values.ts";
import type { FileSettings } from "./file-settings.ts";
import { readYaml, type YamlText } from "./yaml-text.ts";

/**
 * Reads a file of our own settings: those that Azure's tools do not know, and would refuse in their YAML.
 * They stand as this product's options do, written with underscores:
 *
 *     destination: ./collected
 *     collections: { model_inputs: { sampling_rate: 0.1 } }
 *     rotation: { max_age_ms: 10000 }
 *
 * An empty one says nothing. A value that is wrong throws a `TypeError` or `RangeError` that names file, line
 * and setting.
 */
export function readOurFile(content: string, path: string, workspace: Workspace | undefined): FileSettings {
  const yaml = readYaml(content, basename(path));
  return {
    settings: readOurs(yaml, [], yaml.data ?? {}, { workspace, folder: dirname(path) }),
    where: (setting) => yaml.where(...placeOf(setting)),
  };
}

/** The settings of ours in the part of a document at `above`. */
export function readOurs(yaml: YamlText, above: readonly string[], value: unknown, origin: Origin): Settings {
  const placeAt = (path: string, ...names: readonly string[]): Place =>
    yaml.place(...above, ...placeOf(path), ...names);
  const parsers = parsersOf({
    row: ({ kind, file }) => (file.ours === true ? unquoted(parserAt(kind.parse, origin), kind) : undefined),
    group: (group, path) => (given) => parseFileFields(given, placeAt(path), group),
    named: (one, path) => (given) =>
      parseNamed(given, placeAt(path), (each, _where, name) =>
        parseFileFields(each, placeAt(path, name), one),
      ),
  });
  return parseFileFields(value, yaml.place(...above), parsers);
}

/** As Azure's tools do in their YAML, and templates do anyway: numbers and switches may stand in quotes. */
function unquoted(parse: Parser<unknown>, { schema }: Kind<unknown>): Parser<unknown> {
  const types = [schema?.["type"]].flat();
  if (types.includes("boolean")) {
    return (value, where) => parse(typeof value === "string" ? parseSwitch(value, where) : value, where);
  }
  const isNumber = types.includes("number") || types.includes("integer");
  return isNumber ? (value, where) => parse(unquotedNumber(value), where) : parse;
}

/** Where a setting stands among ours. */
export function placeOf(setting: string): readonly string[] {
  return setting.split(".").map(fileName);
}

/** What the file of our settings beside another may be called: `blue.mdc.yml` or `.yaml` for `blue.yml`. */
export function ourFilesBeside(path: string): readonly [string, string] {
  const stem = join(dirname(path), basename(path, extname(path)));
  return [`${stem}.mdc.yml`, `${stem}.mdc.yaml`];
}

/** Whether a file is one of our settings, by its name. */
export function isOurFile(path: string): boolean {
  return /\.mdc\.ya?ml$/.test(path);
}
