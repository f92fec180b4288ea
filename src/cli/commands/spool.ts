import { type Command, type CommandInput, UsageError, wordText } from "../command.ts";
import type { ExitCode } from "../exit-code.ts";
import { spoolOptions } from "../spool-folder.ts";
import { drainNow } from "./spool-drain.ts";
import { listSpool } from "./spool-ls.ts";
import { runQuarantine } from "./spool-quarantine.ts";

const actions: ReadonlyMap<string, (input: CommandInput) => Promise<ExitCode>> = new Map([
  ["ls", listSpool],
  ["drain", drainNow],
  ["quarantine", runQuarantine],
]);

/** `mdc spool`: what waits on this machine, and getting it delivered. */
export const spool: Command = {
  name: "spool",
  summary: "see what waits for delivery on this machine, deliver it, look into the quarantine",
  parameters: "ls | drain | quarantine [ls | show <id> | replay <id> | drop <id>]",
  positionals: [1, 3],
  options: {
    ...spoolOptions,
    deadline: {
      type: "string",
      value: "<seconds>",
      description: "drain: how long at most; default 600",
    },
  },
  examples: [
    "mdc spool ls",
    "mdc spool drain --root ./collected --deadline 60",
    "mdc spool drain --spool /var/spool/mdc --root https://account.blob.core.windows.net/container/prefix",
    "mdc spool quarantine ls --json",
    "mdc spool quarantine replay 0193a0f4",
  ],
  async run(input): Promise<ExitCode> {
    const [name = "", ...rest] = input.positionals;
    const action = actions.get(name);
    if (action === undefined) {
      throw new UsageError(
        `mdc spool: expected ls, drain or quarantine, got ${wordText(name)} (mdc spool --help)`,
      );
    }
    if (name !== "quarantine" && rest.length > 0) {
      throw new UsageError(`mdc spool ${name} takes no more words (mdc spool --help)`);
    }
    return await action(input);
  },
};
