import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { readDeploymentFile } from "../../src/config/file/deployment-file.ts";
import { oneOf, type Random, randomFrom } from "../fuzz/random.ts";
import { root } from "../support/packed-project.ts";

/** What Azure's loader, or ours, understood of a deployment YAML. */
interface Meaning {
  readonly endpoint: string;
  readonly deployment: string;
  /** As a reference or, of one that is defined in place, name and version. */
  readonly model: string | readonly (string | null)[] | null;
  readonly collector: null | {
    readonly samplingRate: number | null;
    readonly rollingRate: string | null;
    /** Whether each is on, and who writes it. */
    readonly collections: Readonly<Record<string, readonly [boolean, string | null]>>;
  };
}

interface Document {
  readonly text: string;
  /** Whether the documents say that it is as both take it. */
  readonly isDocumented: boolean;
}

/** What Azure's loader passes over, or leaves to its service to refuse: see `docs/configuration.md`. */
const documented =
  /DUPLICATE_KEY|expected a name of|each name once|expected azureml:<name>|the same identity/;

/** The YAMLs of the documents, and `count` generated ones. */
export async function deploymentTexts(count: number): Promise<readonly Document[]> {
  const pages = ["README.md", "docs/configuration.md"];
  const texts = (await Promise.all(pages.map((page) => readFile(join(root, page), "utf8"))))
    .flatMap((page) => [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = ""]) => text))
    .filter((text) => text.includes("endpoint_name:"));
  if (texts.length < 2) throw new Error("README.md and docs/configuration.md show no deployment YAML");
  return [
    ...texts.map((text) => ({
      text: text.includes("instance_type") ? text : machine + text,
      isDocumented: true,
    })),
    ...Array.from({ length: count }, (_, seed) => generated(randomFrom(seed))),
  ];
}

const machine = "instance_type: Standard_F2s_v2\ninstance_count: 1\n";

/** One that both take, or, of every other, one in which something may be otherwise. */
function generated(random: Random): Document {
  const isDocumented = random(2) === 0;
  const pick = (right: readonly string[], other: readonly string[]): string =>
    oneOf(random, isDocumented || random(4) > 0 ? right : other);
  const models = [
    "azureml:late:3",
    "azureml:late@latest",
    "azureml:late",
    "azureml://registries/r/models/late/versions/7",
  ];
  const lines = [
    `endpoint_name: ${pick(["flights", "'trains-2'"], ["1e3", "5", "a b", "0o7", "yes"])}`,
    `name: ${pick(["blue"], ["12e4567", "", "blue\nname: green"])}`,
    `model: ${pick(models, ["{ name: late, version: 12e4567, path: ./m }", "azureml:a:b:c", "{ name: late, version: 1.10, path: ./m }"])}`,
    ...(random(2) === 0 ? ["tags: { team: x }", "environment_variables: { A: 1 }"] : []),
  ];
  if (random(10) === 0) return { text: `${machine}${lines.join("\n")}\n`, isDocumented };
  lines.push("data_collector:");
  const rates = ["0.5", "1", "0", "1.0", ".25"];
  const others = [
    "'0.5'",
    "' 5e-1 '",
    "5e-1",
    "1e0",
    "2",
    "-1",
    "half",
    "true",
    "",
    ".nan",
    "'1_0'",
    "'0_0.5'",
    "+1",
  ];
  if (random(2) === 0) lines.push(`  sampling_rate: ${pick(rates, others)}`);
  if (random(2) === 0) lines.push(`  rolling_rate: ${pick(["Hour", "day", "MINUTE"], ["Month", "", "5"])}`);
  if (random(4) === 0)
    lines.push(`  request_logging: ${pick(["{ capture_headers: [x-a] }", "{}"], ["{ headers: [a] }", ""])}`);
  if (random(8) > 0) {
    lines.push("  collections:");
    for (const name of new Set([
      "model_inputs",
      "request",
      pick(["model_outputs"], ["a b", "Model_Inputs", "1e3"]),
    ])) {
      lines.push(
        `    ${name}:`,
        `      enabled: ${pick(["'True'", "'False'", "'true'"], ["true", "yes", "'yes'", "", "'TRUE'"])}`,
      );
      if (random(3) === 0) lines.push(`      client_id: ${pick(["'00-11'"], ["5", "00-12", ""])}`);
      if (random(3) === 0)
        lines.push(
          `      data: ${pick(["azureml:x:1", "{ name: n, version: '1' }"], ["{ name: n, version: 1 }", ""])}`,
        );
    }
  } else if (isDocumented) lines.push("  collections: {}");
  return { text: `${machine}${lines.join("\n")}\n`, isDocumented };
}

