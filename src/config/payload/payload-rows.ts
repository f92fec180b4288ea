import { type RedactRules, strictestRules } from "../protection/redact-rules.ts";
import { bytes, choice, flag, MiB } from "../setting-kinds.ts";
import type { Kind, Row, Rows } from "../setting-row.ts";
import { parseListText, parseValueText } from "../variable-values.ts";
import { defaultPayload, type PayloadConfig } from "./payload-config.ts";
import { bodyRules, policyByRoute, routes, tabular } from "./payload-kinds.ts";

/** The bytes of a body that are stored: one row must fit into a frame. */
export const bodyBytes: Kind<number> = bytes(0, 64 * MiB);

/** What becomes of a body that is longer. */
export const largeBodies: Kind<PayloadConfig["largeBodies"]> = choice("truncate", "aside");

/** What all of them have in common: code has options of its own, where it makes the logging. */
const common = { file: { ours: true }, live: true, option: false } as const;

function bodyRulesRow(variable: string): Row<RedactRules> {
  return {
    kind: bodyRules,
    default: {},
    variable: { [variable]: parseListText(bodyRules) },
    together: strictestRules,
    ...common,
  };
}

/** The settings of payload logging, as rows of the table of settings. */
export const payloadRows: Rows<PayloadConfig> = {
  maxBodyBytes: {
    kind: bodyBytes,
    default: defaultPayload.maxBodyBytes,
    variable: { MDC_PAYLOAD_MAX_BODY_BYTES: parseValueText(bodyBytes) },
    ...common,
  },
  largeBodies: {
    kind: largeBodies,
    default: defaultPayload.largeBodies,
    variable: { MDC_PAYLOAD_LARGE_BODIES: parseValueText(largeBodies) },
    ...common,
  },
  decode: {
    kind: flag,
    default: defaultPayload.decode,
    variable: { MDC_PAYLOAD_DECODE: parseValueText(flag) },
    ...common,
  },
  redact: {
    rows: {
      request: bodyRulesRow("MDC_PAYLOAD_REDACT_REQUEST"),
      response: bodyRulesRow("MDC_PAYLOAD_REDACT_RESPONSE"),
    },
  },
  policy: {
    kind: policyByRoute,
    default: defaultPayload.policy,
    variable: { MDC_PAYLOAD_POLICY: parseValueText(policyByRoute) },
    together: (said) => said.flat(),
    ...common,
  },
  ignore: {
    kind: routes,
    default: defaultPayload.ignore,
    variable: { MDC_PAYLOAD_IGNORE: parseListText(routes) },
    ...common,
  },
  tabular: {
    kind: tabular,
    default: defaultPayload.tabular,
    variable: { MDC_PAYLOAD_TABULAR: parseValueText(tabular) },
    ...common,
  },
};
