import { readEnvironment } from "../../../src/config/environment.ts";
import { resolveDeployment } from "../../../src/config/resolve.ts";
import type { DeploymentOptions } from "../../../src/config/deployment-options.ts";
import { Collector } from "../../../src/collector/collector.ts";
import type { Collector as CollectorApi, CollectorOptions, Deployment } from "../../../src/collector/api.ts";
import { registerCore } from "../../../src/collector/process/core-registry.ts";
import { DeploymentCore } from "../../../src/collector/deployment-core.ts";
import type { Backend, OutgoingBatch } from "../../../src/pipeline/backend.ts";
import { parseLabel } from "../../../src/pipeline/segment-label.ts";
import { createHandClock, type HandClock } from "../../support/hand-clock.ts";
import { countingIds, Teller } from "../pipeline/pipeline-world.ts";

/** A deployment without a thread: the test is its backend and its clock. */
export class CoreWorld {
  readonly clock: HandClock = createHandClock();
  readonly core: DeploymentCore;
  /** What the backend tells: call these. */
  events!: Teller;
  readonly batches: OutgoingBatch[] = [];
  /** False: whoever flushes waits for an answer for ever. */
  answers = true;
  readonly #deployment = {} as Deployment;
  #spentMs = 0;

  constructor(options: DeploymentOptions = {}) {
    const environment = readEnvironment({}, { platform: "linux", homedir: () => "/home/ada" });
    const resolved = resolveDeployment(
      { endpoint: "flights", deployment: "blue", destination: "/data", ...options },
      environment,
    );
    this.core = new DeploymentCore(resolved, {
      clock: { ...this.clock, monotonic: () => this.clock.monotonic() + this.#spentMs },
      ids: countingIds(),
      startBackend: (_spec, { emit }) => {
        this.events = new Teller(emit);
        return this.#backend();
      },
    });
    registerCore(this.#deployment, this.core);
  }

  /** Lets time pass within a call, where no timer can run. */
  spend(ms: number): void {
    this.#spentMs += ms;
  }

  collector(options: Partial<CollectorOptions> = {}): CollectorApi {
    return new Collector({ name: "model_inputs", ...options, deployment: this.#deployment });
  }

  /** Has everything collected so far handed over, and says that it is spooled. */
  spoolAll(): void {
    this.core.batcher.flushNow();
    for (const { label, sequence, counts } of this.batches.splice(0))
      this.events.spooled(parseLabel(label).collection, sequence, counts);
  }

  #backend(): Backend {
    return {
      append: (batch) => void this.batches.push(batch),
      update: () => {},
      flush: async () => {
        if (!this.answers) await new Promise(() => {});
        return { pending: 0, trouble: undefined };
      },
      close: async () => {},
      save: () => {},
    };
  }
}
