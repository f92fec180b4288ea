import { isDeepStrictEqual } from "node:util";
import { quote, told, wrongValue } from "../base/errors.ts";
import type { DeploymentConfig } from "./deployment-config.ts";
import type { Row } from "./setting-row.ts";
import { settingRows, valueAt } from "./settings.ts";

/**
 * The error for an attempt to change a setting that a running deployment cannot change. What may hold a
 * secret is not shown.
 */
export function fixedError(
  { live, secret }: Pick<Row<unknown>, "live" | "secret">,
  where: string,
  got: unknown,
): RangeError {
  const shown = secret === true ? told('"another one"') : got;
  return wrongValue(where, `no change while running (${live}; it needs a restart)`, shown);
}

/** Throws if `next` differs from `before` in such a setting; `where` tells what messages call its place. */
export function refuseFixedChanges(
  before: DeploymentConfig,
  next: DeploymentConfig,
  where: (setting: string) => string,
): void {
  for (const [path, row] of settingRows()) {
    if (row.live === true) continue;
    const value = valueAt(next, path);
    if (!isDeepStrictEqual(valueAt(before, path), value)) throw fixedError(row, where(path), named(value));
  }
}

/** What a checked setting says, if it is a name. */
function named(setting: unknown): unknown {
  return typeof setting === "string" && /^[\w.-]{1,63}$/.test(setting) ? told(quote(setting)) : setting;
}
