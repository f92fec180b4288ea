import { agentHeaders, agentTypePrefix, attributePrefix, headerValue } from "../../layout/agent-protocol.ts";
import { collectionKey } from "../../layout/collection-key.ts";
import type { SystemConstants } from "../../frame/batch.ts";
import type { FrameOfRecord } from "../jsonl/frame-cursor.ts";
import { ownAttributes } from "../jsonl/attributes.ts";

/**
 * The headers of a frame's post, as the Python package `azureml-ai-monitoring` 0.1.0 sends them: the agent
 * makes the attributes of a CloudEvents record of those that begin with `ce-`. `rejected` is the JSON of
 * cells that did not fit.
 *
 * Where that package has other values: `trace-id` is the frame's event id, the same whenever it is posted
 * again; `ce-agent` names this package; `ce-type` has the collection in lower case, which is how the platform
 * names those it collects. What is not 1, or absent, of `ce-mdcsamplingrate`, `ce-mdcrequestid`,
 * `ce-mdcclientrequestid` and `ce-mdcrejected` is added.
 */
export function frameHeaders(
  collection: string,
  constants: SystemConstants,
  facts: FrameOfRecord,
  rejected: string | undefined,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {
    "Content-Type": "application/json",
    [agentHeaders.trace]: facts.eventId,
    [agentHeaders.time]: String(wholeSeconds(facts.requestTime)),
    [agentHeaders.type]: `${agentTypePrefix}${collectionKey(collection)}`,
    [agentHeaders.dataType]: "pandas.core.frame.DataFrame",
    [agentHeaders.agent]: headerValue(constants.agent),
    [agentHeaders.correlationId]: headerValue(facts.correlationId),
    [agentHeaders.modelVersion]: headerValue(constants.modelVersion ?? "default"),
  };
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined) headers[`${attributePrefix}${name}`] = headerValue(value);
  };
  add(ownAttributes.requestId, facts.requestId);
  add(ownAttributes.clientRequestId, facts.clientRequestId);
  if (facts.samplingRate !== 1) add(ownAttributes.samplingRate, String(facts.samplingRate));
  add(ownAttributes.rejected, rejected);
  addTags(headers, facts.tags);
  return headers;
}

/**
 * Servers refuse a request whose headers are too long, Node from 16 KiB on: tags that would bring the headers
 * beyond this are left out, and `ce-mdctags` tells how many, bytes.
 */
const maxHeaderBytes = 8 * 1024;

/** A header for each tag whose name can be one; what the headers have already stays. */
function addTags(headers: Record<string, string>, tags: string | undefined): void {
  const entries = tagsOf(tags);
  const taken = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  let bytes = Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0);
  let leftOut = 0;
  for (const [tag, text] of entries) {
    const name = `${attributePrefix}${tag.toLowerCase().replaceAll(/[^!#$%&'*+.^_`|~0-9a-z-]/g, "")}`;
    if (name === attributePrefix || taken.has(name)) continue;
    const value = headerValue(text);
    bytes += name.length + value.length + 4;
    if (bytes > maxHeaderBytes) {
      leftOut++;
      continue;
    }
    taken.add(name);
    headers[name] = value;
  }
  if (leftOut > 0) headers[`${attributePrefix}${ownAttributes.tags}`] = `${leftOut} left out`;
}

function tagsOf(tags: string | undefined): readonly (readonly [string, string])[] {
  if (tags === undefined) return [];
  try {
    const parsed = JSON.parse(tags) as object;
    return Object.entries(parsed).map(([name, value]) => [
      name,
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
  } catch {
    // Too long for limits.maxStringBytes, so it was cut.
    return [[ownAttributes.tags, tags]];
  }
}

function wholeSeconds(micros: bigint): number {
  return Math.floor(Number(micros / 1000n) / 1000);
}
