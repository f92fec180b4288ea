import { createInterface } from "node:readline/promises";
import { type CommandInput, type CommandOptions, UsageError } from "../../command.ts";

/** The option of commands that take away for good what was collected; {@link confirm} reads it. */
export const yesOption: CommandOptions = {
  yes: { type: "boolean", description: "do it without asking; needed where nobody can be asked" },
};

/** Whether it is to be done: as `--yes` says, or whoever sits there. */
export async function confirm(input: CommandInput, question: string): Promise<boolean> {
  if (input.flag("yes")) return true;
  if (!process.stdin.isTTY || !Number.isFinite(input.terminal.width))
    throw new UsageError(
      `${question} Expected --yes, for this is no terminal; --dry-run only says what would go`,
    );
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}
