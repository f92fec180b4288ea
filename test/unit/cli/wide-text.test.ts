import { expect, test } from "vitest";
import { cutText, textWidth } from "../../../src/cli/text/text-width.ts";
import { textTable } from "../../../src/cli/text/text-table.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { idAt, storeFile } from "../reader/stored-data.ts";
import { runOn } from "./run.ts";

const columns = [{ title: "city" }, { title: "n" }];

test("columns of wide, combining and no characters stand in line", () => {
  const cities = ["東京タワー", "Rome", "e\u0301lan", "서울", "🇯🇵🗼", "ﾊﾝｶｸ", ""];
  const lines = textTable(
    columns,
    cities.map((city) => [city, "7"]),
  ).slice(1);
  for (const line of lines) {
    const text = String(line);
    expect(textWidth(text.slice(0, text.lastIndexOf("7"))), text).toBe("東京タワー".length * 2 + 2);
  }
});

test("a text is cut by what it takes in a terminal, never inside a character", () => {
  expect(cutText("東京タワー", 10)).toBe("東京タワー");
  expect(cutText("東京タワー", 9)).toBe("東京タワ…");
  expect(cutText("東京タワー", 8)).toBe("東京タ…");
  expect(cutText("e\u0301e\u0301e\u0301", 2)).toBe("e\u0301…");
  expect(cutText("abc", 3)).toBe("abc");
  for (let max = 1; max <= 12; max++)
    expect(textWidth(cutText("a東b京c🗼dタeワー", max)), `${max}`).toBeLessThanOrEqual(max);
});

test("no line of a table is wider than the terminal, whatever it is of", () => {
  const titles = ["a", "東京", "a title that is long"].map((title) => ({ title }));
  const rows = [
    ["🗼".repeat(30), "x", "y"],
    ["e\u0301".repeat(50), "東京タワー".repeat(9), ""],
  ];
  for (let width = 1; width <= 120; width++)
    for (const line of textTable(titles, rows, { width })) {
      const text = typeof line === "string" ? line : line.text;
      expect(textWidth(text), `${width}: ${text}`).toBeLessThanOrEqual(width);
    }
});

test("a narrow terminal shows features before the id; a line never takes more than there is", async () => {
  const root = await tempFolder();
  const time = "2026-11-22T05:10:00.000Z";
  const rows = [{ city: "東京タワー".repeat(8), n: 1 }];
  const id = idAt(time, 1);
  storeFile(root, [{ collection: "wide", id, requestTime: time, rows }], { city: "STRING", n: "DOUBLE" });
  const head = async (width: number) =>
    (await runOn({ columns: width }, "head", "wide", "--root", root)).out.replace(/\u001b\[\d+m/g, "");
  const [titles = "", row = "", more] = (await head(50)).split("\n");
  expect(titles).toMatch(/^city +n$/);
  expect(textWidth(row)).toBeLessThanOrEqual(50);
  expect(more).toBe("… and 1 more: mdc_correlation_id");
  expect((await head(100)).split("\n")[0]).toMatch(/^mdc_correlation_id +city +n$/);
});
