import { wrongKind } from "../../base/errors.ts";
import { readEnvironment } from "../../config/environment.ts";
import { resolveDeployment } from "../../config/resolve.ts";
import type { Deployment } from "../api.ts";
import { DeploymentCore } from "../deployment-core.ts";

const cores = new WeakMap<object, DeploymentCore>();
let processCore: DeploymentCore | undefined;

/** Remembers the inside of a deployment, so that collectors find it while users do not see it. */
export function registerCore(deployment: Deployment, core: DeploymentCore): void {
  cores.set(deployment, core);
}

/**
 * The inside of a deployment; without one, of the process's own, which is made on first use from the
 * environment. Throws a `TypeError` for anything else, and whatever is wrong with the environment as a
 * `RangeError` naming the variable.
 */
export function coreOf(deployment: Deployment | undefined): DeploymentCore {
  if (deployment === undefined) {
    if (processCore === undefined || processCore.closed) {
      processCore = new DeploymentCore(resolveDeployment({}, readEnvironment()));
    }
    return processCore;
  }
  const core = cores.get(deployment);
  if (core === undefined)
    throw wrongKind("Collector option deployment", "what openDeployment returned", deployment);
  return core;
}
