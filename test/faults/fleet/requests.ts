/** What a fleet's store was asked for, as the store itself writes it down. */
export class RequestLog {
  readonly #stored = new Map<string, number>();
  readonly #byStatus = new Map<string, number>();
  #rest = "";

  /** Takes what the server writes: `… "PUT /account/container/name?query HTTP/1.1" 201 -`. */
  add(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const [, method, address = "", status] = /"([A-Z]+) (\S+) HTTP\/[\d.]+" (\d+)/.exec(line) ?? [];
      if (method === undefined) continue;
      const kind = `${method} ${status}`;
      this.#byStatus.set(kind, (this.#byStatus.get(kind) ?? 0) + 1);
      const [path = "", query = ""] = address.split("?");
      // A block of a large object makes no object yet, nor does a container.
      const isObject = !/restype=container|comp=block(&|$)/.test(query);
      if (kind === "PUT 201" && isObject) this.#stored.set(path, (this.#stored.get(path) ?? 0) + 1);
    }
  }

  /** How many objects were made. */
  get objects(): number {
    return this.#stored.size;
  }

  /** Objects that were made more than once: each time but one they were overwritten. */
  get overwritten(): string[] {
    return [...this.#stored].filter(([, times]) => times > 1).map(([path]) => path);
  }

  /** All requests, by method and status. */
  toString(): string {
    const kinds = [...this.#byStatus]
      .sort(([, a], [, b]) => b - a)
      .map(([kind, times]) => `${times} ${kind}`);
    return kinds.length === 0 ? "" : `${kinds.join(", ")}; `;
  }
}
