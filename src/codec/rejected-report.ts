import { ownJson } from "../base/own-json.ts";
import type { RejectedColumn } from "../frame/conform/column-fitter.ts";

/** Adds up what the batches of a file reported as not fitting. */
export class RejectedReport {
  readonly #columns = new Map<string, RejectedColumn>();

  add(report: readonly RejectedColumn[]): void {
    for (const column of report) {
      const key = ownJson([column.name, column.got]);
      const cells = (this.#columns.get(key)?.cells ?? 0) + column.cells;
      this.#columns.set(key, { ...column, cells });
    }
  }

  columns(): readonly RejectedColumn[] {
    return [...this.#columns.values()];
  }
}
