const unitMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** How a length of time is written, for messages. */
export const durationText = "a length of time such as 7d, 24h, 30min or P7D";

/**
 * A length of time in milliseconds: `7d`, `24h`, `30min`, `2w`; or as ISO 8601 has it, `P7D`, `PT6H`.
 * Undefined for what is none, or is 0.
 */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit = ""] = /^(\d{1,9}) ?(s|m|min|h|d|w)$/.exec(text) ?? [];
  const iso = /^P(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?)?$/.exec(text);
  const parts = iso === null ? [] : iso.slice(1).map((part) => Number(part ?? 0));
  const ms =
    amount === undefined
      ? parts.reduce(
          (sum, part, i) => sum + part * (unitMs[["w", "d", "h", "min"][i] as string] as number),
          0,
        )
      : Number(amount) * (unitMs[unit] as number);
  return ms > 0 ? ms : undefined;
}
