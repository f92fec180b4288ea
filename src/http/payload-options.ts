import { types } from "node:util";
import { wrongKind } from "../base/errors.ts";
import { boolean, callback, optionsOf, type Parsers, parseFields } from "../base/fields.ts";
import type { Deployment } from "../collector/api.ts";
import type { TabularColumns } from "../config/payload/payload-config.ts";
import { bodyBytes, largeBodies } from "../config/payload/payload-rows.ts";
import {
  parsePolicyByRoute,
  parseRoutes,
  policyOfRoutes,
  routesMatcher,
} from "../config/payload/route-patterns.ts";
import { parseTabular } from "../config/payload/tabular-columns.ts";
import { policies } from "../config/protection/policy.ts";
import { headerNames } from "../config/setting-kinds.ts";
import { type BodyRedactionOptions, bodyRules, type SidedRules } from "./body/redaction/redaction-options.ts";

/**
 * What is stored of an exchange's bodies.
 *
 * - `full`: the bodies
 * - `hash`: their sizes and SHA-256
 * - `metadata`: their sizes
 * - `none`: nothing of the exchange, not even a row
 */
export type PayloadPolicy = "full" | "metadata" | "hash" | "none";

/** A request, as `policy` and `ignore` see it: before anything of its body came. */
export interface PayloadRequest {
  /** Upper case. */
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** The header's value; of several lines the first. Names in any case. */
  header(name: string): string | undefined;
}

/**
 * Which requests: `/score`, `/v1/*` and so on, with `*` for any characters, also with a method before it
 * (`POST /score`; `GET` is `HEAD`, too). Paths are compared without their percent-encoding and letter case.
 */
export type RoutePattern = string;

/**
 * What payload logging is made with. All but `deployment` can also be said by the configuration file
 * (`payload`, and `capture_headers`) and the environment, which hold where nothing is said here, also when
 * they change. Of `redact` and `policy` the strictest of what both say holds.
 */
export interface PayloadOptions {
  /** Where to collect to. Default: the process's own deployment, made on first use from the environment. */
  readonly deployment?: Deployment | undefined;
  /**
   * Names of the headers to store, of requests and responses, in any case. Default: none. Credentials and
   * cookies are never stored, even when they are named.
   */
  readonly captureHeaders?: readonly string[] | undefined;
  /**
   * The bytes of a body that are stored, 0 to 64 MiB, as far as `limits.maxFrameBytes` leaves room; default
   * 1 MiB.
   */
  readonly maxBodyBytes?: number | undefined;
  /**
   * What becomes of a body of more than `maxBodyBytes`, with its size and SHA-256 in any case.
   *
   * - `truncate`, the default: its beginning is stored.
   * - `aside`: all of it becomes an object of its own beside the collection, whose path is in `body_ref`, up
   *   to 4 GiB and a quarter of `spool.maxBytes`. One that is to be redacted does not; and where the spool
   *   takes no more, the body is cut as with `truncate`, and `mdc_tags` says why.
   */
  readonly largeBodies?: "truncate" | "aside" | undefined;
  /**
   * Whether bodies with a `content-encoding` (gzip, deflate, br, zstd) are stored as they are meant, text as
   * text. What cannot be decoded, or would be longer than `maxBodyBytes`, is stored as it came. Default:
   * false.
   */
  readonly decode?: boolean | undefined;
  /**
   * JSON paths of values that are not stored as they came: a list of paths to mask (`"***"`), or an object
   * of what is done to each. Before a body goes anywhere: what cannot be redacted is not stored at all.
   */
  readonly redact?: BodyRedactionOptions | undefined;
  /**
   * What is stored of an exchange: one word for all, or by route, where the longest pattern that fits counts
   * and what fits none is stored whole; a function is asked once for each. Default: `full`.
   */
  readonly policy?:
    | PayloadPolicy
    | Readonly<Record<RoutePattern, PayloadPolicy>>
    | ((request: PayloadRequest) => PayloadPolicy)
    | undefined;
  /**
   * Which requests leave no row. Default: `GET` and `HEAD` of paths that begin with `/health`, `/live` or
   * `/ready`, and `/metrics`; when there were some, the deployment's `status().reasons` say so.
   */
  readonly ignore?: readonly RoutePattern[] | ((request: PayloadRequest) => boolean) | undefined;
  /**
   * Whether what stands in models' bodies is stored as typed columns, too, in the collections `model_inputs`
   * and `model_outputs`. Default: false.
   */
  readonly tabular?: boolean | TabularOptions | undefined;
}

