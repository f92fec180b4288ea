import { basename } from "node:path";
import { told, wrongValue } from "../../base/errors.ts";
import { nameText } from "../../base/fields.ts";
import type { FileContents, WatchedFile } from "../../base/files/text-file.ts";
import type { Workspace } from "../../destination/datastore-uri.ts";
import type { ConfigFile } from "../environment.ts";
import { layered, valueAt } from "../settings.ts";
import { readAgentFile } from "./agent-file.ts";
import { readDeploymentFile } from "./deployment-file.ts";
import type { FileSettings } from "./file-settings.ts";
import { isOurFile, ourFilesBeside, readOurFile } from "./our-settings.ts";

/** One of the files that say together what a deployment is set to. */
export interface ConfigDocument extends ConfigFile, WatchedFile {
  /** What it is: see `deployment-file.ts`, `agent-file.ts` and `our-settings.ts`. */
  readonly kind: "deployment" | "agent" | "ours";
}

/**
 * The files to read, some of which need not be there. One of Azure's has ours beside it; when ours is named
 * itself, it goes with what the platform tells its own data collector, which alone is read if nobody names
 * any.
 */
export function configDocuments(
  named: ConfigFile | undefined,
  platform: ConfigFile | undefined,
): readonly ConfigDocument[] {
  const platforms: readonly ConfigDocument[] =
    platform === undefined ? [] : [{ ...platform, kind: "agent", isOptional: false }];
  if (named === undefined) return platforms;
  if (isOurFile(named.path)) return [...platforms, { ...named, kind: "ours", isOptional: false }];
  return [
    { ...named, kind: "deployment", isOptional: false },
    ...ourFilesBeside(named.path).map(
      (path) => ({ path, where: named.where, kind: "ours", isOptional: true }) as const,
    ),
  ];
}

/**
 * What the files say together, ours counting before Azure's. Throws a `TypeError` or `RangeError` that names
 * file, line and setting of what is wrong.
 */
export function readConfigFiles(
  documents: readonly ConfigDocument[],
  contents: FileContents,
  workspace: Workspace | undefined,
): FileSettings | undefined {
  const there = documents.flatMap(({ path, kind }, i) => {
    const content = contents[i];
    return content === undefined ? [] : [{ path, kind, content }];
  });
  const [ours, second] = there.filter(({ kind }) => kind === "ours");
  if (ours !== undefined && second !== undefined) {
    const name = basename(second.path);
    throw wrongValue(name, `no file beside ${basename(ours.path)}`, told(nameText(name)));
  }
  const azures = there.find(({ kind }) => kind !== "ours");
  const lower =
    azures &&
    (azures.kind === "agent"
      ? readAgentFile(azures.content, azures.path)
      : readDeploymentFile(azures.content, azures.path, workspace));
  const upper = ours && readOurFile(ours.content, ours.path, workspace);
  return lower !== undefined && upper !== undefined ? together(upper, lower) : (upper ?? lower);
}

function together(upper: FileSettings, lower: FileSettings): FileSettings {
  return {
    settings: layered([upper.settings, lower.settings]),
    ...(lower.fallbackDestination && { fallbackDestination: lower.fallbackDestination }),
    where: (setting) => {
      const says = (one: FileSettings): boolean => valueAt(one.settings, setting) !== undefined;
      return says(upper) || !says(lower) ? upper.where(setting) : lower.where(setting);
    },
  };
}
