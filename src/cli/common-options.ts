import type { CommandOptions } from "./command.ts";

/** What every command takes. */
export const commonOptions: CommandOptions = {
  root: {
    type: "string",
    value: "<folder or URL>",
    description: "where the data is; default MDC_DESTINATION, then what MDC_CONFIG says, then ./collected",
  },
  json: { type: "boolean", description: "write JSON for machines" },
  help: { type: "boolean", short: "h", description: "show this help" },
};
