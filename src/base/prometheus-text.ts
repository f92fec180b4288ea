/** One metric with its values, as Prometheus reads it. */
export interface PrometheusMetric {
  readonly name: string;
  readonly kind: "counter" | "gauge";
  readonly help: string;
  readonly samples: readonly PrometheusSample[];
}

/** One value with its labels. */
export interface PrometheusSample {
  readonly labels: Readonly<Record<string, string | undefined>>;
  readonly value: number;
}

/** The content type of {@link prometheusText}. */
export const prometheusType = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Metrics in Prometheus' text format, version 0.0.4:
 * https://prometheus.io/docs/instrumenting/exposition_formats/.
 *
 * @example
 * ```ts
 * import { prometheusText } from "model-data-collector/monitor";
 *
 * const samples = [{ labels: { collection: "model_inputs" }, value: 0 }];
 * const breached = { name: "drift_breached", kind: "gauge", help: "Whether it breached", samples } as const;
 * console.log(prometheusText([breached]));
 * ```
 */
export function prometheusText(metrics: readonly PrometheusMetric[]): string {
  const lines = metrics.flatMap(({ name, kind, help, samples }) => [
    `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
    `# TYPE ${name} ${kind}`,
    ...samples.map(({ labels, value }) => `${name}${labelsText(labels)} ${value}`),
  ]);
  return `${lines.join("\n")}\n`;
}

function labelsText(labels: PrometheusSample["labels"]): string {
  const texts = Object.entries(labels)
    .filter((label): label is [string, string] => label[1] !== undefined)
    .map(([name, value]) => `${name}="${escaped(value)}"`);
  return texts.length === 0 ? "" : `{${texts.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
