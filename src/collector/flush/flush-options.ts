import { integer, oneOf, optionsOf, type Parser, parseFields } from "../../base/fields.ts";
import type { CloseOptions, FlushOptions } from "../api.ts";

/** The longest a timer of Node can wait, milliseconds. */
const maxDeadlineMs = 2_147_483_647;

/** A deadline: milliseconds from now. */
export const parseDeadline: Parser<number> = integer(0, maxDeadlineMs, "milliseconds");

/** Checks the options of a `flush` and fills in defaults. */
export function parseFlushOptions(
  options: FlushOptions | undefined,
  callee: string,
): { to: "store" | "spool"; deadlineMs: number } {
  const parsed = parseFields<FlushOptions>(options ?? {}, optionsOf(callee), {
    to: oneOf("store", "spool"),
    deadlineMs: parseDeadline,
  });
  return { to: parsed.to ?? "store", deadlineMs: parsed.deadlineMs ?? 60_000 };
}

/** Checks the options of `close` and fills in defaults. */
export function parseCloseOptions(options: CloseOptions | undefined): { deadlineMs: number } {
  const parsed = parseFields<CloseOptions>(options ?? {}, optionsOf("deployment.close"), {
    deadlineMs: parseDeadline,
  });
  return { deadlineMs: parsed.deadlineMs ?? 10_000 };
}
