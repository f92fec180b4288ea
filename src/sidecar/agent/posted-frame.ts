import { isUtf8 } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import { kindOf } from "../../base/errors.ts";
import { isTimeMs } from "../../base/time/host-time.ts";
import { CorrelationContext } from "../../collector/context/correlation-context.ts";
import { isId } from "../../collector/context/context-options.ts";
import { JsonRecords } from "../../frame/from/json/json-records.ts";
import { type FrameBounds, FrameProblem } from "../../frame/source-frame.ts";
import { agentHeaders, agentTypePrefix, attributePrefix, headerText } from "../../layout/agent-protocol.ts";
import { isName, parseName } from "../../layout/collection-key.ts";
import { Refusal } from "../intake/answer.ts";
import { parseInstant } from "../intake/rfc3339.ts";

/** The collection that a post is for. Throws a {@link Refusal} if there is none of that name. */
export function collectionOf(headers: IncomingHttpHeaders): string {
  const type = textOf(headers, agentHeaders.type);
  const expected = `${agentHeaders.type}: expected ${agentTypePrefix}<collection>`;
  if (type === undefined) throw new Refusal(400, `${expected}, got no such header`);
  if (!type.toLowerCase().startsWith(agentTypePrefix))
    throw new Refusal(400, `${expected}, got ${kindOf(type)}`);
  const name = type.slice(agentTypePrefix.length);
  if (isName(name)) return name;
  throw badRequest(() => parseName(name, `${agentHeaders.type}, collection`));
}

/**
 * The context of a post: its id, time and attributes are those that the sender's context had. The names of
 * attributes are as in the records of Azure's agent, in lower case and without hyphens. Throws a
 * {@link Refusal}.
 */
export function contextOf(headers: IncomingHttpHeaders): CorrelationContext {
  const id = textOf(headers, agentHeaders.correlationId);
  if (id !== undefined && !isId(id))
    throw new Refusal(
      400,
      `${agentHeaders.correlationId}: expected 1 to 512 characters without control characters`,
    );
  const time = textOf(headers, agentHeaders.time);
  const attributes = attributesOf(headers);
  const context = badRequest(() =>
    CorrelationContext.create({ id, requestTime: time === undefined ? undefined : timeOf(time), attributes }),
  );
  // Whoever sends frames has sampled them.
  context.keep();
  return context;
}

/**
 * The frame of a post. What `azureml-ai-monitoring` calls compact is a printed table, which nobody can read
 * back: one row, with the text in the column `data`. Throws a {@link Refusal}.
 */
export function frameOf(body: Buffer, contentType: string | undefined, bounds: FrameBounds): object {
  const [type = ""] = (contentType ?? "application/json").split(";", 1);
  const isCompact = /^\s*application\/octet-stream\s*$/i.test(type);
  if (!isCompact && !/^\s*(application\/json|text\/json|application\/[\w.-]+\+json)\s*$/i.test(type))
    throw new Refusal(
      415,
      "Content-Type: expected application/json, or application/octet-stream for a printed frame",
    );
  if (!isUtf8(body)) throw new Refusal(400, "the body: expected UTF-8");
  // A byte order mark is none of the text's characters (RFC 8259, 8.1).
  const text = body.toString("utf8").replace(/^\ufeff/, "");
  if (isCompact) return [{ data: text }];
  try {
    return new JsonRecords(text, bounds);
  } catch (thrown) {
    if (!(thrown instanceof FrameProblem)) throw thrown;
    const status = thrown.reason === "too_large" ? 413 : 400;
    throw new Refusal(status, `the body: expected a JSON array of row objects, got ${thrown.message}`);
  }
}

const builtIn: ReadonlySet<string> = new Set(Object.values(agentHeaders));

function attributesOf(headers: IncomingHttpHeaders): Record<string, string> {
  const attributes = Object.create(null) as Record<string, string>;
  for (const name of Object.keys(headers)) {
    if (!name.startsWith(attributePrefix) || builtIn.has(name)) continue;
    const key = name.slice(attributePrefix.length).replaceAll("-", "");
    if (key !== "") attributes[key] ??= textOf(headers, name) ?? "";
  }
  return attributes;
}

/** Seconds since 1970, as numbers of Python print, or RFC 3339. */
function timeOf(text: string): Date {
  const isSeconds = /^\d{1,12}(\.\d+)?$/.test(text);
  const ms = isSeconds ? Math.round(Number(text) * 1000) : Math.floor(parseInstant(text) ?? Number.NaN);
  if (isTimeMs(ms)) return new Date(ms);
  throw new Refusal(
    400,
    `${agentHeaders.time}: expected seconds since 1970, 1970 to 9999, got ${kindOf(text)}`,
  );
}

function textOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return value === undefined ? undefined : headerText(Array.isArray(value) ? value.join(", ") : value);
}

/** What is wrong with a value is the sender's fault. */
function badRequest<T>(make: () => T): T {
  try {
    return make();
  } catch (thrown) {
    if (thrown instanceof TypeError || thrown instanceof RangeError) throw new Refusal(400, thrown.message);
    throw thrown;
  }
}
