import { expect, test } from "vitest";
import type { DeploymentConfig } from "../../../src/config/deployment-config.ts";
import { readEnvironment } from "../../../src/config/environment.ts";
import { refuseFixedChanges } from "../../../src/config/fixed-settings.ts";
import { putAt, settingRows, valueAt } from "../../../src/config/settings.ts";
import { resolveDeploymentConfig } from "./resolve-config.ts";
import { thrown } from "./thrown.ts";

const config = resolveDeploymentConfig(
  {},
  readEnvironment({}, { platform: "linux", homedir: () => "/home/ada" }),
);
const inConfig = [...settingRows()].filter(([path]) => valueAt(config, path) !== undefined);

test.each(inConfig)(
  "a file that changes %s is refused if that is fixed, with the reason",
  (path, { live }) => {
    const next = structuredClone(config) as DeploymentConfig;
    putAt(next, path, "another");
    const message = thrown(() => refuseFixedChanges(config, next, (setting) => `blue.yml:1: ${setting}`));
    const refusal = `RangeError: blue.yml:1: ${path}: expected no change while running (${live}; it needs a restart), got`;
    expect(message.slice(0, refusal.length)).toBe(live === true ? "nothing thrown" : refusal);
  },
);
