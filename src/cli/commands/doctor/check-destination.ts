import { messageOf } from "../../../base/errors.ts";
import { writeFault } from "../../../base/files/files.ts";
import type { ResolvedDeployment } from "../../../config/resolve.ts";
import { credentialsOf } from "../../../collector/credentials.ts";
import type { Destination } from "../../../destination/destination.ts";
import type { S3Destination } from "../../../destination/s3-url.ts";
import { openStore } from "../../../store/open-store.ts";
import { createS3Store } from "../../../store/s3/s3-store.ts";
import { serviceTime } from "../../../store/service/service-clock.ts";
import { ObjectNotFoundError } from "../../../store/store.ts";
import { type Finding, findingsOf } from "./findings.ts";

/** Milliseconds that a destination has to answer. */
const patienceMs = 20_000;
/** A signature is refused for a clock that is further off: Azure and S3 allow 15 minutes. */
const maxSkewMs = 5 * 60_000;

/**
 * Where files go: who we are there, whether it answers, and what its clock says. Writes nothing, but what
 * tells whether a server for S3 would overwrite.
 */
export async function checkDestination(resolved: ResolvedDeployment): Promise<Finding[]> {
  const { destination } = resolved.config;
  if (destination.kind === "folder") return [await checkFolder(destination.path)];
  const store = await checkStore(resolved);
  const findings = [checkCredential(resolved), store];
  if (destination.kind === "s3" && store.state === "ok")
    findings.push(...(await checkConditions(destination)));
  const url = clockUrl(destination);
  if (url !== undefined) findings.push(await checkClock(url));
  return findings;
}

async function checkFolder(path: string): Promise<Finding> {
  const { ok, problem } = findingsOf("destination");
  const fault = await writeFault(path);
  return fault === undefined ? ok(`${path} can be written`) : problem(`${path} cannot be written (${fault})`);
}

const credentialTexts = {
  "connection-string": "a connection string",
  sas: "a shared access signature",
  token: "a token credential",
} as const;

function checkCredential({ credential, config }: ResolvedDeployment): Finding {
  const { ok } = findingsOf("credential");
  if (config.destination.kind === "s3") return ok("what AWS's own variables, files and roles say");
  const kind = credential?.reveal().kind;
  if (kind !== undefined) return ok(credentialTexts[kind]);
  return ok(config.clientId === null ? "DefaultAzureCredential" : "the managed identity of client_id");
}

/** Whoever may read is told that something is not there; nobody else is. */
async function checkStore(resolved: ResolvedDeployment): Promise<Finding> {
  const { ok, problem } = findingsOf("destination");
  const { destination, endpoint, deployment } = resolved.config;
  try {
    const store = openStore(destination, credentialsOf(resolved).proof);
    try {
      const signal = AbortSignal.timeout(patienceMs);
      await store.get(`${endpoint}/${deployment}/_schema/none`, { signal, range: { start: 0, end: 1 } });
      return ok(`${store.description} answers`);
    } catch (thrown) {
      if (thrown instanceof ObjectNotFoundError) return ok(`${store.description} answers`);
      throw thrown;
    } finally {
      await store.close();
    }
  } catch (thrown) {
    return problem(reasonOf(thrown));
  }
}

function reasonOf(thrown: unknown): string {
  const isLate = thrown instanceof DOMException && thrown.name === "TimeoutError";
  return isLate ? `no answer within ${patienceMs / 1_000} s` : messageOf(thrown);
}

/** Of AWS's own it is known that nothing is overwritten. */
async function checkConditions(destination: S3Destination): Promise<Finding[]> {
  if (destination.endpoint === null) return [];
  const { ok, problem } = findingsOf("destination");
  const store = createS3Store(destination);
  try {
    await store.checkConditions(AbortSignal.timeout(patienceMs));
    return [ok("its server keeps to If-None-Match: what is stored is not overwritten")];
  } catch (thrown) {
    return [problem(reasonOf(thrown))];
  } finally {
    await store.close();
  }
}

/** Who answers anybody, with a `Date`. */
function clockUrl(destination: Destination): string | undefined {
  if (destination.kind === "azure-blob") return destination.accountUrl;
  if (destination.kind !== "s3") return undefined;
  const { endpoint, region } = destination;
  if (endpoint !== null || region === null) return endpoint ?? "https://s3.amazonaws.com";
  return `https://s3.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}

async function checkClock(url: string): Promise<Finding> {
  const { ok, hint, problem } = findingsOf("clock");
  const before = Date.now();
  const theirs = await serviceTime(url);
  if (theirs === undefined) return hint("the destination's clock could not be asked directly");
  // Their answer is cut to the second, and was given somewhere between the two looks at ours.
  const skewMs = Math.max(0, before - theirs - 1_000, theirs - Date.now());
  const text = `this machine's clock and the destination's differ by ${Math.round(skewMs / 1_000)} s`;
  return skewMs > maxSkewMs ? problem(text) : ok(text);
}
