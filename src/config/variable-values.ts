import { wrongValue } from "../base/errors.ts";
import { integer, type Parser, share } from "../base/fields.ts";
import type { Kind, Parse } from "./setting-row.ts";

/** What `MDC_DISABLED` says of `enabled`. */
export const parseDisabled: Parser<boolean> = (value, where) => {
  const word = String(value).toLowerCase();
  if (["1", "true", "yes", "on"].includes(word)) return false;
  if (["0", "false", "no", "off"].includes(word)) return true;
  throw wrongValue(where, "1, true, yes, on, 0, false, no or off", value);
};

/** The number of a port, in digits. */
export const parsePort: Parser<number> = (value, where) => {
  const expected = "a whole number from 1 to 65535";
  const port = Number(value);
  if (!/^\d{1,9}$/.test(String(value))) throw wrongValue(where, expected, value);
  if (port < 1 || port > 65_535) throw wrongValue(where, expected, port);
  return port;
};

/**
 * What `AZUREML_MDC_ENABLED` says of `enabled`: all but "true" is off, as in `azureml-ai-monitoring` 0.1.0.
 */
export const parseLegacySwitch: Parser<boolean> = (value) => String(value).toLowerCase() === "true";

/** What `AZUREML_MDC_SAMPLE_RATE` says, a whole number of percent. */
export const parseLegacyRate: Parser<number> = (value, where) => {
  const word = String(value);
  return integer(0, 100, "percent")(/^\+?\d+$/.test(word) ? Number(word) : value, where) / 100;
};

/** A value as a file in JSON has it; a word needs no quotes. */
export function parseValueText<T>({ parse }: Kind<T>): Parse<T> {
  return (value, where, origin) => parse(jsonOf(String(value)) ?? value, where, origin);
}

/** A list, its items separated by commas; or in JSON, as a file has the value. */
export function parseListText<T>({ parse }: Kind<T>): Parse<T> {
  return (value, where, origin) => {
    const text = String(value);
    const said = jsonOf(text);
    const items = (): string[] => text.split(",").map((item) => item.trim());
    return parse(typeof said === "object" && said !== null ? said : items(), where, origin);
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A share as a decimal number. */
export const parseDecimalShare: Parser<number> = (value, where) => {
  // `Number` alone would also take "0x1", "1e-1" and "".
  const isDecimal = /^(\d+\.?\d*|\.\d+)$/.test(String(value));
  if (!isDecimal) throw wrongValue(where, "a number from 0 to 1", value);
  const rate = Number(value);
  if (rate > 1) throw wrongValue(where, "a number from 0 to 1", rate);
  return share(rate, where);
};
