import { codeName, type Parsers } from "../../base/fields.ts";
import { namesOf, type Origin, type Parse, parserAt } from "../setting-row.ts";
import { settingRows } from "../settings.ts";

/** The path of a setting, as of `settingRows`, and what is said of it: undefined for nothing after all. */
export type SaidSetting = readonly [setting: string, value: unknown];

/** A key of a deployment YAML that says settings. */
export interface AzureKey {
  readonly key: string;
  /** Reads its value for all of its settings. */
  readonly parse: Parse<readonly SaidSetting[]>;
}

/** Azure's keys directly below `section`, which is empty for the whole document, that say settings. */
export function azureKeys(section: string): readonly AzureKey[] {
  const settings = new Map<string, (readonly [setting: string, parse: Parse<unknown>])[]>();
  for (const [setting, { kind, file }] of settingRows()) {
    for (const [path, parse] of namesOf(kind, file.azure)) {
      const key = path.slice(path.lastIndexOf(".") + 1);
      if (path !== (section === "" ? key : `${section}.${key}`)) continue;
      settings.set(key, [...(settings.get(key) ?? []), [setting, parse]]);
    }
  }
  return [...settings].map(([key, parsers]) => ({
    key,
    parse: (value, where, origin) =>
      parsers.map(([setting, parse]) => [setting, parse(value, where, origin)] as const),
  }));
}

/** Parsers of these keys by their names in code. */
export function azureParsers(
  section: string,
  origin: Origin,
): Parsers<Record<string, readonly SaidSetting[]>> {
  return Object.fromEntries(
    azureKeys(section).map(({ key, parse }) => [codeName(key), parserAt(parse, origin)]),
  );
}