/**
 * Has Azure's loader read them, by what runs `load_deployments.py` with a file of texts, and compares.
 * Returns what is wrong, and how many both took.
 */
export async function compareLoaders(
  documents: readonly Document[],
  folder: string,
  load: (file: string) => Promise<string>,
): Promise<{ readonly problems: readonly string[]; readonly taken: number }> {
  const file = join(folder, "deployments.json");
  await writeFile(file, JSON.stringify(documents.map(({ text }) => text)));
  const azures = JSON.parse(await load(file)) as (Meaning | null)[];
  const problems: string[] = [];
  let taken = 0;
  for (const [i, { text, isDocumented }] of documents.entries()) {
    const azure = azures[i] ?? null;
    if (azure === null) {
      if (isDocumented) problems.push(`Azure's loader refuses what is documented:\n${text}`);
      continue;
    }
    const found = ours(text, azure);
    if (typeof found === "string") {
      if (isDocumented || !documented.test(found)) problems.push(`${found}\n${text}`);
    } else if (isDeepStrictEqual(found, folded(azure))) taken++;
    else problems.push(`${JSON.stringify(found)} instead of ${JSON.stringify(azure)}\n${text}`);
  }
  return { problems, taken };
}

/** What ours makes of it, in the words of Azure's; or why it is refused. */
function ours(text: string, azure: Meaning): Meaning | string {
  try {
    const { settings } = readDeploymentFile(text, "/x/blue.yml", undefined);
    const { endpoint = "", deployment = "", modelName = null, modelVersion = null } = settings;
    const expected = azure.model;
    // Azure keeps references as they are, without prefix; what they refer to is ours to know.
    const isSame =
      typeof expected !== "string" ||
      referenceParts(expected).every((part) => [modelName, modelVersion].includes(part));
    return {
      endpoint,
      deployment,
      model:
        expected === null && modelName === null && modelVersion === null
          ? null
          : typeof expected === "string"
            ? isSame
              ? expected
              : `${modelName}, ${modelVersion}`
            : [modelName, modelVersion],
      collector: azure.collector && {
        samplingRate: settings.samplingRate ?? null,
        rollingRate: settings.rollingRate ?? null,
        collections: Object.fromEntries(
          [...(settings.collections ?? [])].map(([name, { enabled = false }]) => [name, [enabled, null]]),
        ),
      },
    };
  } catch (error) {
    return String(error);
  }
}

/** Name and version, as far as the reference has them. */
function referenceParts(reference: string): readonly string[] {
  const long = /\/models\/([^/]+)\/versions\/([^/]+)$/.exec(reference);
  const [, name = "", version = ""] =
    long ?? /^(?:azureml:)?([\w.-]+)(?::([\w.-]+)|@[\w.-]+)?$/.exec(reference) ?? [];
  return version === "" ? [name] : [name, version];
}

/** By the names that collections have in settings, and without who writes: there is one for all. */
function folded({ collector, ...rest }: Meaning): Meaning {
  const collections = Object.entries(collector?.collections ?? {});
  return {
    ...rest,
    collector: collector && {
      ...collector,
      collections: Object.fromEntries(
        collections.map(([name, [enabled]]) => [name.toLowerCase(), [enabled, null]]),
      ),
    },
  };
}
