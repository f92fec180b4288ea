import { basename } from "node:path";
import { plainObject } from "../../base/fields.ts";
import { type CollectionSettings, namesOf } from "../setting-row.ts";
import { settingTable } from "../setting-table.ts";
import { headerNames } from "../setting-kinds.ts";
import { parseNamed, settingRows } from "../settings.ts";
import type { FileSettings } from "./file-settings.ts";
import { readYaml, type YamlText } from "./yaml-text.ts";

/**
 * Reads the JSON by which Azure ML configures its own data collector inside a deployment
 * (`AZUREML_MDC_CONFIG_PATH`, as the Python package `azureml-ai-monitoring` 0.1.0 reads it):
 *
 *     {"runMode":"cloud","collections":{"model_inputs":{"enabled":true,"sampleRatePercentage":50}}}
 *
 * Only the collections named are collected. `sampling_percentage` means the same as `sampleRatePercentage`:
 * local deployments of `azure-ai-ml` write it so. `captureHeaders` are those of the deployment YAML. What
 * else the platform says (`runMode`), and names that are none, is passed over: nobody here can mend it.
 */
export function readAgentFile(content: string, path: string): FileSettings {
  return readAgents(readYaml(content, basename(path)));
}

/** Whether a document is such a file, whoever named it. */
export function isAgents({ data }: YamlText): boolean {
  if (typeof data !== "object" || data === null || "data_collector" in data) return false;
  const { runMode, collections } = data as { runMode?: unknown; collections?: unknown };
  return (
    runMode !== undefined ||
    Object.values(collections ?? {}).some(
      (one) => typeof one === "object" && one !== null && "enabled" in one,
    )
  );
}

/** The same of a document that was read. */
export function readAgents(json: YamlText): FileSettings {
  const file = plainObject(json.data, json.where());
  const collections = parseNamed(file["collections"] ?? {}, json.place("collections"), (one, where, name) =>
    parseCollection(one, where, (key) => json.where("collections", name, key)),
  );
  return {
    settings: { collections, othersEnabled: false, ...capturedHeaders(file["captureHeaders"]) },
    where: () => json.where("collections").replace(/:.*/, ""),
  };
}

function capturedHeaders(given: unknown): { readonly captureHeaders?: readonly string[] } {
  try {
    return { captureHeaders: headerNames.parse(given, "", {}) };
  } catch {
    return {};
  }
}

function parseCollection(
  value: unknown,
  where: string,
  at: (key: string) => string,
): Partial<CollectionSettings> {
  const given = plainObject(value, where);
  // As there: what is not said to be on is off.
  const said: Record<string, unknown> = { enabled: false };
  for (const [setting, { kind, file }] of settingRows(settingTable.collections.each)) {
    for (const [key, parse] of namesOf(kind, file.agent)) {
      if (given[key] === undefined || given[key] === null) continue;
      said[setting] = parse(given[key], at(key), {});
      break;
    }
  }
  return said;
}
