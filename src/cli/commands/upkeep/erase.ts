import { randomBytes } from "node:crypto";
import { systemClock } from "../../../base/time/clock.ts";
import { allOf } from "../../../layout/filter/filter.ts";
import { parseWhere } from "../../../layout/filter/where.ts";
import { systemColumns } from "../../../layout/system-columns.ts";
import { erase, type ErasedFile } from "../../../upkeep/erase.ts";
import { remainsOf } from "../../../upkeep/remains.ts";
import { type CommandInput, type RunnableCommand, UsageError } from "../../command.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { whereOf, whereOption } from "../../options/where-option.ts";
import type { Terminal } from "../../terminal.ts";
import { amountText } from "../../text/value-text.ts";
import { waitingLines } from "../../waiting.ts";
import { confirm, yesOption } from "./confirm.ts";
import { upkeepOptions, withStore } from "./with-store.ts";

/** `mdc erase`: the rows of somebody. */
export const eraseCommand: RunnableCommand = {
  name: "erase",
  summary: "take somebody's rows out of all files, and tell which objects are gone",
  parameters: "(--where <condition> | --id <correlation id>) [--whole-requests] [--dry-run] [--yes]",
  positionals: [0, 0],
  options: {
    ...whereOption,
    id: { type: "string", value: "<correlation id>", description: "all rows of this request" },
    "whole-requests": {
      type: "boolean",
      description: "and all other rows of the requests that these rows belong to",
    },
    ...upkeepOptions,
    ...yesOption,
  },
  examples: [
    "mdc erase --where user_id=A-17 --whole-requests --dry-run",
    "mdc erase --where user_id=A-17 --whole-requests --yes",
  ],
  async run(input): Promise<ExitCode> {
    const [where, id] = [whereOf(input), input.text("id")];
    if ((where === undefined) === (id === undefined) || id === "")
      throw new UsageError("mdc erase: expected --where or --id (mdc erase --help)");
    const { name } = systemColumns.correlationId;
    const filter = allOf(parseWhere(where ?? { [name]: { equals: id ?? "" } }, "--where"));
    if (filter === undefined) throw new UsageError("mdc erase: expected --where or --id (mdc erase --help)");
    const key = randomBytes(16).toString("hex");
    const asked = id === undefined ? input.texts("where").join(" ") : `${name}=${id}`;
    return await withStore(input, async (store, scope) => {
      const now = systemClock.now();
      const options = { ...scope, filter, asked, key, now, wholeRequests: input.flag("whole-requests") };
      const found = await erase(store, { ...options, dryRun: true });
      const going = found.filter(({ status }) => status === "found");
      const isTaken = !scope.dryRun && going.length > 0;
      const question = `${amountOf(going)} would go for good.`;
      if (isTaken && !(await confirm(input, question))) return exitCode.ok;
      const erased = isTaken ? await erase(store, options) : found;
      const values = input.texts("where").map((text) => text.replace(/^[^=<>!~]*[=<>!~]+/, ""));
      const remains = await remainsOf(store, scope, values);
      const gone = erased.filter(({ status }) => status === "erased");
      const subjectKey = gone.length > 0 ? key : null;
      if (input.flag("json")) input.terminal.json({ key: subjectKey, files: erased, remains });
      else show(erased, input.terminal);
      await tell(input, remains, gone.length > 0 ? key : undefined);
      return erased.some(({ status }) => status === "busy" || status === "unfit")
        ? exitCode.data
        : exitCode.ok;
    });
  },
};

function show(erased: readonly ErasedFile[], terminal: Terminal): void {
  const said = { erased: "gone", found: "would go", busy: "left: run it again", unfit: "left" } as const;
  for (const { path, status, rows, bodies, reason } of erased) {
    const why = reason === undefined ? "" : `: ${reason}`;
    terminal.out(`${path}: ${amountText(rows, "row")}: ${said[status]}${why}`);
    if (status === "erased" || status === "found")
      for (const body of bodies) terminal.out(`${body}: ${said[status]}`);
  }
  terminal.err(amountOf(erased.filter(({ rows }) => rows > 0)));
}

function amountOf(files: readonly ErasedFile[]): string {
  const rows = files.reduce((sum, one) => sum + one.rows, 0);
  return `${amountText(rows, "row")} in ${amountText(files.length, "file")}`;
}

/** What an erasure does not reach. */
async function tell(input: CommandInput, remains: readonly string[], key: string | undefined): Promise<void> {
  const { terminal } = input;
  for (const path of remains)
    terminal.err(`mdc: the value is still in ${path}, which holds values of columns`);
  const waiting = await waitingLines(input);
  if (waiting.length > 0) {
    terminal.err(
      "mdc: what waits in the spool was not looked at: drain it (mdc spool drain) and run this again",
    );
    for (const line of waiting) terminal.err(line);
  }
  if (key !== undefined)
    terminal.err(`the record has a hash of what was asked, by the key ${key}: keep it to prove it`);
}
