import type { DeploymentStats, StatsEntry } from "../../config/callbacks.ts";
import type { DeploymentStatus } from "../api.ts";

/** What is known of a deployment at the moment in which it is measured. */
export interface Measured {
  /** By collection. */
  readonly stats: ReadonlyMap<string, DeploymentStats>;
  readonly status: DeploymentStatus;
}

/** One value of an instrument, with its attributes but for those that all have. */
export interface Measurement {
  readonly value: number;
  readonly attributes: { readonly [Name in AttributeName]?: string };
}

/**
 * The attributes that an instrument can have beside those of the deployment, each with its values, if these
 * are a closed set. All have few: endpoints, deployments, collections and reasons; never an id.
 */
export const attributeValues = {
  "mdc.collection": undefined,
  "mdc.outcome": ["delivered", "sampled_out", "disabled", "dropped"],
  /** Only of what was dropped. */
  "mdc.reason": undefined,
  "mdc.where": ["buffered", "spooled"],
} as const;

export type AttributeName = keyof typeof attributeValues;

/** One thing that is measured. */
export interface Instrument {
  readonly name: string;
  /** A counter never falls while the deployment lives. */
  readonly kind: "counter" | "gauge";
  /** As UCUM writes it, which is what OpenTelemetry asks for. */
  readonly unit: "{frame}" | "{row}" | "{segment}" | "By" | "s" | "1";
  readonly description: string;
  readonly attributes: readonly AttributeName[];
  read(measured: Measured): Iterable<Measurement>;
}

/**
 * Everything that is measured of a deployment, of which the exporters are made and the table in
 * docs/operations.md. Every instrument also has the attributes `mdc.endpoint` and `mdc.deployment`.
 */
export const instruments: readonly Instrument[] = [
  offered("frames", "{frame}", "Frames given to collect"),
  offered("rows", "{row}", "Rows given to collect"),
  finished("frames", "{frame}", "Frames that came to an end, by outcome"),
  finished("rows", "{row}", "Rows that came to an end, by outcome"),
  pending("frames", "{frame}", "Frames on their way to the destination"),
  pending("bytes", "By", "Bytes on their way to the destination"),
  ofStatus("mdc.delivery.health", "1", "0 ok or closed, 1 degraded, 2 failing", healthLevel),
  ofStatus("mdc.spool.bytes", "By", "Bytes that wait in the spool", ({ spool }) => spool.bytes),
  ofStatus(
    "mdc.spool.segments",
    "{segment}",
    "Segments that wait in the spool",
    ({ spool }) => spool.segments,
  ),
  ofStatus(
    "mdc.spool.quarantined",
    "{segment}",
    "Segments that a person must look at",
    ({ spool }) => spool.quarantined,
  ),
  ofStatus(
    "mdc.spool.oldest_age",
    "s",
    "Age of the oldest segment that waits; 0 when none does",
    ({ spool }) => (spool.oldestAgeMs ?? 0) / 1_000,
  ),
];

type StatsUnit = keyof DeploymentStats;

function offered(of: StatsUnit, unit: Instrument["unit"], description: string): Instrument {
  return {
    name: `mdc.${of}.offered`,
    kind: "counter",
    unit,
    description,
    attributes: ["mdc.collection"],
    *read({ stats }) {
      for (const [collection, { [of]: entry }] of stats) {
        yield { value: entry.offered, attributes: { "mdc.collection": collection } };
      }
    },
  };
}

function finished(of: StatsUnit, unit: Instrument["unit"], description: string): Instrument {
  return {
    name: `mdc.${of}.finished`,
    kind: "counter",
    unit,
    description,
    attributes: ["mdc.collection", "mdc.outcome", "mdc.reason"],
    *read({ stats }) {
      for (const [collection, { [of]: entry }] of stats) {
        for (const { value, attributes } of outcomes(entry)) {
          yield { value, attributes: { "mdc.collection": collection, ...attributes } };
        }
      }
    },
  };
}

function* outcomes(entry: StatsEntry): Iterable<Measurement> {
  yield { value: entry.delivered, attributes: { "mdc.outcome": "delivered" } };
  yield { value: entry.sampledOut, attributes: { "mdc.outcome": "sampled_out" } };
  yield { value: entry.disabled, attributes: { "mdc.outcome": "disabled" } };
  for (const [reason, value = 0] of Object.entries(entry.dropped)) {
    yield { value, attributes: { "mdc.outcome": "dropped", "mdc.reason": reason } };
  }
}

function pending(of: StatsUnit, unit: Instrument["unit"], description: string): Instrument {
  return {
    name: `mdc.${of}.pending`,
    kind: "gauge",
    unit,
    description,
    attributes: ["mdc.collection", "mdc.where"],
    *read({ stats }) {
      for (const [collection, { [of]: entry }] of stats) {
        for (const where of attributeValues["mdc.where"]) {
          yield { value: entry[where], attributes: { "mdc.collection": collection, "mdc.where": where } };
        }
      }
    },
  };
}

function ofStatus(
  name: string,
  unit: Instrument["unit"],
  description: string,
  valueOf: (status: DeploymentStatus) => number,
): Instrument {
  const read = ({ status }: Measured): Measurement[] => [{ value: valueOf(status), attributes: {} }];
  return { name, kind: "gauge", unit, description, attributes: [], read };
}

function healthLevel({ status }: DeploymentStatus): number {
  switch (status) {
    case "ok":
    case "closed":
      return 0;
    case "degraded":
      return 1;
    case "failing":
      return 2;
  }
}
