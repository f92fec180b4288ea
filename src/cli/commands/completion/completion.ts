import {
  type Command,
  type CommandOptions,
  type RunnableCommand,
  UsageError,
  wordText,
} from "../../command.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { bashScript, fishScript, zshScript } from "./scripts.ts";

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/** `mdc completion`: what a shell needs to complete the others; `common` is what each of them takes. */
export function completionOf(others: readonly Command[], common: CommandOptions): RunnableCommand {
  const command: RunnableCommand = {
    name: "completion",
    summary: "write what makes bash, zsh or fish complete commands and options",
    parameters: "bash | zsh | fish",
    positionals: [1, 1],
    options: {},
    examples: ["source <(mdc completion bash)", "mdc completion fish > ~/.config/fish/completions/mdc.fish"],
    run({ positionals: [shell = ""], terminal, flag }): Promise<ExitCode> {
      if (!Object.hasOwn(scripts, shell))
        throw new UsageError(`mdc completion: expected bash, zsh or fish, got ${wordText(shell)}`);
      const lines = scripts[shell as keyof typeof scripts]([...others, command], common);
      if (flag("json")) terminal.json({ shell, script: `${lines.join("\n")}\n` });
      else for (const line of lines) terminal.out(line);
      return Promise.resolve(exitCode.ok);
    },
  };
  return command;
}
