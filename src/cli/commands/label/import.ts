import { invalidArgument } from "../../../base/errors.ts";
import { openDeployment } from "../../../collector/deployment.ts";
import type { DeploymentOptions } from "../../../config/deployment-options.ts";
import { importLabels } from "../../../operator/labels/import-labels.ts";
import { type CommandInput, type RunnableCommand, UsageError } from "../../command.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { amountText } from "../../text/value-text.ts";

/** `mdc label import`: ground truth from a file. */
export const labelImport: RunnableCommand = {
  name: "import",
  summary: "store ground truth from a CSV, JSON lines or Parquet file; the same file again changes nothing",
  parameters: "<file> --id <column> | --key <columns>",
  positionals: [1, 1],
  options: {
    id: { type: "string", value: "<column>", description: "the column of correlation ids" },
    key: {
      type: "string",
      value: "<columns>",
      description: "the columns of a business key, separated by commas",
    },
    at: {
      type: "string",
      value: "<column>",
      description: "the column of when the truth was known; default now",
    },
    endpoint: {
      type: "string",
      value: "<name>",
      description: "of this endpoint; default as the environment says",
    },
    deployment: { type: "string", value: "<name>", description: "of this deployment" },
  },
  examples: [
    "mdc label import truth.csv --id correlation_id --endpoint flights --deployment blue",
    "mdc label import orders.parquet --key order_id --at known_at",
  ],
  async run(input): Promise<ExitCode> {
    const { terminal } = input;
    const [path = ""] = input.positionals;
    const by = subjectOf(input);
    await using deployment = await openDeployment(optionsOf(input));
    try {
      const report = await importLabels(deployment, {
        path,
        by,
        at: input.text("at"),
        onProgress: (rows) => terminal.progress(`${amountText(rows, "row")} …`),
      });
      if (input.flag("json")) terminal.json(report);
      else terminal.out(`${amountText(report.labels, "label")} of ${amountText(report.rows, "row")}`);
      if (report.leftInSpool > 0)
        terminal.err(`${amountText(report.leftInSpool, "label")} left in the spool: mdc spool ls`);
      return report.leftInSpool > 0 ? exitCode.storage : exitCode.ok;
    } catch (thrown) {
      // A row that is no label: what was asked for does not fit the file.
      throw thrown instanceof RangeError
        ? invalidArgument(new RangeError(`${path}: ${thrown.message}`))
        : thrown;
    }
  },
};

/** Where the environment says, or rather the command line. */
function optionsOf(input: CommandInput): DeploymentOptions {
  const [root, endpoint, name] = [input.text("root"), input.text("endpoint"), input.text("deployment")];
  return {
    ...(root === undefined ? {} : { destination: root }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(name === undefined ? {} : { deployment: name }),
  };
}

function subjectOf(input: CommandInput): { readonly id: string } | { readonly key: readonly string[] } {
  const [id, key] = [input.text("id"), input.text("key")?.split(",")];
  if ((id === undefined) === (key === undefined))
    throw new UsageError(
      "mdc label import: expected either --id or --key, which say what the rows are about",
    );
  if (key?.includes("") === true) throw new UsageError("--key: expected names separated by commas");
  return key === undefined ? { id: id as string } : { key };
}
