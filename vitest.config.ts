import { defineConfig, type ViteUserConfig } from "vitest/config";

/**
 * One project per folder under `test`. The first group is pure computation and runs side by side. The second starts
 * servers, child processes and threads, so it runs one file at a time: two cores are enough for it to be steady.
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
      project("integration", { group: 1, testTimeout: 180_000 }),
      project("crash", { group: 1, testTimeout: 180_000 }),
      project("package", { group: 1, testTimeout: 180_000 }),
    ],
    coverage: { include: ["src/**"] },
  },
});

export default config;

function project(name: string, { group, testTimeout }: { group: 0 | 1; testTimeout: number }) {
  return {
    extends: true as const,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      testTimeout,
      hookTimeout: Math.max(60_000, testTimeout),
      fileParallelism: group === 0,
      sequence: { groupOrder: group },
    },
  };
}
