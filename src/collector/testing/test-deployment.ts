import { isNativeError } from "node:util/types";
import { wrongKind, wrongValue } from "../../base/errors.ts";
import { oneOf } from "../../base/fields.ts";
import { systemIds } from "../../base/ids.ts";
import { type Clock, systemClock } from "../../base/time/clock.ts";
import type { DeploymentOptions } from "../../config/deployment-options.ts";
import { readEnvironment } from "../../config/environment.ts";
import { resolveDeployment } from "../../config/resolve.ts";
import { parseName } from "../../layout/collection-key.ts";
import type { Deployment } from "../api.ts";
import { OpenDeployment } from "../deployment.ts";
import { DeploymentCore } from "../deployment-core.ts";
import type { TestFrame } from "./kept-frame.ts";
import { type FailingPart, TestBackend } from "./test-backend.ts";

/** What a test may say of its deployment: all but where files go and how. */
export type TestDeploymentOptions = Omit<
  DeploymentOptions,
  "configFile" | "credential" | "destination" | "format" | "rotation" | "spool"
>;

const placesOf: readonly Exclude<keyof DeploymentOptions, keyof TestDeploymentOptions>[] = [
  ...(["configFile", "credential", "destination", "format", "rotation", "spool"] as const),
];

/** A {@link Deployment} that keeps what it collects in memory, for a test to look at. */
export interface TestDeployment extends Deployment {
  /**
   * The frames of a collection that have been delivered, in the order of `collect`, with their contexts. A
   * frame is delivered before its `collect` returns.
   */
  frames(collection: string): Promise<readonly TestFrame[]>;
  /**
   * Has the next try fail, once; repeat it for more. `spool`: the next frame is dropped (`io_error`), as on a
   * full disk. `store`: the next frame cannot be delivered and waits; it is with the next frame, or `flush`.
   */
  failNext(part: FailingPart, error: Error): void;
  /** Back to the beginning: no frames, all counts zero, nothing set to fail, everything told anew. */
  reset(): void;
}

/**
 * A deployment for tests of code that collects: no thread, no disk, no network, nothing of the environment,
 * and the same under fake timers. Give it to collectors as `deployment`, or ask it for some. Throws as
 * `openDeployment` does.
 *
 * @example
 * ```ts
 * import { createTestDeployment } from "model-data-collector/testing";
 *
 * const deployment = createTestDeployment({ samplingRate: 1 });
 * deployment.collector("model_inputs").collect([{ distance: 2475 }]);
 * const [frame] = await deployment.frames("model_inputs"); // its rows, and the context they came with
 * ```
 */
export function createTestDeployment(options: TestDeploymentOptions = {}): TestDeployment {
  return new InMemoryDeployment(options);
}

class InMemoryDeployment extends OpenDeployment implements TestDeployment {
  readonly #core: DeploymentCore;
  readonly #backend: TestBackend;
  readonly #clock: ClockThatSkips;

  constructor(options: TestDeploymentOptions) {
    const given = placesOf.find((name) => (options as DeploymentOptions)[name] !== undefined);
    if (given !== undefined) {
      const where = `createTestDeployment option ${given}`;
      throw wrongValue(where, "none: all is kept in memory", (options as DeploymentOptions)[given]);
    }
    // Nobody looks for either of them: the backend has no disk.
    const places = { destination: "memory", spool: { directory: "memory", durability: "frame" } } as const;
    const resolved = resolveDeployment(
      { ...options, ...places },
      readEnvironment({}),
      "createTestDeployment",
    );
    const clock = new ClockThatSkips();
    let backend: TestBackend | undefined;
    const core = new DeploymentCore(resolved, {
      clock,
      ids: systemIds,
      waits: true,
      keepsLedger: false,
      startBackend: (_spec, { emit }) => (backend = new TestBackend(emit)),
    });
    super(core);
    this.#core = core;
    this.#backend = backend as unknown as TestBackend;
    this.#clock = clock;
  }

  async frames(collection: string): Promise<readonly TestFrame[]> {
    const name = parseName(collection, "deployment.frames argument collection");
    this.#core.requests.collectExpected();
    return this.#backend.framesOf(name);
  }

  failNext(part: FailingPart, error: Error): void {
    parsePart(part, "deployment.failNext argument part");
    if (!isNativeError(error)) throw wrongKind("deployment.failNext argument error", "an Error", error);
    this.#backend.failNext(part, error);
  }

  reset(): void {
    this.#backend.reset();
    this.#core.forget();
    this.#clock.skip();
  }
}

const parsePart = oneOf<FailingPart>("store", "spool");

/** The machine's clock, which a test can set on, so that what was told a moment ago is long ago. */
class ClockThatSkips implements Clock {
  #skippedMs = 0;
  readonly now = systemClock.now;
  readonly setTimer = systemClock.setTimer;

  monotonic(): number {
    return systemClock.monotonic() + this.#skippedMs;
  }

  skip(): void {
    this.#skippedMs += 86_400_000;
  }
}
