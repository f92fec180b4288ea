import type { DeploymentConfig } from "../../../src/config/deployment-config.ts";
import type { DeploymentOptions } from "../../../src/config/deployment-options.ts";
import type { Environment } from "../../../src/config/environment.ts";
import { resolveDeployment } from "../../../src/config/resolve.ts";

/** The config that options and environment come to. */
export function resolveDeploymentConfig(
  options: DeploymentOptions,
  environment: Environment,
): DeploymentConfig {
  return resolveDeployment(options, environment).config;
}
