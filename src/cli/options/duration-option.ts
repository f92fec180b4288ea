import { kindOf } from "../../base/errors.ts";
import { type CommandInput, UsageError } from "../command.ts";

const unitsMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 } as const;

/**
 * An option's text as a length of time in milliseconds, if it was given; {@link UsageError} if it is none.
 */
export function durationOption(input: CommandInput, option: string): number | undefined {
  const text = input.text(option);
  if (text === undefined) return undefined;
  const [, amount, unit] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  const ms = Number(amount) * unitsMs[unit as keyof typeof unitsMs];
  if (ms > 0) return ms;
  throw new UsageError(
    `--${option}: expected a length of time such as 90m, 1h, 7d or 2w, got ${kindOf(text)}`,
  );
}
