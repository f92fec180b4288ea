/** What a fleet's store was asked for, as the store itself writes it down. */
export class RequestLog {
  readonly #stored = new Map<string, number>();
  readonly #unanswered = new Set<string>();
  readonly #byStatus = new Map<string, number>();
  #rest = "";

  /** Takes what the server writes: `… "PUT /account/container/name?query HTTP/1.1" 201 -`. */
  add(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const [, method, address = "", status] = /"([A-Z]+) (\S+) HTTP\/[\d.]+" (\d+|-)/.exec(line) ?? [];
      if (method === undefined) continue;
      const kind = `${method} ${status}`;
      this.#byStatus.set(kind, (this.#byStatus.get(kind) ?? 0) + 1);
      const [path = "", query = ""] = address.split("?");
      // A block of a large object makes no object yet, nor does a container.
      const isObject = !/restype=container|comp=block(&|$)/.test(query);
      // Who asked was gone before the answer, and asks again.
      if (kind === "PUT -" && isObject) this.#unanswered.add(path);
      if (kind === "PUT 201" && isObject) this.#stored.set(path, (this.#stored.get(path) ?? 0) + 1);
    }
  }

  /** What does not fit the objects that are there: made more than once, made and gone, or never made. */
  problemsWith(names: readonly string[], container: string): string[] {
    const there = new Set(names);
    const nameOf = (path: string): string =>
      decodeURIComponent(path.slice(path.indexOf(`/${container}/`) + container.length + 2));
    const made = new Map([...this.#stored].map(([path, times]) => [nameOf(path), times]));
    const unanswered = new Set([...this.#unanswered].map(nameOf));
    return [
      ...[...made].filter(([, times]) => times > 1).map(([name, times]) => `${name} was made ${times} times`),
      ...[...made.keys()]
        .filter((name) => !there.has(name))
        .map((name) => `${name} was made, and is not there`),
      ...names
        .filter((name) => !made.has(name) && !unanswered.has(name))
        .map((name) => `${name} is there, and nobody made it`),
    ];
  }

  /** All requests, by method and status. */
  toString(): string {
    const kinds = [...this.#byStatus]
      .sort(([, a], [, b]) => b - a)
      .map(([kind, times]) => `${times} ${kind}`);
    return kinds.length === 0 ? "" : `${kinds.join(", ")}; `;
  }
}
