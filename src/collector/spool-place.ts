import { told, wrongValue } from "../base/errors.ts";
import type { DeploymentConfig, SpoolConfig } from "../config/deployment-config.ts";
import type { ResolvedDeployment } from "../config/resolve.ts";
import { spoolFault } from "../spool/spool-fault.ts";

/** A deployment whose spool can be written. */
export interface PlacedDeployment extends ResolvedDeployment {
  /** What is to be told if it is not the one that is wanted. */
  readonly spoolTrouble: string | undefined;
}

const advice = "set MDC_SPOOL_DIR to a folder on a disk that lasts";

/**
 * Looks whether the spool's folder can be written, before any frame is accepted. One that was given and
 * cannot is an error, a `RangeError`; of the default, the next that can takes its place, and when there is
 * none, memory. A disk that is full, or a fault that may pass, changes nothing.
 */
export function placeSpool(
  resolved: ResolvedDeployment,
  faultOf: typeof spoolFault = spoolFault,
): PlacedDeployment {
  const { spool } = resolved.config;
  if (spool.durability === "memory") return { ...resolved, spoolTrouble: undefined };
  const { givenBy, folders } = resolved.spoolPlace;
  const faults: string[] = [];
  for (const folder of folders) {
    const fault = faultOf(folder);
    if (fault === undefined) {
      const { directory } = folder;
      if (faults.length === 0 && directory === spool.directory)
        return { ...resolved, spoolTrouble: undefined };
      const why = faults[0] ?? "this user has no home folder";
      const text = `${why}; accepted data waits in ${directory} instead, among temporary files; ${advice}`;
      return { ...movedTo(resolved, { directory }), spoolTrouble: text };
    }
    if (givenBy !== undefined) {
      throw wrongValue(givenBy, "a folder that can be written", told(fault));
    }
    faults.push(fault);
  }
  const text = `${faults.join("; ")}; accepted data waits in memory alone, and is lost with this process; ${advice}`;
  return { ...movedTo(resolved, { durability: "memory" }), spoolTrouble: text };
}

function movedTo(resolved: ResolvedDeployment, change: Partial<SpoolConfig>): ResolvedDeployment {
  const moved = (config: DeploymentConfig): DeploymentConfig =>
    Object.freeze({ ...config, spool: Object.freeze({ ...config.spool, ...change }) });
  const { config, files } = resolved;
  return {
    ...resolved,
    config: moved(config),
    files: files && { ...files, resolve: (contents) => moved(files.resolve(contents)) },
  };
}
