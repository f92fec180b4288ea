import type { CommandOptions } from "../../command.ts";
import { datasetOptions } from "../../with-dataset.ts";
import { ruleOptions } from "../../options/rule-option.ts";

/** The options that say which rows are looked at. */
export const rowOptions: CommandOptions = {
  from: { type: "string", value: "<time>", description: "requests from this UTC time on" },
  to: {
    type: "string",
    value: "<time>",
    description: "requests before this UTC time; default all there are",
  },
  columns: { type: "string", value: "<names>", description: "only these columns, separated by commas" },
  ...datasetOptions,
};

/** The options that part rows into windows and slices. */
export const windowOptions: CommandOptions = {
  window: { type: "string", value: "<length>", description: "windows of this length, 7d or 24h, up to --to" },
  windows: {
    type: "string",
    value: "<n>",
    description: "how many windows; default 3, or all from --from on",
  },
  by: { type: "string", value: "<columns>", description: "also by the values of these columns" },
};

/** The options that say what windows are compared with, and how. */
export const comparisonOptions: CommandOptions = {
  config: { type: "string", value: "<file>", description: "monitor.yml, or the YAML of an Azure ML monitor" },
  baseline: { type: "string", value: "<file>", description: "a baseline that mdc baseline create wrote" },
  against: {
    type: "string",
    value: "<rows>",
    description: "compare with rows: <from>/<to>, or previous, the window before each",
  },
  read: {
    type: "string",
    value: "<what>",
    description: "rows (default), or profiles, which deployments keep of all rows, sampled out ones too",
  },
  profile: { type: "string", value: "<name>", description: "whose choices: azureml (default), evidently" },
  "min-rows": {
    type: "string",
    value: "<n>",
    description: "fewer values are insufficient data; default 100",
  },
  ...ruleOptions,
};
