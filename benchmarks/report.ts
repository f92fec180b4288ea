import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BenchmarkRecord, isBusy, readRecords } from "./records.ts";
import { collectSection } from "./report/collect-section.ts";
import { compactSection } from "./report/compact-section.ts";
import { encodeSection } from "./report/encode-section.ts";
import { growthSection } from "./report/growth-section.ts";
import { importSection } from "./report/import-section.ts";
import { keepingSection } from "./report/keeping-section.ts";
import { lookUpSection } from "./report/look-up-section.ts";
import { monitorSection } from "./report/monitor-section.ts";
import { monitorWideSection } from "./report/monitor-wide-section.ts";
import { payloadMiddlewareSection } from "./report/payload-middleware-section.ts";
import { payloadSidecarSection } from "./report/payload-sidecar-section.ts";
import { pipelineSection } from "./report/pipeline-section.ts";
import { profilesSection } from "./report/profiles-section.ts";
import { pythonSection } from "./report/python-section.ts";
import { rateProfileSection } from "./report/rate-profile-section.ts";
import { ratesSection } from "./report/rates-section.ts";
import { readerAzureSection } from "./report/reader-azure-section.ts";
import { readerSection } from "./report/reader-section.ts";
import { recoverySection } from "./report/recovery-section.ts";
import type { MakeSection } from "./report/section.ts";
import { servingSection } from "./report/serving-section.ts";

/** In the order of the page. */
const sections: Readonly<Record<string, MakeSection>> = {
  collect: collectSection,
  keeping: keepingSection,
  profiles: profilesSection,
  pipeline: pipelineSection,
  rates: ratesSection,
  "rate-profile": rateProfileSection,
  serving: servingSection,
  "payload-middleware": payloadMiddlewareSection,
  "payload-sidecar": payloadSidecarSection,
  encode: encodeSection,
  "look-up": lookUpSection,
  reader: readerSection,
  "reader-azure": readerAzureSection,
  compact: compactSection,
  monitor: monitorSection,
  "monitor-wide": monitorWideSection,
  "python-sdk": pythonSection,
  import: importSection,
  recovery: recoverySection,
  growth: growthSection,
};

const docs: string = join(import.meta.dirname, "../docs");

/**
 * The page and its pictures, by path below `docs`; a function of the results alone, so that no sentence
 * outlives its figures.
 */
export function renderReport(records: ReadonlyMap<string, BenchmarkRecord>): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const made = Object.entries(sections).flatMap(([name, make]) => {
    const record = records.get(name);
    return record === undefined ? [] : [{ record, ...make(record) }];
  });
  for (const { pictures } of made)
    for (const [name, svg] of pictures) files.set(`benchmarks/${name}.svg`, svg);
  const missing = Object.keys(sections).filter((name) => !records.has(name));
  const headlines = made.flatMap(({ headline }) => (headline === undefined ? [] : [`- ${headline}`]));
  const losses = made.flatMap((section) => section.losses.map((loss) => `- ${loss}`));
  const parts = [
    "# Benchmarks",
    "<!-- Made from benchmarks/results/*.json by `npm run bench -- --report`; changes here are lost. -->",
    headlines.join("\n"),
    ...(missing.length === 0 ? [] : [`Not measured: ${missing.join(", ")}.`]),
    "## How it was measured",
    machines(made.map(({ record }) => record)),
    "Figures are medians over interleaved runs; the mark across a bar goes from the least to the greatest. Read ratios: another machine has other milliseconds. To measure on yours, with nothing else running:",
    "```sh\nnpm install\nnpm run bench                # all of it, about 45 minutes\nnpm run bench -- collect     # one of them\n```",
    "Frames have, of every twenty columns, twelve doubles of full entropy, six strings of a hundred values, a boolean and a UUID. Before a call that is timed its frame is read once, for a service has just made the frame that it collects. Code and data are in `benchmarks/`, results in `benchmarks/results/`.",
    "## Where we lose",
    losses.length === 0
      ? "In nothing that is measured here, by more than 5 %."
      : `Everything measured here in which another design did better by more than 5 %:\n\n${losses.join("\n")}`,
    ...made.flatMap(({ title, body }) => [`## ${title}`, body]),
  ];
  return files.set("benchmarks.md", `${parts.filter((part) => part !== "").join("\n\n")}\n`);
}

/** Paths below `docs` whose content is not what the results say. */
export async function staleFiles(): Promise<string[]> {
  const stale: string[] = [];
  const records = readRecords();
  if (records.size === 0) return [];
  for (const [path, content] of renderReport(records)) {
    const there = await readFile(join(docs, path), "utf8").catch(() => undefined);
    if (there !== content) stale.push(path);
  }
  return stale;
}

/** Writes page and pictures; says what it did. */
export async function writeReport(): Promise<string> {
  const records = readRecords();
  if (records.size === 0) return "no results, so no page";
  const files = renderReport(records);
  const pictures = join(docs, "benchmarks");
  await mkdir(pictures, { recursive: true });
  for (const old of await readdir(pictures)) if (old.endsWith(".svg")) await rm(join(pictures, old));
  for (const [path, content] of files) await writeFile(join(docs, path), content);
  return `docs/benchmarks.md: from ${records.size} results`;
}

/** Where, when and what: once if it is the same for all. */
function machines(records: readonly BenchmarkRecord[]): string {
  const places = new Map<string, string[]>();
  for (const record of records) {
    const { name, machine, commit, date } = record;
    const { cpu, cores, memoryBytes, os, node } = machine;
    const busy = isBusy(record) ? ", **while the machine was busy with other work**" : "";
    const place = `${cpu}, ${cores} cores, ${Math.round(memoryBytes / 1e9)} GB, ${os}, Node ${node}, commit ${commit ?? "unknown"}, ${date.slice(0, 10)}${busy}`;
    places.set(place, [...(places.get(place) ?? []), name]);
  }
  if (places.size === 1) return `On ${[...places.keys()].join()}.`;
  return Array.from(places, ([place, names]) => `- ${names.join(", ")}: ${place}`).join("\n");
}
