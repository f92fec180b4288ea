import { basename } from "node:path";
import { wrongKind, wrongValue } from "../../base/errors.ts";
import { boolean, type Parser, plainObject, present } from "../../base/fields.ts";
import type { FileSettings } from "./file-settings.ts";
import { type CollectionSettings, parseNamed } from "../settings.ts";
import { readYaml } from "./yaml-text.ts";

/**
 * Reads the JSON by which Azure ML configures its own data collector inside a deployment (`AZUREML_MDC_CONFIG_PATH`, as the Python
 * package `azureml-ai-monitoring` 0.1.0 reads it):
 *
 *     {"runMode":"cloud","collections":{"model_inputs":{"enabled":true,"sampleRatePercentage":50}}}
 *
 * Only the collections named are collected. `sampling_percentage` means the same as `sampleRatePercentage`: local deployments of
 * `azure-ai-ml` write it so. What else the platform says (`runMode`, `captureHeaders`) is passed over: nobody here can mend it.
 */
export function readAgentFile(content: string, path: string): FileSettings {
  const json = readYaml(content, basename(path));
  const file = plainObject(json.data, json.where());
  const collections = parseNamed(file["collections"] ?? {}, json.place("collections"), (one, where, name) =>
    parseCollection(one, where, (key) => json.where("collections", name, key)),
  );
  return {
    settings: { collections, othersEnabled: false },
    where: () => basename(path),
  };
}

function parseCollection(
  value: unknown,
  where: string,
  at: (key: string) => string,
): Partial<CollectionSettings> {
  const { enabled, sampleRatePercentage, sampling_percentage } = plainObject(value, where);
  const percentage = sampleRatePercentage ?? sampling_percentage ?? undefined;
  const key = sampleRatePercentage === undefined ? "sampling_percentage" : "sampleRatePercentage";
  return present<CollectionSettings>({
    // As there: what is not said to be on is off.
    enabled: enabled === undefined || enabled === null ? false : boolean(enabled, at("enabled")),
    samplingRate: percentage === undefined ? undefined : percent(percentage, at(key)) / 100,
  });
}

const percent: Parser<number> = (value, where) => {
  const expected = "a number from 0 to 100";
  if (typeof value !== "number") throw wrongKind(where, expected, value);
  if (!(value >= 0 && value <= 100)) throw wrongValue(where, expected, value);
  return value;
};
