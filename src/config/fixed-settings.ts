import { isDeepStrictEqual } from "node:util";
import { quote, told, wrongValue } from "../base/errors.ts";
import type { DeploymentConfig } from "./deployment-config.ts";

export type FixedSetting =
  | "endpoint"
  | "deployment"
  | "rollingRate"
  | "format"
  | "destination"
  | "credential"
  | "clientId"
  | `spool.${"directory" | "durability" | "fsync" | "flushIntervalMs" | "fsyncIntervalMs"}`
  | "configFile"
  | "onError"
  | "onStats";

const path = "it is part of the path of files that are being written";
const connection = "accepted data is on its way there";
const spool = "the spool is opened with it";
const listener = "it is set up once";

const reasons: Readonly<Record<FixedSetting, string>> = {
  endpoint: path,
  deployment: path,
  rollingRate: path,
  format: "files that are being written depend on it",
  destination: connection,
  credential: connection,
  clientId: connection,
  "spool.directory": spool,
  "spool.durability": spool,
  "spool.fsync": spool,
  "spool.flushIntervalMs": spool,
  "spool.fsyncIntervalMs": spool,
  configFile: listener,
  onError: listener,
  onStats: listener,
};

/**
 * The error for an attempt to change a setting that a running deployment cannot change. What may hold a secret is not shown.
 */
export function fixedError(setting: FixedSetting, where: string, got: unknown): RangeError {
  const shown = setting === "destination" || setting === "credential" ? told('"another one"') : got;
  return wrongValue(where, `no change while running (${reasons[setting]}; it needs a restart)`, shown);
}

/** Throws if `next` differs from `before` in such a setting; `where` tells what messages call its place. */
export function refuseFixedChanges(
  before: DeploymentConfig,
  next: DeploymentConfig,
  where: (setting: string) => string,
): void {
  for (const setting of [
    "endpoint",
    "deployment",
    "rollingRate",
    "format",
    "destination",
    "clientId",
  ] as const) {
    if (!isDeepStrictEqual(before[setting], next[setting]))
      throw fixedError(setting, where(setting), named(next[setting]));
  }
  for (const key of ["directory", "durability", "fsync", "flushIntervalMs", "fsyncIntervalMs"] as const) {
    if (before.spool[key] !== next.spool[key])
      throw fixedError(`spool.${key}`, where(`spool.${key}`), named(next.spool[key]));
  }
}

/** What a checked setting says, if it is a name. */
function named(setting: unknown): unknown {
  return typeof setting === "string" && /^[\w.-]{1,63}$/.test(setting) ? told(quote(setting)) : setting;
}
