import { PassThrough } from "node:stream";
import { WriteStream } from "node:tty";
import { describe, expect, test } from "vitest";
import { createTerminal } from "../../../src/cli/terminal.ts";
import { ProgressLine } from "../../../src/cli/text/progress-line.ts";
import { textWidth } from "../../../src/cli/text/text-width.ts";
import { createHandClock } from "../../support/hand-clock.ts";

/** A line on a terminal so wide, and what was written to it. */
function lineOn(columns: number, isTTY = true) {
  const clock = createHandClock();
  const written: string[] = [];
  const line = new ProgressLine({ isTTY, columns, write: (text) => written.push(text) }, clock);
  return { clock, line, written };
}

describe("a line of progress", () => {
  test("is not shown for what takes less than a second", async () => {
    const { clock, line, written } = lineOn(80);
    line.show("reading …");
    await clock.advance(900);
    line.end();
    await clock.advance(10_000);
    expect(written).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  test("is shown after a second, also of something that says nothing more", async () => {
    const { clock, line, written } = lineOn(80);
    line.show("asking …");
    await clock.advance(1_000);
    expect(written).toEqual(["asking …"]);
    line.end();
    expect(written.at(-1)).toBe("\r\u001b[K");
  });

  test("is drawn ten times a second at most, and says the last that was told", async () => {
    const { clock, line, written } = lineOn(80);
    await clock.advance(1_000);
    for (let i = 0; i < 100; i++) {
      line.show(`file ${i}`);
      await clock.advance(10);
    }
    const texts = written.filter((text) => text.startsWith("file"));
    expect(texts.length).toBeLessThanOrEqual(11);
    await clock.advance(100);
    expect(written.at(-1)).toBe("file 99");
  });

  test("has a bar of what is done, fits the terminal, and drives it nowhere", async () => {
    const { clock, line, written } = lineOn(60);
    await clock.advance(1_000);
    line.show("\u001b[2J日本".repeat(20), 0.5);
    expect(written[0]).toMatch(/^\[#{10} {10}\] {2}50% \\u\{1b\}\[2J日本/);
    expect(textWidth(written[0] ?? "")).toBeLessThan(60);
    const narrow = lineOn(30);
    await narrow.clock.advance(1_000);
    narrow.line.show("reading", 0.5);
    expect(narrow.written).toEqual(["reading"]);
  });

  test("goes away for a line of something else", async () => {
    const { clock, line, written } = lineOn(80);
    await clock.advance(1_000);
    line.show("reading");
    line.clear();
    line.clear();
    expect(written).toEqual(["reading", "\r\u001b[K"]);
  });

  test("is not shown in a pipe", async () => {
    const { clock, line, written } = lineOn(80, false);
    line.show("reading");
    await clock.advance(5_000);
    expect([written, clock.timers]).toEqual([[], 0]);
  });
});

test("a terminal that nobody has given a size is as wide as most", () => {
  const widthOf = (facts: object): number =>
    createTerminal(Object.assign(new PassThrough(), facts), new PassThrough()).width;
  expect(widthOf({ isTTY: true, columns: 0 })).toBe(80);
  expect(widthOf({ isTTY: true })).toBe(80);
  expect(widthOf({ isTTY: true, columns: 120 })).toBe(120);
  expect(widthOf({ columns: 120 })).toBe(Infinity);
});

test("colours are for a terminal only, and NO_COLOR switches them off", () => {
  const shown = (isTTY: boolean, env: Record<string, string>): string => {
    const stream = Object.assign(new PassThrough(), {
      isTTY,
      columns: 80,
      getColorDepth: WriteStream.prototype.getColorDepth,
    });
    const before = { ...process.env };
    for (const name of ["NO_COLOR", "FORCE_COLOR", "NODE_DISABLE_COLORS", "CI", "TERM"])
      delete process.env[name];
    Object.assign(process.env, env);
    try {
      createTerminal(stream, stream).out({ style: "bold", text: "x" });
      return String(stream.read());
    } finally {
      process.env = before;
    }
  };
  expect(shown(true, { TERM: "xterm" })).toBe("\u001b[1mx\u001b[22m\n");
  expect(shown(true, { TERM: "xterm", NO_COLOR: "1" })).toBe("x\n");
  expect(shown(false, { TERM: "xterm" })).toBe("x\n");
});
