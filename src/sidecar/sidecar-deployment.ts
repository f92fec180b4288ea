import type { CloseReport, Deployment } from "../collector/api.ts";
import { OpenDeployment } from "../collector/deployment.ts";
import { DeploymentCore } from "../collector/deployment-core.ts";
import type { Measured } from "../collector/report/instruments.ts";
import { placeSpool } from "../collector/spool-place.ts";
import type { DeploymentOptions } from "../config/deployment-options.ts";
import { readEnvironment } from "../config/environment.ts";
import { resolveDeployment } from "../config/resolve.ts";

/** A deployment, and what is measured of it. */
interface Measurable {
  readonly deployment: Deployment;
  measure(): Measured;
}

/** Deployments besides the sidecar's own that it opens for what is sent to it: each has a thread. */
const maxOthers = 16;

/** The deployment that a sidecar collects to, and those of other names, which have the same settings. */
export class SidecarDeployment {
  readonly #options: DeploymentOptions;
  readonly #callee: string;
  readonly #own: Measurable;
  readonly #others = new Map<string, Measurable>();

  /**
   * Opens the deployment that the options, the environment and its file describe, without waiting for
   * anything: traffic must flow before storage is reachable, and also if it never is. Throws what is wrong
   * with the settings.
   */
  constructor(options: DeploymentOptions, callee: string) {
    this.#options = options;
    this.#callee = callee;
    this.#own = open(options, callee);
  }

  /** Its own. */
  get deployment(): Deployment {
    return this.#own.deployment;
  }

  /** The deployment of these names, those of its own by default; undefined if there are too many. */
  named(endpoint: string | undefined, deployment: string | undefined): Deployment | undefined {
    const { config } = this.deployment;
    const names = {
      endpoint: endpoint ?? config.endpoint,
      deployment: deployment ?? config.deployment,
    };
    if (names.endpoint === config.endpoint && names.deployment === config.deployment) return this.deployment;
    const key = `${names.endpoint}/${names.deployment}`;
    const known = this.#others.get(key);
    if (known !== undefined) return known.deployment;
    if (this.#others.size >= maxOthers) return undefined;
    const opened = open({ ...this.#options, ...names }, this.#callee);
    this.#others.set(key, opened);
    return opened.deployment;
  }

  /** All that are open, its own first. */
  get all(): readonly Measurable[] {
    return [this.#own, ...this.#others.values()];
  }

  /** Closes all, and tells what they left, together. */
  async close(deadlineMs: number): Promise<CloseReport> {
    const reports = await Promise.all(this.all.map(({ deployment }) => deployment.close({ deadlineMs })));
    const sum = (of: (report: CloseReport) => number): number =>
      reports.reduce((total, report) => total + of(report), 0);
    return {
      delivered: sum(({ delivered }) => delivered),
      leftInSpool: sum(({ leftInSpool }) => leftInSpool),
      dropped: sum(({ dropped }) => dropped),
    };
  }
}

function open(options: DeploymentOptions, callee: string): Measurable {
  const core = new DeploymentCore(placeSpool(resolveDeployment(options, readEnvironment(), callee)));
  return { deployment: new OpenDeployment(core), measure: () => core.measure() };
}
