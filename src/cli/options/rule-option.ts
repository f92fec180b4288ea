import type { WindowRule } from "../../monitor/run/monitor-result.ts";
import { type CommandInput, type CommandOptions, UsageError } from "../command.ts";

/** The option, for the commands that judge windows. */
export const ruleOptions: CommandOptions = {
  need: {
    type: "string",
    value: "<k/n>",
    description: "a breach needs k of the last n windows; default 2/3",
  },
};

/** How many windows must breach: as the line says, else the file, else 2 of 3. */
export function ruleOf(
  input: CommandInput,
  file?: { readonly need?: number; readonly of?: number },
): WindowRule {
  const text = input.text("need");
  if (text === undefined) {
    const of = file?.of ?? Math.max(3, file?.need ?? 0);
    return { need: file?.need ?? Math.min(2, of), of };
  }
  const [, need, of] = /^([1-9]\d{0,2})\/([1-9]\d{0,2})$/.exec(text) ?? [];
  if (need === undefined || Number(need) > Number(of))
    throw new UsageError("--need: expected k/n, such as 2/3, k being no more than n");
  return { need: Number(need), of: Number(of) };
}
