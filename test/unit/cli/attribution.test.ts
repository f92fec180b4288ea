import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { AttributionResult, MonitorResult } from "../../../src/monitor.ts";
import { storeFile } from "../reader/stored-data.ts";
import { run } from "./run.ts";

/*
 * Two equal days, so that nothing but the importances has changed. They are those of Azure ML's own test, which
 * expects 0.5135443210660507 of them.
 */

let root = "";
const days = ["--against", "2026-11-01/2026-11-02", "--from", "2026-11-02", "--to", "2026-11-03"];

function written(name: string, content: string): string {
  const path = join(root, name);
  writeFileSync(path, content);
  return path;
}

let [then, now] = ["", ""];

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "mdc-attribution-"));
  const rows = Array.from({ length: 200 }, (_, i) => ({ a: i % 37 }));
  for (const day of [1, 2]) {
    const frame = {
      collection: "model_inputs",
      id: `frame-${day}`,
      requestTime: `2026-11-0${day}T10:00:00Z`,
    };
    storeFile(root, [{ ...frame, rows }], { a: "DOUBLE" });
  }
  then = written("then.json", '{ "a": 1.2, "b": 0, "c": 0.1, "d": 3 }');
  now = written("now.csv", '\ufefffeature,importance\r\n"a",0.2\r\nb,3.7\r\nc,3\r\nd,1e-1\r\n');
});

async function drift(
  ...args: readonly string[]
): Promise<{ code: number; err: string; found: AttributionResult | undefined }> {
  const { code, out, err } = await run("drift", ...args, ...days, "--root", root, "--json");
  const result = out === "" ? undefined : (JSON.parse(out) as MonitorResult);
  return { code, err, found: result?.collections[0]?.attribution };
}

const files = (a: string, b: string): string[] => [
  ...["--baseline-importances", a, "--production-importances", b],
];

describe("importances on the command line", () => {
  test("come from JSON and CSV; below the threshold the exit code is 1", async () => {
    const asked = ["model_inputs", ...files(then, now), "--threshold"];
    const { code, err, found } = await drift(...asked, "NormalizedDiscountedCumulativeGain=0.9");
    expect([code, err]).toEqual([1, ""]);
    expect(found?.value).toBeCloseTo(0.513_544_321_066_050_7, 14);
    expect(found).toMatchObject({ verdict: "breach", threshold: 0.9 });
    expect((await drift(...asked, "NormalizedDiscountedCumulativeGain=0.5")).code).toBe(0);
  });

  test("are told to people with the ranks", async () => {
    const threshold = ["--threshold", "NormalizedDiscountedCumulativeGain=0.9"];
    const asked = ["model_inputs", ...files(then, now), ...threshold, ...days];
    const { code, out } = await run("drift", ...asked, "--root", root);
    expect(code).toBe(1);
    expect(out).toContain("model_inputs: breach");
    expect(out).toContain(
      "attribution: breach: NormalizedDiscountedCumulativeGain 0.5135 (at least 0.9)\nranks of importance: d 1 to 4, a 2 to 3, c 3 to 2, b 4 to 1\n",
    );
  });

  test.each<[string, string, string]>([
    ["one.json", '{ "a": 1, "b": "much" }', '"one.json".b: expected a finite number from 0 on, got a text'],
    ["list.json", "[1, 2]", '"list.json": expected a plain object'],
    ["broken.json", '{ "a": 1', '"broken.json": expected JSON, or CSV of two columns'],
    ["three.csv", "a,1,2\n", '"three.csv", record 1: expected a feature and its importance, got 3 fields'],
    ["twice.csv", "a,1\na,2\n", '"twice.csv", record 2: expected each feature once, got "a"'],
    ["minus.csv", "a,1\nb,-2\n", '"minus.csv", record 2: expected a finite number from 0 on, got -2'],
    ["head.csv", "feature,importance\n", '"head.csv": expected at least one feature'],
    ["other.csv", "a,1\nz,2\n", "expected the same features on both sides"],
  ])("%s is refused, and says what is wrong", async (name, content, message) => {
    const { code, err } = await drift("model_inputs", ...files(then, written(name, content)));
    expect(err).toContain(message);
    expect(code).toBe(2);
  });

  test("are refused for one side alone, and from a file that is not there", async () => {
    const alone = await drift("model_inputs", "--baseline-importances", then);
    expect(alone.err).toContain("--production-importances: expected a file, for those of the other side");
    const gone = await drift("model_inputs", ...files(then, join(root, "gone.json")));
    expect(gone.err).toContain("--production-importances: cannot be read");
    expect([alone.code, gone.code]).toEqual([2, 2]);
  });
});

describe("importances in monitor.yml", () => {
  const configured = (yaml: string, ...args: string[]) => drift("--config", written("m.yml", yaml), ...args);

  test("stand in it, or in files beside it; the command line counts first", async () => {
    const yaml = `
collections:
  model_inputs:
    attribution: { baseline: then.json, production: { a: 3, b: 0, c: 0.2, d: 7 }, threshold: 0.9 }
`;
    expect((await configured(yaml)).found).toMatchObject({ value: 1, verdict: "pass", threshold: 0.9 });
    const over = await configured(yaml, "--production-importances", now);
    expect([over.code, over.found?.verdict]).toEqual([1, "breach"]);
  });

  test("are refused with their line", async () => {
    const yaml = (attribution: string): string =>
      `collections:\n  model_inputs:\n    attribution:\n      ${attribution}\n`;
    const { err } = await configured(yaml("baseline: { a: -1 }"));
    expect(err).toContain("m.yml:4: collections.model_inputs.attribution.baseline.a: expected a finite");
    expect((await configured(yaml("threshold: 3"))).err).toContain(
      "m.yml:4: collections.model_inputs.attrib",
    );
    expect((await configured(yaml("production: now.csv"))).err).toContain("--baseline-importances: expected");
  });

  test("are judged by the threshold that an Azure ML monitor has for them", async () => {
    const yaml = `
monitoring_signals:
  attribution:
    type: feature_attribution_drift
    production_data: [{ data_context: model_inputs, data_column_names: { correlation_id: id } }]
    metric_thresholds: { normalized_discounted_cumulative_gain: 0.9 }
`;
    const { code, err, found } = await configured(yaml, ...files(then, now));
    expect(err).toBe("mdc: m.yml:5: monitoring_signals.attribution.production_data is not read\n");
    expect([code, found?.verdict, found?.threshold]).toEqual([1, "breach", 0.9]);
    const without = await configured(yaml);
    expect(without.err).toContain("mdc: model_inputs: attributions are not compared: give --baseline-imp");
    expect([without.code, without.found]).toEqual([0, undefined]);
  });
});
