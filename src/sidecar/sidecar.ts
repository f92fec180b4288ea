import { systemClock } from "../base/time/clock.ts";
import type { CloseReport } from "../collector/api.ts";
import { PayloadLog } from "../http/payload-log.ts";
import { parsePayloadOptions } from "../http/payload-options.ts";
import { AdminServer } from "./admin/admin-server.ts";
import type { PrometheusMetric } from "../base/prometheus-text.ts";
import { deploymentMetrics, trafficMetrics } from "./admin/sidecar-metrics.ts";
import type { IntakePlace } from "./intake/intake-place.ts";
import { type IntakeName, intakes } from "./intakes.ts";
import type { ListenAddress } from "./listening/listen-address.ts";
import type { Door } from "./listening/listening-server.ts";
import { ReverseProxy } from "./proxy/reverse-proxy.ts";
import { answers, type Target } from "./proxy/target.ts";
import type { SidecarDeployment } from "./sidecar-deployment.ts";

/** How long the target may take to show that it takes connections. */
const targetPatienceMs = 1_000;

/** What a sidecar does. */
export interface SidecarParts {
  readonly deployment: SidecarDeployment;
  /** The server to log, and where to take its traffic. */
  readonly proxy: { readonly target: Target; readonly listen: ListenAddress } | undefined;
  /** Where to take what is sent to be collected. */
  readonly intakes: Readonly<Partial<Record<IntakeName, IntakePlace>>>;
  /** Where to answer for health and metrics; undefined for nowhere. */
  readonly admin: ListenAddress | undefined;
}

/** Where a sidecar is reached, by the names of its options. */
export type SidecarDoors = Readonly<Partial<Record<IntakeName | "listen" | "admin", string>>>;

/** What stands beside a model's server: logs its traffic, and tells how it is. */
export class Sidecar {
  readonly #parts: SidecarParts;
  readonly #proxy: ReverseProxy | undefined;
  readonly #doors: Door[] = [];
  #adminDoor: Door | undefined;
  #closing = false;

  constructor(parts: SidecarParts) {
    const { proxy, deployment } = parts;
    this.#parts = parts;
    this.#proxy =
      proxy &&
      new ReverseProxy(
        proxy.target,
        new PayloadLog(parsePayloadOptions({ deployment: deployment.deployment }, "mdc sidecar")),
      );
  }

  /** Begins to listen everywhere; rejects with the system's error if it cannot. */
  async listen(): Promise<SidecarDoors> {
    const { proxy, admin, deployment } = this.#parts;
    const urls: Partial<Record<keyof SidecarDoors, string>> = {};
    const opened = (name: keyof SidecarDoors, door: Door): void => {
      this.#doors.push(door);
      urls[name] = door.url;
    };
    if (proxy !== undefined && this.#proxy !== undefined)
      opened("listen", await this.#proxy.listen(proxy.listen));
    for (const name of Object.keys(intakes) as IntakeName[]) {
      const place = this.#parts.intakes[name];
      if (place !== undefined) opened(name, await intakes[name](deployment, place));
    }
    if (admin !== undefined) {
      const administered = { notReady: () => this.#notReady(), metrics: () => this.#metrics() };
      this.#adminDoor = await new AdminServer(administered).listen(admin);
      urls.admin = this.#adminDoor.url;
    }
    return urls;
  }

  /**
   * Ends what is under way, delivers, and tells what was left; of the time, delivery has what is left over.
   */
  async close(deadlineMs: number): Promise<CloseReport> {
    this.#closing = true;
    const end = systemClock.monotonic() + deadlineMs;
    await Promise.all(this.#doors.map((door) => door.close(deadlineMs / 2)));
    const left = Math.max(1_000, Math.round(end - systemClock.monotonic()));
    const report = await this.#parts.deployment.close(left);
    await this.#adminDoor?.close(0);
    return report;
  }

  async #notReady(): Promise<string | undefined> {
    if (this.#closing) return "the sidecar is ending";
    const { proxy } = this.#parts;
    if (proxy === undefined || (await answers(proxy.target, targetPatienceMs))) return undefined;
    return `${proxy.target.text} takes no connections`;
  }

  #metrics(): readonly PrometheusMetric[] {
    const traffic = this.#proxy === undefined ? [] : trafficMetrics(this.#proxy.traffic);
    return [...traffic, ...deploymentMetrics(this.#parts.deployment.all)];
  }
}
