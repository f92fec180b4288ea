import type { ScalarType } from "../layout/column-type.ts";

/** A system column with a value per frame. */
export interface FrameColumn {
  readonly name: string;
  readonly type: ScalarType;
  readonly nullable: boolean;
}

/** The columns of a batch's frame table, in their order. */
export const frameColumns: readonly FrameColumn[] = [
  { name: "mdc_correlation_id", type: "string", nullable: false },
  { name: "mdc_event_id", type: "string", nullable: false },
  { name: "mdc_event_time", type: "timestamp", nullable: false },
  { name: "mdc_request_time", type: "timestamp", nullable: false },
  { name: "mdc_request_id", type: "string", nullable: true },
  { name: "mdc_sampling_rate", type: "float64", nullable: false },
  { name: "mdc_config_version", type: "int32", nullable: false },
  { name: "mdc_tags", type: "string", nullable: true },
];