/** How columns are read from models' bodies. */
export interface TabularOptions {
  /**
   * Names of the columns, in their order, for bodies whose rows name none: `[[2475, 12]]`. Such bodies have
   * no columns without.
   */
  readonly columns?:
    | { readonly inputs?: readonly string[]; readonly outputs?: readonly string[] }
    | undefined;
}

/** {@link PayloadOptions}, checked; undefined is what nobody said. */
export interface PayloadSettings {
  readonly deployment: Deployment | undefined;
  /** Lower case. */
  readonly captureHeaders: readonly string[] | undefined;
  readonly maxBodyBytes: number | undefined;
  readonly largeBodies: "truncate" | "aside" | undefined;
  readonly decode: boolean | undefined;
  readonly redact: SidedRules;
  /** Answers undefined if nobody can say. */
  readonly policy: (request: PayloadRequest) => PayloadPolicy | undefined;
  /** Answers undefined if nobody can say. */
  readonly ignore: ((request: PayloadRequest) => boolean | undefined) | undefined;
  /** Names for rows without; null if no columns are read. */
  readonly tabular: TabularColumns | null | undefined;
}

/** Checks options; `callee` is the function that they were given to. Throws as `openDeployment` does. */
export function parsePayloadOptions(options: PayloadOptions | undefined, callee: string): PayloadSettings {
  const given = parseFields<ParsedOptions>(options ?? {}, optionsOf(callee), parsers);
  return {
    deployment: given.deployment,
    captureHeaders: given.captureHeaders,
    maxBodyBytes: given.maxBodyBytes,
    largeBodies: given.largeBodies,
    decode: given.decode,
    redact: given.redact ?? {},
    policy: given.policy ?? (() => "full"),
    ignore: given.ignore,
    tabular: given.tabular,
  };
}

type ParsedOptions = Partial<PayloadSettings>;

const parsers: Parsers<ParsedOptions> = {
  deployment: (value, where) => {
    if (typeof value !== "object" || value === null)
      throw wrongKind(where, "what openDeployment returned", value);
    return value as Deployment;
  },
  captureHeaders: (value, where) => headerNames.parse(value, where, {}),
  maxBodyBytes: (value, where) => bodyBytes.parse(value, where, {}),
  largeBodies: (value, where) => largeBodies.parse(value, where, {}),
  decode: boolean,
  redact: bodyRules,
  policy: (value, where) =>
    typeof value === "function"
      ? answerOf(callback<Ask>()(value, where), isPolicy)
      : policyOfRoutes([parsePolicyByRoute(value, where)]),
  ignore: (value, where) =>
    typeof value === "function"
      ? answerOf(callback<Ask>()(value, where), isFlag)
      : routesMatcher(parseRoutes(value, where)),
  tabular: parseTabular,
};

type Ask = (request: PayloadRequest) => unknown;

/** What a user's function answers; undefined if it fails, or answers what it may not. */
function answerOf<T>(ask: Ask, isAnswer: (value: unknown) => value is T) {
  return (request: PayloadRequest): T | undefined => {
    try {
      const answer = ask(request);
      if (isAnswer(answer)) return answer;
      // What comes too late is no answer, and its failure is nobody's unhandled rejection.
      if (types.isPromise(answer)) answer.catch(() => undefined);
      return undefined;
    } catch {
      return undefined;
    }
  };
}

const isPolicy = (value: unknown): value is PayloadPolicy => policies.includes(value as PayloadPolicy);
/** What JavaScript takes for true or false: anything but a promise. */
const isFlag = (value: unknown): value is boolean => !types.isPromise(value);
