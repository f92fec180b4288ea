import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { monitorResult } from "../../support/monitor/monitor-result.ts";
import { storeFile } from "../reader/stored-data.ts";
import { run } from "./run.ts";

let root = "";
let page = "";

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "mdc-report-"));
  page = join(root, "report.html");
  for (const day of [1, 2, 3, 4]) {
    const date = `2026-11-0${day}T10:00:00Z`;
    const rows = Array.from({ length: 300 }, (_, i) => ({
      x: (i % 100) + (day > 1 ? 40 : 0),
      y: i % 7,
      late: i % 2 === 0,
    }));
    for (const collection of ["model_inputs", "model_outputs"])
      storeFile(root, [{ collection, id: `frame-${day}`, requestTime: date, rows }], {
        ...{ x: "DOUBLE", y: "DOUBLE", late: "BOOLEAN" },
      });
    if (day === 4) continue;
    const labels = rows.map(({ late }, i) => ({ late: i % 5 === 0 ? !late : late }));
    const label = { collection: "labels", id: `frame-${day}`, requestTime: date, rows: labels };
    storeFile(root, [label], { late: "BOOLEAN" });
  }
});

const report = (...args: string[]) => run("report", ...args, "--root", root);

describe("mdc report", () => {
  test("writes the page of what drift finds, says the verdict and where it is, and ends with 1 on a breach", async () => {
    const args = [
      "model_inputs",
      "--against",
      "2026-11-01/2026-11-02",
      "--from",
      "2026-11-02",
      "--window",
      "1d",
    ];
    const done = await report(...args, "-o", page);
    expect(done).toEqual({ code: 1, out: `breach: ${page}\n`, err: "" });
    const text = readFileSync(page, "utf8");
    expect(text).toContain("<h1>1 of 3 features drifted, and completeness is out of bounds</h1>");
    expect(text).toContain("3 windows, 2026-11-02 to 2026-11-05");
    expect(text).toMatch(/<details class=bad open><summary><bdi>x<\/bdi>/);
    const quiet = await report(...args, "--columns", "y", "-o", page, "--json");
    // No ledger says whether these files are all there is.
    expect([quiet.code, JSON.parse(quiet.out).verdict]).toEqual([1, "breach"]);
    expect(readFileSync(page, "utf8")).toContain("<h1>Completeness is out of bounds</h1>");
    expect(readFileSync(page, "utf8")).toContain("<span>1 feature within bounds</span>");
  });

  test("takes performance and all else from monitor.yml", async () => {
    const config = join(root, "monitor.yml");
    writeFileSync(
      config,
      `window: 1d
collections:
  model_inputs: { baseline: { from: 2026-11-01, to: 2026-11-02 }, features: [y] }
performance: { prediction: late, thresholds: { accuracy: 0.9 } }
`,
    );
    const done = await report("--config", config, "--to", "2026-11-05", "-o", page);
    expect(done).toEqual({ code: 1, out: `breach: ${page}\n`, err: "" });
    const text = readFileSync(page, "utf8");
    expect(text).toContain("<h1>Completeness and performance are out of bounds</h1>");
    expect(text).toMatch(/<td class=r>300<td class=r>100 %<td class=r><b class="mark bad">0\.8<\/b>/);
  });

  test("makes the page of a result that was kept, without reading data", async () => {
    const kept = join(root, "result.json");
    writeFileSync(kept, JSON.stringify(monitorResult()));
    const done = await run("report", "--result", kept, "-o", page, "--root", join(root, "nowhere"));
    expect(done).toEqual({ code: 1, out: `breach: ${page}\n`, err: "" });
    expect(readFileSync(page, "utf8")).toContain("3 of 12 features drifted");
  });

  test("says what is wrong with its options, and leaves the page of before", async () => {
    writeFileSync(page, "before");
    const other = join(root, "other.json");
    writeFileSync(other, JSON.stringify({ ...monitorResult(), collections: [{}] }));
    for (const [args, message] of [
      [["model_inputs", "--against", "previous"], "expected -o <file>"],
      [["--result", join(root, "none.json"), "-o", page], "--result: cannot be read"],
      [["--result", page, "-o", page], "--result: expected JSON"],
      [["--result", other, "-o", page], "--result: expected a whole result"],
      [["model_inputs", "--result", other, "-o", page], "--result: expected no collection"],
      [["model_inputs", "--against", "previous", "-o", join(root, "no/report.html")], "there is no folder"],
      [["-o", page], "expected the name of a collection"],
    ] as const) {
      const { code, err } = await report(...args);
      expect([code, err], err).toEqual([2, expect.stringContaining(message)]);
    }
    expect(readFileSync(page, "utf8")).toBe("before");
  });
});
