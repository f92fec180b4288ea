import { readEnvironment } from "../config/environment.ts";
import { type ResolvedDeployment, resolveDeployment } from "../config/resolve.ts";
import type { CommandInput, CommandOptions } from "./command.ts";

/** What every command about the spool takes. */
export const spoolOptions: CommandOptions = {
  spool: {
    type: "string",
    value: "<folder>",
    description: "the spool's folder; default MDC_SPOOL_DIR, then the one that belongs to --root",
  },
};

/**
 * The deployment, with spool and destination, that a command line is about. Throws what is wrong with either.
 */
export function spoolOf(input: CommandInput): ResolvedDeployment {
  const [root, directory] = [input.text("root"), input.text("spool")];
  return resolveDeployment(
    {
      ...(root === undefined ? {} : { destination: root }),
      ...(directory === undefined ? {} : { spool: { directory } }),
    },
    readEnvironment(),
    "mdc spool",
  );
}
