import type { Deployment } from "../../collector/api.ts";
import { type Instrument, instruments, type Measured } from "../../collector/report/instruments.ts";
import type { Traffic } from "../proxy/traffic.ts";
import type { PrometheusMetric, PrometheusSample } from "../../base/prometheus-text.ts";

/** Units as Prometheus writes them at the end of a name. */
const unitNames: Partial<Record<Instrument["unit"], string>> = { By: "bytes", s: "seconds" };

/** A deployment, and what is measured of it. */
interface Measurable {
  readonly deployment: Deployment;
  measure(): Measured;
}

/** What is measured of deployments, under the names that OpenTelemetry's rules make of its instruments. */
export function deploymentMetrics(deployments: readonly Measurable[]): readonly PrometheusMetric[] {
  const measured = deployments.map(({ deployment: { config }, measure }) => ({
    place: { "mdc.endpoint": config.endpoint, "mdc.deployment": config.deployment },
    measured: measure(),
  }));
  return instruments.map((instrument) => ({
    name: prometheusName(instrument),
    kind: instrument.kind,
    help: instrument.description,
    samples: measured.flatMap(({ place, measured: all }) =>
      Array.from(instrument.read(all), ({ value, attributes }): PrometheusSample => {
        const labels = Object.entries({ ...place, ...attributes });
        return { value, labels: Object.fromEntries(labels.map(([name, text]) => [plainName(name), text])) };
      }),
    ),
  }));
}

/** What went through the proxy. */
export function trafficMetrics({
  ended,
  inFlight,
  requestBytes,
  responseBytes,
}: Traffic): readonly PrometheusMetric[] {
  const samples = Object.entries(ended).map(([outcome, value]) => ({ labels: { outcome }, value }));
  const counter = (name: string, help: string, value: number): PrometheusMetric => ({
    ...{ name, help, kind: "counter" },
    samples: [{ labels: {}, value }],
  });
  return [
    {
      ...{ name: "mdc_sidecar_exchanges_total", kind: "counter", samples },
      help: "Exchanges that have ended, logged or not, by outcome",
    },
    {
      ...{ name: "mdc_sidecar_exchanges_in_flight", kind: "gauge", help: "Exchanges under way" },
      samples: [{ labels: {}, value: inFlight }],
    },
    counter("mdc_sidecar_request_bytes_total", "Bytes of requests' bodies", requestBytes),
    counter("mdc_sidecar_response_bytes_total", "Bytes of responses' bodies", responseBytes),
  ];
}

function prometheusName({ name, kind, unit }: Instrument): string {
  const plain = plainName(name);
  const unitName = unitNames[unit];
  const withUnit = unitName === undefined || plain.includes(unitName) ? plain : `${plain}_${unitName}`;
  return kind === "counter" ? `${withUnit}_total` : withUnit;
}

function plainName(name: string): string {
  return name.replaceAll(".", "_");
}
