import { wrongKind } from "../../base/errors.ts";
import { processWide } from "../../base/host/process-wide.ts";
import { readEnvironment } from "../../config/environment.ts";
import { resolveDeployment } from "../../config/resolve.ts";
import type { Collector, CollectorOptions, Deployment } from "../api.ts";
import { DeploymentCore } from "../deployment-core.ts";
import { placeSpool } from "../spool-place.ts";

/** What makes collectors: all that copies of this package know of each other's deployments. */
interface CollectorSource {
  collector(name: string, options: Omit<CollectorOptions, "name" | "deployment">): Collector;
}

/** The process's own deployment, as the other copies see it. */
interface SharedDeployment extends CollectorSource {
  readonly closed: boolean;
}

/** Where a collector collects to: a deployment of this copy of the package, or one of another copy. */
export type Home = { readonly core: DeploymentCore } | { readonly other: CollectorSource };

/** Marks deployments, for other copies of this package in the same process. */
const brand = Symbol.for("model-data-collector.deployment");
const cores = new WeakMap<object, DeploymentCore>();
const shared = processWide<{ own: SharedDeployment | undefined }>("own-deployment", () => ({
  own: undefined,
}));

/** Remembers the inside of a deployment, so that collectors find it while users do not see it. */
export function registerCore(deployment: object, core: DeploymentCore): void {
  cores.set(deployment, core);
  Object.defineProperty(deployment, brand, { value: true });
}

/**
 * Where the collectors of a deployment collect to; without one, those of the process's own, which is made on
 * first use from the environment, by whichever copy of this package comes first. Throws a `TypeError` for
 * anything else, and whatever is wrong with the environment as a `RangeError` naming the variable.
 */
export function homeOf(
  deployment: Deployment | undefined,
  create: (options: CollectorOptions) => Collector,
): Home {
  if (deployment === undefined) {
    const own = shared.own === undefined || shared.own.closed ? openOwn(create) : shared.own;
    shared.own = own;
    return homeIn(own);
  }
  if (!cores.has(deployment) && !(brand in deployment))
    throw wrongKind("Collector option deployment", "what openDeployment returned", deployment);
  return homeIn(deployment);
}

function homeIn(deployment: CollectorSource): Home {
  const core = cores.get(deployment);
  return core === undefined ? { other: deployment } : { core };
}

function openOwn(create: (options: CollectorOptions) => Collector): SharedDeployment {
  const core = new DeploymentCore(placeSpool(resolveDeployment({}, readEnvironment())));
  const own: SharedDeployment = {
    get closed() {
      return core.closed;
    },
    collector: (name, options) => create({ ...options, name, deployment: own as unknown as Deployment }),
  };
  registerCore(own, core);
  return own;
}
