import { isMountedAlone } from "../../../base/host/mounts.ts";
import type { ResolvedDeployment } from "../../../config/resolve.ts";
import { valueAt } from "../../../config/settings.ts";
import { mountedAlone } from "../../../collector/config-following.ts";
import { type Finding, findingsOf } from "./findings.ts";

const { ok, hint } = findingsOf("configuration");

/** The files that are read, what in them may not be meant so, and where each setting comes from. */
export function checkConfiguration({ config, files, sources, slips }: ResolvedDeployment): Finding[] {
  const read = (files?.files ?? []).filter((_, i) => files?.contents[i] !== undefined);
  const paths = read.map(({ path }) => path);
  return [
    ok(paths.length === 0 ? "no file" : paths.join(" and ")),
    ...paths.filter((path) => isMountedAlone(path)).map((path) => hint(mountedAlone(path))),
    ...(slips ?? []).map(hint),
    ...(config.killSwitch ? [hint("the kill switch is on: nothing is collected")] : []),
    ...(config.enabled ? [] : [hint("enabled is false: nothing is collected")]),
    ...(sources?.() ?? []).map(({ setting, source }) => {
      const value = plainValueOf(config, setting);
      const text = `${setting}${value === undefined ? "" : ` ${value}`}, by ${source}`;
      return findingsOf("setting").ok(text);
    }),
  ];
}

/** What holds, if it is one word: what else there is tells itself, or is none of a screen's business. */
function plainValueOf(config: ResolvedDeployment["config"], setting: string): string | undefined {
  const [group, name, field] = setting.split(".");
  const value =
    group === "collections" && field !== undefined
      ? valueAt(config.collections.get(name ?? "") ?? {}, field)
      : valueAt(config, setting);
  return typeof value === "object" || value === undefined ? undefined : String(value);
}
