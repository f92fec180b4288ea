import { types } from "node:util";
import { wrongKind, wrongValue } from "../base/errors.ts";
import {
  boolean,
  callback,
  groupOf,
  oneOf,
  optionsOf,
  type Parser,
  type Parsers,
  parseFields,
} from "../base/fields.ts";
import type { Deployment } from "../collector/api.ts";
import { resolveSchema } from "../frame/declared-schema.ts";
import {
  type BodyRedactionOptions,
  type BodyRedactions,
  bodyRedactions,
} from "./body/redaction/redaction-options.ts";
import type { TableNames } from "./tabular/table.ts";

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

/** What payload logging is made with. */
export interface PayloadOptions {
  /** Where to collect to. Default: the process's own deployment, made on first use from the environment. */
  readonly deployment?: Deployment | undefined;
  /**
   * Names of the headers to store, of requests and responses, in any case. Default: those of the
   * configuration file (`request_logging.capture_headers`), which are followed while it changes; else none.
   * Credentials and cookies are never stored, even when they are named.
   */
  readonly captureHeaders?: readonly string[] | undefined;
  /**
   * The bytes of a body that are stored, 0 to 64 MiB, as far as `limits.maxFrameBytes` leaves room; default
   * 1 MiB.
   */
  readonly maxBodyBytes?: number | undefined;
  /**
   * What becomes of a body of more than `maxBodyBytes`: `truncate`, the default and so far the only one,
   * stores its beginning, with its size and SHA-256.
   */
  readonly largeBodies?: "truncate" | undefined;
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
  /** What is stored of an exchange; a function is asked once for each. Default: `full`. */
  readonly policy?: PayloadPolicy | ((request: PayloadRequest) => PayloadPolicy) | undefined;
  /**
   * Which requests leave no row. Default: `GET` and `HEAD` of paths that begin with `/health`, `/live` or
   * `/ready`, and `/metrics`; when there were some, the deployment's `status().reasons` say so.
   */
  readonly ignore?: ((request: PayloadRequest) => boolean) | undefined;
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

/** {@link PayloadOptions}, checked, with defaults. */
export interface PayloadSettings {
  readonly deployment: Deployment | undefined;
  /** Lower case; undefined: what the configuration file says. */
  readonly captureHeaders: readonly string[] | undefined;
  readonly maxBodyBytes: number;
  readonly decode: boolean;
  readonly redact: BodyRedactions;
  /** Undefined if nobody can say. */
  readonly policy: (request: PayloadRequest) => PayloadPolicy | undefined;
  /** Undefined if nobody can say. */
  readonly ignore: (request: PayloadRequest) => boolean | undefined;
  /** True if nobody said what to ignore. */
  readonly ignoresProbes: boolean;
  /** Names for rows without; undefined if no columns are read. */
  readonly tabular: TableNames | undefined;
}

const policies = ["full", "metadata", "hash", "none"] as const;
/** Longest body that can be asked for: one row must fit into a frame. */
const maxStoredBodyBytes = 64 << 20;

/** Checks options; `callee` is the function that they were given to. Throws as `openDeployment` does. */
export function parsePayloadOptions(options: PayloadOptions | undefined, callee: string): PayloadSettings {
  const given = parseFields<ParsedOptions>(options ?? {}, optionsOf(callee), parsers);
  const { policy = "full" } = given;
  return {
    deployment: given.deployment,
    captureHeaders: given.captureHeaders,
    maxBodyBytes: given.maxBodyBytes ?? 1 << 20,
    decode: given.decode ?? false,
    redact: given.redact ?? {},
    policy: typeof policy === "function" ? answerOf(policy, isPolicy) : () => policy,
    ignore: given.ignore === undefined ? isProbe : answerOf(given.ignore, isFlag),
    ignoresProbes: given.ignore === undefined,
    tabular: tabularOf(given.tabular),
  };
}

/** Names of columns: good ones, each once. */
const columnNames: Parser<readonly string[]> = (value, where) => {
  const expected = "a list of column names";
  if (!Array.isArray(value)) throw wrongKind(where, expected, value);
  if (value.length === 0) throw wrongValue(where, `${expected}, at least one`, value);
  for (const [i, name] of value.entries())
    if (typeof name !== "string") throw wrongKind(`${where}[${i}]`, "a column's name", name);
  const names = value.slice() as string[];
  if (new Set(names).size < names.length) throw wrongValue(where, "names that are all different", value);
  resolveSchema(Object.fromEntries(names.map((name) => [name, "float64"])), where);
  return names;
};

const tabularOptions = groupOf<TabularOptions>({
  columns: groupOf<NonNullable<TabularOptions["columns"]>>({ inputs: columnNames, outputs: columnNames }),
});

function tabularOf(given: boolean | TabularOptions | undefined): TableNames | undefined {
  if (given === undefined || given === false) return undefined;
  return given === true ? {} : (given.columns ?? {});
}

type ParsedOptions = Omit<PayloadOptions, "redact"> & { readonly redact?: BodyRedactions };

const parsers: Parsers<ParsedOptions> = {
  deployment: (value, where) => {
    if (typeof value !== "object" || value === null)
      throw wrongKind(where, "what openDeployment returned", value);
    return value as Deployment;
  },
  captureHeaders: (value, where) => {
    if (!Array.isArray(value)) throw wrongKind(where, "a list of header names", value);
    return value.map((name: unknown, i) => {
      if (typeof name !== "string") throw wrongKind(`${where}[${i}]`, "a header's name", name);
      if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name))
        throw wrongValue(`${where}[${i}]`, "a header's name", name);
      return name.toLowerCase();
    });
  },
  maxBodyBytes: (value, where) => {
    if (typeof value !== "number") throw wrongKind(where, "a number of bytes", value);
    if (!Number.isSafeInteger(value) || value < 0 || value > maxStoredBodyBytes)
      throw wrongValue(where, `a whole number of bytes, 0 to ${maxStoredBodyBytes}`, value);
    return value;
  },
  largeBodies: (value, where) => {
    if (value === "aside") throw wrongValue(where, '"truncate": "aside" is not in this version', value);
    return oneOf("truncate")(value, where);
  },
  decode: boolean,
  redact: bodyRedactions,
  policy: (value, where) =>
    typeof value === "function"
      ? (value as (request: PayloadRequest) => PayloadPolicy)
      : oneOf(...policies)(value, where),
  ignore: callback(),
  tabular: (value, where) => {
    if (typeof value === "boolean") return value;
    if (typeof value !== "object" || value === null)
      throw wrongKind(where, "true, false or an object of options", value);
    return tabularOptions(value, where);
  },
};

/** What a user's function answers; undefined if it fails, or answers what it may not. */
function answerOf<T>(ask: (request: PayloadRequest) => unknown, isAnswer: (value: unknown) => value is T) {
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

function isProbe({ method, path }: PayloadRequest): boolean {
  return (method === "GET" || method === "HEAD") && /^\/(health|live|ready|metrics$)/.test(path);
}
