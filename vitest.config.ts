import { availableParallelism } from "node:os";
import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Two cores are used as two: left to itself, the runner would spare one of them, and take the files in turn. */
const maxWorkers = Math.max(2, availableParallelism() - 1);

/**
 * One project per folder under `test`. The first group is pure computation, and the second starts servers and
 * processes, which mostly wait for each other: their files run side by side. Those of the third look at memory,
 * threads and clocks of the whole host, so it runs one file at a time.
 */
const config: ViteUserConfig = defineConfig({
  test: {
    pool: "forks",
    // The built package is loaded by Node itself, as a user's program loads it, not through the test runner.
    server: { deps: { external: [/\/dist\//] } },
    projects: [
      project("unit", { group: 0, testTimeout: 20_000 }),
      project("property", { group: 0, testTimeout: 120_000 }),
      project("contract", { group: 1, testTimeout: 60_000 }),
      project("crash", { group: 1, testTimeout: 180_000 }),
      project("package", { group: 1, testTimeout: 180_000 }),
      project("integration", { group: 1, testTimeout: 180_000 }),
      project("host", { group: 2, testTimeout: 180_000 }),
    ],
    coverage: { include: ["src/**"] },
  },
});

export default config;

function project(name: string, { group, testTimeout }: { group: 0 | 1 | 2; testTimeout: number }) {
  return {
    extends: true as const,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      testTimeout,
      hookTimeout: Math.max(60_000, testTimeout),
      maxWorkers: group === 2 ? 1 : maxWorkers,
      sequence: { groupOrder: group },
    },
  };
}
