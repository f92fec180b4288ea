import type { BenchmarkResult, Facets } from "../benchmark.ts";
import type { BenchmarkRecord } from "../records.ts";

/** What a benchmark's results look like on the page. */
export interface Section {
  readonly title: string;
  /** One figure worth knowing, as a sentence; undefined when the results do not have it. */
  readonly headline: string | undefined;
  /** Markdown. Pictures stand in it as `benchmarks/<name>.svg`. */
  readonly body: string;
  readonly pictures: ReadonlyMap<string, string>;
  /** Where a rival did better, as sentences. */
  readonly losses: readonly string[];
}

/** Makes a section from the results of one benchmark, and of nothing else. */
export type MakeSection = (record: BenchmarkRecord) => Section;

/** The result that has this metric and these facets; undefined if it was not measured. */
export function find(
  { results }: BenchmarkRecord,
  metric: string | undefined,
  facets: Facets,
): BenchmarkResult | undefined {
  return results.find(
    (result) =>
      result.metric === metric &&
      Object.entries(facets).every(([name, value]) => result.facets?.[name] === value),
  );
}

/** The different values of a facet, in the order of the results. */
export function valuesOf({ results }: BenchmarkRecord, facet: string): (string | number)[] {
  return [...new Set(results.map(({ facets }) => facets?.[facet]))].filter((value) => value !== undefined);
}

/** True for what this package does itself. */
export function isOwn(contender: string | number): boolean {
  return String(contender).startsWith("ours");
}

/** Markdown for a picture of a section. */
export function picture(name: string, alternative: string): string {
  return `![${alternative}](benchmarks/${name}.svg)`;
}
