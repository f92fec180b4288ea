/**
 * A value that is not to be seen: printing, inspecting, `JSON.stringify`, string concatenation and
 * `structuredClone` of it show nothing. Only {@link Secret.reveal} gives it out.
 */
export class Secret<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** The value itself; call it where the value is used, and keep the `Secret` everywhere else. */
  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  static {
    // Not a method: a computed name has no type of its own that a declaration file could show.
    Object.defineProperty(Secret.prototype, Symbol.for("nodejs.util.inspect.custom"), {
      value: () => "[secret]",
    });
  }
}
