import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Outcome } from "./outcome.ts";
import { nodePath } from "./workload.ts";

const root: string = join(import.meta.dirname, "../..");
const files = [
  "test/property/spool-power-loss.test.ts",
  "test/property/spool-model.test.ts",
  "test/unit/spool/segment-damage.test.ts",
  "test/unit/spool/syscall-faults.test.ts",
];

interface VitestReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

/**
 * What no real disk can be made to do at will: power cuts in more than 10,000 states of a simulated disk, 600 random lives
 * of three processes, each byte cut, each bit flipped, each system call failing. A row for each test; how often its fault
 * struck, each test asserts itself.
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
      stdio: "ignore",
      timeout: 600_000,
    });
    await new Promise((resolve) => vitest.once("close", resolve));
    const { testResults } = JSON.parse(await readFile(report, "utf8")) as VitestReport;
    return testResults
      .flatMap(({ assertionResults }) => assertionResults)
      .map(({ title, status }) => ({
        fault: `simulated: ${title}`,
        injected: 1,
        fired: 1,
        offered: 0,
        acknowledged: 0,
        lost: 0,
        duplicated: 0,
        invented: 0,
        figure: "",
        problems: status === "passed" ? [] : [`the test ${status}`],
      }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
