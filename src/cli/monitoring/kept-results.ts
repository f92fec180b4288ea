import { monitorPath, type MonitorPath } from "../../layout/monitoring/monitor-path.ts";
import type { MonitorResult } from "../../monitor/run/monitor-result.ts";
import { ObjectNotFoundError, type Store } from "../../store/store.ts";

/** Which results are kept together: of one deployment, by what was asked. */
export type KeptPlace = Omit<MonitorPath, "at">;

/** Results of a monitor beside the data, one for each time. */
export class KeptResults {
  readonly #store: Store;
  readonly #place: KeptPlace;

  constructor(store: Store, place: KeptPlace) {
    this.#store = store;
    this.#place = place;
  }

  /** Where that of a time is, for people. */
  pathOf(at: number): string {
    return monitorPath({ ...this.#place, at });
  }

  /** The one of a time, if there is one. */
  async get(at: number): Promise<MonitorResult | undefined> {
    try {
      const bytes = await this.#store.get(this.pathOf(at));
      return JSON.parse(new TextDecoder().decode(bytes)) as MonitorResult;
    } catch (thrown) {
      if (thrown instanceof ObjectNotFoundError) return undefined;
      throw thrown;
    }
  }

  /** Keeps one, unless there is one of that time. Throws what the store says is wrong. */
  async keep(at: number, result: MonitorResult): Promise<void> {
    const body = new TextEncoder().encode(`${JSON.stringify(result, null, 1)}\n`);
    const put = await this.#store.put(this.pathOf(at), body, { contentType: "application/json" });
    // Whoever was asked the same at the same time has answered: see `monitorPath`.
    if (put.status === "retryable" || put.status === "rejected") throw put.error;
  }
}
