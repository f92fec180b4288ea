import { describe as group, expect, it } from "vitest";
import {
  CollectorError,
  describe,
  errorKind,
  kindOf,
  messageOf,
  quote,
  reading,
  told,
  wrongKind,
  wrongValue,
} from "../../../src/base/errors.ts";

class Flight {}

group("a value in a message", () => {
  it.each<[unknown, string]>([
    ["secret", "a text of 6 characters"],
    ["", "an empty text"],
    [5, "a number"],
    [5n, "a bigint"],
    [true, "a boolean"],
    [Symbol("secret"), "a symbol"],
    [() => "secret", "a function"],
    [undefined, "undefined"],
    [null, "null"],
    [["secret"], "an array of 1"],
    [new Flight(), "an object (Flight)"],
    [{ constructor: { name: "secret" } }, "an object (Object)"],
    [Object.create(null), "an object"],
    [Object.create({ constructor: { name: "secret" } }), "an object"],
  ])("%# is told by its kind", (value, kind) => {
    expect(kindOf(value)).toBe(kind);
  });

  it("is shown where it is a number out of range, and as what it is told to be", () => {
    expect(wrongValue("here", "less", 5).message).toBe("here: expected less, got 5");
    expect(describe(-0)).toBe("-0");
    expect(wrongKind("here", "a text", 5).message).toBe("here: expected a text, got a number");
    expect(wrongValue("here", "another", told(quote("x".repeat(99)))).message).toContain(
      `"${"x".repeat(60)}…"`,
    );
  });
});

group("an error in a message", () => {
  it("of the language is told by its kind and place, for its text quotes", () => {
    const thrown = (run: () => unknown): unknown => {
      try {
        return run();
      } catch (error) {
        return error;
      }
    };
    const bad = thrown(() => JSON.parse("secret"));
    expect(String(bad)).toContain("secret");
    expect(messageOf(bad)).toMatch(/^SyntaxError at [\w.-]+:\d+$|^SyntaxError$/);
    expect(messageOf(thrown(() => BigInt("secret")))).toMatch(/^SyntaxError/);
    expect(messageOf("secret")).toBe("thrown: a text of 6 characters");
  });

  it("of ours and the system's says what it says", () => {
    expect(messageOf(new CollectorError("CORRUPT", "cut"))).toBe("cut");
    expect(messageOf(wrongValue("here", "x", 1))).toBe("here: expected x, got 1");
    expect(messageOf(Object.assign(new Error("ENOENT: no file"), { code: "ENOENT" }))).toBe(
      "ENOENT: no file",
    );
  });

  it("of the caller's is told by its kind, whatever its name says", () => {
    expect(errorKind(new TypeError("secret"))).toBe("TypeError");
    expect(errorKind(Object.assign(new Error("x"), { name: "secret" }))).toBe("an error");
    expect(() =>
      reading("here", () => {
        throw new RangeError("secret");
      }),
    ).toThrow("here: expected what can be read, got what throws RangeError");
  });
});
