import type { DeploymentStats } from "../config/callbacks.ts";
import type { DeploymentConfig } from "../config/deployment-config.ts";
import type { DeploymentOptions, DeploymentPatch } from "../config/deployment-options.ts";
import { readEnvironment } from "../config/environment.ts";
import { resolveDeployment } from "../config/resolve.ts";
import type { RowOf, SchemaOptions } from "../frame/declared-schema.ts";
import type {
  CloseOptions,
  CloseReport,
  Collector as CollectorApi,
  CollectorOptions,
  Deployment,
  DeploymentStatus,
  FlushOptions,
  FlushResult,
} from "./api.ts";
import { Collector } from "./collector.ts";
import { giveLabel, type LabelSubject } from "./labels/give-label.ts";
import { labelCollection } from "../layout/ground-truth/label-key.ts";
import { registerCore } from "./process/core-registry.ts";
import { DeploymentCore } from "./deployment-core.ts";
import { placeSpool } from "./spool-place.ts";
import { parseCloseOptions, parseFlushOptions } from "./flush/flush-options.ts";

/**
 * Opens a deployment: where frames go, what is collected, how much. Throws a `TypeError` or `RangeError` that
 * names the option or environment variable, what was expected and what came; trouble at the destination is
 * told by `status()` and `onError` instead, because it may pass.
 *
 * @example
 * ```ts
 * import { openDeployment } from "model-data-collector";
 *
 * const deployment = await openDeployment({ endpoint: "flights", destination: "./collected" });
 * deployment.collector("model_inputs").collect([{ distance: 2475, origin: "JFK" }]);
 * const { delivered, leftInSpool, dropped } = await deployment.close();
 * ```
 */
export async function openDeployment(options: DeploymentOptions = {}): Promise<Deployment> {
  const core = new DeploymentCore(placeSpool(resolveDeployment(options, readEnvironment())));
  await core.ready();
  return new OpenDeployment(core);
}

type ForOneDeployment = Omit<CollectorOptions, "name" | "deployment">;

/** What `openDeployment` gives: the inside of a deployment, as users see it. */
export class OpenDeployment implements Deployment {
  readonly #core: DeploymentCore;
  #labels: CollectorApi | undefined;

  constructor(core: DeploymentCore) {
    this.#core = core;
    registerCore(this, core);
  }

  get config(): DeploymentConfig {
    return this.#core.handle.current;
  }

  collector<const S extends SchemaOptions>(
    name: string,
    options: ForOneDeployment & { readonly schema: S },
  ): CollectorApi<RowOf<S>>;
  collector<Row = unknown>(name: string, options?: ForOneDeployment): CollectorApi<Row>;
  collector(name: string, options: ForOneDeployment = {}): object {
    return new Collector({ ...options, name, deployment: this });
  }

  async label(subject: LabelSubject, frame: object): Promise<void> {
    this.#labels ??= this.collector(labelCollection);
    giveLabel(this.#labels, subject, frame);
    await this.#labels.flush({ to: "spool" });
  }

  update(patch: DeploymentPatch): DeploymentConfig {
    const config = this.#core.handle.update(patch);
    // Said again, it begins again.
    if (patch.captureNext !== undefined) this.#core.requests.capture(config.captureNext);
    return config;
  }

  status(): DeploymentStatus {
    return this.#core.status();
  }

  stats(): DeploymentStats {
    return this.#core.ledger.snapshot();
  }

  flush(options?: FlushOptions): Promise<FlushResult> {
    const { to, deadlineMs } = parseFlushOptions(options, "deployment.flush");
    return this.#core.flush(to, deadlineMs);
  }

  close(options?: CloseOptions): Promise<CloseReport> {
    return this.#core.close(parseCloseOptions(options).deadlineMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
