import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { wrongValue } from "../../../src/base/errors.ts";
import { followConfigFiles } from "../../../src/collector/config-following.ts";
import type { DeploymentConfig } from "../../../src/config/deployment-config.ts";
import { createHandClock } from "../../support/hand-clock.ts";
import { tempFolder } from "../../support/temp-folder.ts";

/** A followed file: what it says is a sampling rate, or wrong. */
async function followed() {
  const path = join(await tempFolder(), "deployment.yml");
  writeFileSync(path, "1");
  const clock = createHandClock();
  const held: number[] = [];
  const troubles: string[] = [];
  let shown: string | undefined;
  const following = followConfigFiles(
    {
      files: [{ path, isOptional: false }],
      contents: ["1"],
      resolve: ([content]) => {
        const samplingRate = Number(content);
        if (Number.isNaN(samplingRate)) throw wrongValue("line 1", "a rate", content);
        return { samplingRate } as DeploymentConfig;
      },
    },
    {
      clock,
      handle: {
        rebase: (config) => {
          held.push(config.samplingRate);
          return config;
        },
      },
      board: { hold: (_, text) => void (shown = text), hint: () => {} },
      reporter: { trouble: (code, _, message) => void troubles.push(`${code}: ${message()}`) },
    },
  );
  const look = async (times = 2): Promise<void> => {
    for (let i = 0; i < times; i++) {
      await clock.advance(500);
      // The look itself is real: it is over when the next one is set.
      while (clock.timers === 0) await sleep(1);
    }
  };
  return { path, clock, held, troubles, shown: () => shown, look, following };
}

test("a file that becomes wrong is told once and shown until it is right, and what held before goes on", async () => {
  const { path, held, troubles, shown, look } = await followed();
  writeFileSync(path, "0.5");
  await look();
  expect({ held, troubles, shown: shown() }).toEqual({ held: [0.5], troubles: [], shown: undefined });
  writeFileSync(path, "half");
  await look(6);
  const { message } = wrongValue("line 1", "a rate", "half");
  const text = `${message}; the configuration of before still holds`;
  expect({ held, troubles, shown: shown() }).toEqual({
    held: [0.5],
    troubles: [`CONFIG_REFUSED: ${text}`],
    shown: text,
  });
  writeFileSync(path, "0.25");
  await look();
  expect({ held, shown: shown() }).toEqual({ held: [0.5, 0.25], shown: undefined });
});

test("a file that is gone is told with its path, and held again when it is back; disposed, it is followed no more", async () => {
  const { path, clock, held, troubles, shown, look, following } = await followed();
  rmSync(path);
  await look(4);
  expect(troubles).toEqual([expect.stringContaining(`${path} cannot be read`)]);
  expect(shown()).toContain("the configuration of before still holds");
  writeFileSync(path, "1");
  await look();
  expect({ held, shown: shown() }).toEqual({ held: [1], shown: undefined });
  following[Symbol.dispose]();
  expect(clock.timers).toBe(0);
});
