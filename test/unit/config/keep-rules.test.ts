import { describe, expect, test } from "vitest";
import { createConfigHandle } from "../../../src/config/config-handle.ts";
import { readEnvironment } from "../../../src/config/environment.ts";
import { readOurFile } from "../../../src/config/file/our-settings.ts";
import { resolveDeploymentConfig } from "./resolve-config.ts";
import { thrown } from "./thrown.ts";

const environment = readEnvironment({}, { platform: "linux", homedir: () => "/home/ada" });
const configOf = (options: object) => resolveDeploymentConfig(options, environment);
const always = (): boolean => true;
const rules = [
  { column: "amount", above: 10, below: 20 },
  { column: "country", equals: "NZ" },
  { column: "late", equals: true },
  { attribute: "tenant", equals: "acme" },
  { failed: true },
  { slowerThanMs: 500 },
] as const;

describe("rules of what is kept", () => {
  test("are taken from options, update and, but for functions, from the file", () => {
    const config = configOf({ keep: [...rules, always], flightRecorder: { maxBytes: 0 }, captureNext: 3 });
    expect(config).toMatchObject({
      keep: [...rules, always],
      flightRecorder: { maxBytes: 0 },
      captureNext: 3,
    });
    const handle = createConfigHandle(configOf({}));
    expect(handle.update({ keep: rules, flightRecorder: { maxBytes: 1 } }).keep).toEqual(rules);
    expect(handle.update({ flightRecorder: { maxBytes: null } }).flightRecorder).toEqual({ maxBytes: null });
    const file = `
keep:
  - { column: amount, above: 10, below: 20 }
  - { column: country, equals: NZ }
  - { column: late, equals: true }
  - { attribute: tenant, equals: acme }
  - failed: true
  - slower_than_ms: 500
flight_recorder: { max_bytes: 4096 }
capture_next: 7`;
    expect(readOurFile(file, "/etc/blue.mdc.yml", undefined).settings).toEqual({
      keep: rules,
      flightRecorder: { maxBytes: 4_096 },
      captureNext: 7,
    });
  });

  test("are a copy that nobody can change", () => {
    const rule = { column: "amount", above: 10 };
    const { keep } = configOf({ keep: [rule] });
    rule.above = 0;
    expect(keep).toEqual([{ column: "amount", above: 10 }]);
    expect(Object.isFrozen(keep) && Object.isFrozen(keep[0])).toBe(true);
  });

  test.each([
    [{}, "keep: expected a list of rules, got an object (Object)"],
    [[5], "keep[0]: expected a rule: { column, above, below, equals }"],
    [[{}], "keep[0]: expected a rule: { column, above, below, equals }"],
    [[{ failed: true, slowerThanMs: 5 }], "got slowerThanMs and failed"],
    [[{ failed: false }], "keep[0].failed: expected true, got false"],
    [[always, { slowerThanMs: -1 }], "keep[1].slowerThanMs: expected a whole number of milliseconds from 0"],
    [[{ column: "a" }], "keep[0]: expected above, below or equals beside column, got none of them"],
    [[{ column: "a", above: 2, below: 1 }], "expected above to be less than below, got 2 and 1"],
    [[{ column: "a", above: 2, equals: 1 }], "expected above and below, or equals, got both"],
    [[{ column: "a", above: "2" }], "keep[0].above: expected a number, got a text of 1 character"],
    [[{ column: "a", above: Number.NaN }], "keep[0].above: expected a finite number, got NaN"],
    [[{ column: "a", equals: null }], "keep[0].equals: expected a text, a number, true or false, got null"],
    [[{ attribute: "a" }], "keep[0].equals: expected a text, got undefined"],
    [[{ attribute: "a", equals: 1 }], "keep[0].equals: expected a text, got a number"],
    [[{ attribute: "a", equals: "b", above: 1 }], "keep[0]: expected attribute without above, got both"],
    [[{ colum: "a", above: 1 }], 'keep[0]: expected a known name (did you mean "column"?), got "colum"'],
    [Array.from({ length: 101 }, () => always), "keep: expected at most 100 rules, got 101"],
  ])("are refused if they are wrong: %j", (keep, text) => {
    expect(thrown(() => configOf({ keep }))).toContain(text);
    expect(thrown(() => configOf({ keep }))).toMatch(/^(TypeError|RangeError): openDeployment option keep/);
  });

  test("of a file are refused by their line and in the file's own words", () => {
    const file = "captureNext: 1\nkeep:\n  - slower_than_ms: soon\n";
    expect(thrown(() => readOurFile(file, "/etc/blue.mdc.yml", undefined))).toMatch(
      /^TypeError: blue\.mdc\.yml:2: keep\[0\]\.slower_than_ms: expected a whole number of milliseconds/,
    );
  });
});
