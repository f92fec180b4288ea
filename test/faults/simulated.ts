import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { faultFiguresOf } from "../support/fault-figures.ts";
import type { Outcome } from "./outcome.ts";
import { nodePath } from "./workload.ts";

const root: string = join(import.meta.dirname, "../..");
const files = [
  "test/property/spool-power-loss.test.ts",
  "test/property/spool-model.test.ts",
  "test/unit/spool/segment-damage.test.ts",
  "test/unit/spool/syscall-faults.test.ts",
  "test/unit/upkeep/compact.test.ts",
  "test/unit/upkeep/erase.test.ts",
];

interface VitestReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly meta: object;
    }[];
  }[];
}

const none = { offered: 0, acknowledged: 0, lost: 0, duplicated: 0, invented: 0 };

/**
 * What no real disk can be made to do at will: power cuts in more than 10,000 states of a simulated disk, 600
 * random lives of three processes, each byte cut, each bit flipped, each system call failing; compactions and
 * erasures killed at each operation. A row for each test that counts, with its own figures (`tellFigures`),
 * and one for all others.
 */
export async function simulatedDisk(): Promise<readonly Outcome[]> {
  const folder = await mkdtemp(join(tmpdir(), "mdc-faults-simulated-"));
  const report = join(folder, "report.json");
  try {
    const args = [
      "run",
      "--project",
      "unit",
      "--project",
      "property",
      "--reporter",
      "json",
      "--outputFile",
      report,
    ];
    const vitest = spawn(nodePath, [join(root, "node_modules/vitest/vitest.mjs"), ...args, ...files], {
      cwd: root,
      env: { ...process.env, MDC_TEST_KILLS: "all" },
      stdio: "ignore",
      timeout: 600_000,
    });
    await new Promise((resolve) => vitest.once("close", resolve));
    const { testResults } = JSON.parse(await readFile(report, "utf8")) as VitestReport;
    const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
    const failures = tests
      .filter(({ status }) => status !== "passed")
      .map(({ title, status }) => `${status}: ${title}`);
    const rows = tests.flatMap(({ meta }): Outcome[] => {
      const figures = faultFiguresOf(meta);
      if (figures === undefined) return [];
      const { injected, fired = injected } = figures;
      return [{ ...none, ...figures, fired, problems: fired === 0 ? ["it never happened"] : [] }];
    });
    const others = tests.length - rows.length;
    const figure = `${others - failures.length} of ${others} tests passed`;
    const last = { ...none, fault: "other damage and faults, simulated", injected: others, fired: others };
    return [...rows, { ...last, figure, problems: failures }];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
