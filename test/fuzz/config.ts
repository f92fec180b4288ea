import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createConfigHandle } from "../../src/config/config-handle.ts";
import { readEnvironment } from "../../src/config/environment.ts";
import { resolveDeployment, type ResolvedDeployment } from "../../src/config/resolve.ts";
import { damagedTexts, secret, sound } from "./config-texts.ts";

/** What came of damaged configuration files. */
export interface ConfigFuzz {
  readonly accepted: number;
  readonly refused: number;
  readonly problems: readonly string[];
}

/** How a refusal begins: with file and line, but for what is nested deeper than any parser goes. */
const place = /^blue\.(yml|mdc\.yml)(:\d+: |:\d+$|: [a-z_.]+: expected no change|: .*TOO_DEEP)/;

/**
 * Damages the files of a deployment that runs, `count` times from a seed on. Each change is taken whole,
 * being then what a deployment would start with; or refused with file and line, and what held before holds.
 */
export function fuzzConfig(count: number, first: number): ConfigFuzz {
  const folder = mkdtempSync(join(tmpdir(), "mdc-fuzz-config-"));
  try {
    let accepted = 0;
    const problems: string[] = [];
    const initial = start(folder, sound.yaml);
    const handle = createConfigHandle(initial.config);
    for (let seed = first; seed < first + count; seed++) {
      const texts = damagedTexts(seed);
      const before = handle.current;
      try {
        const next = initial.files?.resolve([...texts, undefined]) ?? before;
        handle.rebase(next);
        accepted++;
        const { version: _, ...fresh } = start(folder, texts).config;
        const { version: __, ...held } = handle.current;
        if (JSON.stringify(fresh) !== JSON.stringify(held)) problems.push(`${seed}: taken by halves`);
      } catch (error) {
        const message = error instanceof Error ? error.message : "no error";
        const isOurs = (error as { code?: unknown }).code === "INVALID_ARGUMENT" && place.test(message);
        if (!isOurs || message.includes(secret)) problems.push(`${seed}: ${message}`);
        if (handle.current !== before) problems.push(`${seed}: refused, and taken`);
      }
    }
    return { accepted, refused: count - accepted, problems };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function start(folder: string, [azures, ours]: readonly [string, string]): ResolvedDeployment {
  const configFile = join(folder, "blue.yml");
  writeFileSync(configFile, azures);
  writeFileSync(join(folder, "blue.mdc.yml"), ours);
  return resolveDeployment({ configFile }, readEnvironment({ HOME: folder }));
}
