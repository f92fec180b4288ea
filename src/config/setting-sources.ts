import type { FileSettings } from "./file/file-settings.ts";
import { namesOf, type SettingValues } from "./setting-row.ts";
import { type Settings, settingRows, valueAt } from "./settings.ts";

/** A setting that somebody has set. */
export interface SettingSource {
  /** Its path: `rotation.maxAgeMs`, `collections.model_inputs.samplingRate`. */
  readonly setting: string;
  /** Who counts first, for people: an option, a variable, a file with its line. */
  readonly source: string;
}

/** What says each setting that is said at all, in the table's order; of those that protect, all that do. */
export function settingSources(
  values: Pick<SettingValues, "collections">,
  options: Settings,
  environment: Settings,
  file: FileSettings | undefined,
): readonly SettingSource[] {
  const found: SettingSource[] = [];
  for (const [path, { kind, variable: names, together }] of settingRows()) {
    const variable = namesOf(kind, names).find(([name]) => (process.env[name] ?? "").trim() !== "")?.[0];
    const collections = path.includes("<name>") ? [...values.collections.keys()] : [""];
    for (const name of collections) {
      const setting = path.replace("<name>", name);
      const said = [
        ...(says(options, path, name) ? [`option ${setting}`] : []),
        ...(says(environment, path, name) ? [`environment variable ${variable ?? ""}`] : []),
        ...(file !== undefined && says(file.settings, path, name) ? [file.where(setting)] : []),
      ];
      const sources = together === undefined ? said.slice(0, 1) : said;
      for (const source of sources) found.push({ setting, source });
    }
  }
  return found;
}

function says(settings: Settings, path: string, name: string): boolean {
  if (name === "") return valueAt(settings, path) !== undefined;
  const own = settings.collections?.get(name);
  return own !== undefined && valueAt(own, path.slice("collections.<name>.".length)) !== undefined;
}
