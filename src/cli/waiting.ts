import { listSpooled, type SpooledSegment } from "../operator/spool-inspection.ts";
import type { DeploymentConfig } from "../config/deployment-config.ts";
import type { CommandInput } from "./command.ts";
import { inEach, spoolFoldersOf, spoolOf } from "./spool-folder.ts";
import { ageText, amountText } from "./text/value-text.ts";

/**
 * What was collected for the place that a command line names, and is not stored there yet, as lines for
 * people; none if nothing waits, or nobody can tell. With `collection`, of that one alone.
 */
export async function waitingLines(input: CommandInput, collection?: string): Promise<readonly string[]> {
  const { config, segments } = await spooledIfKnown(input);
  const waiting = segments.filter((segment) => isMeant(segment, input, collection));
  if (config === undefined || waiting.length === 0) return [];
  const frames = new Map<string, number>();
  for (const { collection: name, counts } of waiting)
    frames.set(name ?? "(unknown)", (frames.get(name ?? "(unknown)") ?? 0) + counts.frames);
  const amounts = [...frames].map(([name, count]) => `${amountText(count, "frame")} of ${name}`).join(", ");
  const folders = [...new Set(waiting.map(({ directory }) => directory))].join(" and ");
  return [`waiting in ${folders}: ${amounts}`, whenStored(waiting, config)];
}

/** Why there is nothing new under the root: where frames are posted instead, in a line, if they are. */
export function postedElsewhere(input: CommandInput): readonly string[] {
  try {
    const { format, agent } = spoolOf(input).config;
    if (format !== "azureml") return [];
    return [
      `with format azureml frames go to the Azure ML agent at ${agent.host}:${agent.port}, and none is stored here`,
    ];
  } catch {
    return [];
  }
}

interface Spooled {
  readonly config: DeploymentConfig | undefined;
  readonly segments: readonly SpooledSegment[];
}

/**
 * Nothing where this process cannot tell which spool it is, or may not look: whoever only reads needs none.
 */
async function spooledIfKnown(input: CommandInput): Promise<Spooled> {
  try {
    const deployment = spoolOf(input);
    return { config: deployment.config, segments: await inEach(spoolFoldersOf(deployment), listSpooled) };
  } catch {
    return { config: undefined, segments: [] };
  }
}

function isMeant(segment: SpooledSegment, input: CommandInput, collection: string | undefined): boolean {
  const [endpoint, deployment] = [input.text("endpoint"), input.text("deployment")];
  return (
    // What is told beside the data, and what only profiles are made of, is not waited for.
    segment.format !== "ledger" &&
    segment.format !== "profile" &&
    segment.format !== "table" &&
    segment.format !== "unsampled" &&
    (collection === undefined || segment.collection?.toLowerCase() === collection.toLowerCase()) &&
    (endpoint === undefined || segment.endpoint === endpoint) &&
    (deployment === undefined || segment.deployment === deployment)
  );
}

/** When it becomes files. */
function whenStored(
  waiting: readonly SpooledSegment[],
  { format, rotation }: Pick<DeploymentConfig, "format" | "rotation">,
): string {
  const gone = waiting.filter(({ ownerAlive }) => !ownerAlive).length;
  if (gone > 0)
    return "their process is gone: the next one with this spool delivers them, or mdc spool drain does now";
  if (waiting.every(({ state }) => state === "open")) {
    const what = format === "azureml" ? "it is posted to the Azure ML agent" : "a file appears";
    const within = `${ageText(rotation.maxAgeMs)} after its first frame (rotation.maxAgeMs)`;
    return `${what} ${within} at the latest, or when the process ends`;
  }
  return "mdc spool ls tells why";
}
