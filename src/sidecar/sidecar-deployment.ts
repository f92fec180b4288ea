import type { Deployment } from "../collector/api.ts";
import { OpenDeployment } from "../collector/deployment.ts";
import { DeploymentCore } from "../collector/deployment-core.ts";
import type { Measured } from "../collector/report/instruments.ts";
import { placeSpool } from "../collector/spool-place.ts";
import type { DeploymentOptions } from "../config/deployment-options.ts";
import { readEnvironment } from "../config/environment.ts";
import { resolveDeployment } from "../config/resolve.ts";

/** The deployment that a sidecar collects to, and what is measured of it. */
export interface SidecarDeployment {
  readonly deployment: Deployment;
  measure(): Measured;
}

/**
 * Opens the deployment that the options, the environment and its file describe, without waiting for anything:
 * traffic must flow before storage is reachable, and also if it never is. Throws what is wrong with the
 * settings.
 */
export function openSidecarDeployment(options: DeploymentOptions, callee: string): SidecarDeployment {
  const core = new DeploymentCore(placeSpool(resolveDeployment(options, readEnvironment(), callee)));
  return { deployment: new OpenDeployment(core), measure: () => core.measure() };
}
