import { kindOf } from "../../base/errors.ts";
import { type CommandInput, UsageError } from "../command.ts";
import { durationText, parseDuration } from "../commands/monitor/duration.ts";

/**
 * An option's text as a length of time in milliseconds, if it was given; {@link UsageError} if it is none.
 */
export function durationOption(input: CommandInput, option: string): number | undefined {
  const text = input.text(option);
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new UsageError(`--${option}: expected ${durationText}, got ${kindOf(text)}`);
}
