import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { nodePath } from "../workload.ts";

/** A process of a run that answers by messages. */
export interface TalkingChild extends AsyncDisposable {
  readonly process: ChildProcess;
  /** What it wrote on standard output and standard error so far. */
  readonly output: () => string;
  /** The next thing that it says. Rejects if it ends before. */
  heard<Message>(): Promise<Message>;
  /** Sends it a word, and gives the next thing that it says. */
  ask<Message>(word: string): Promise<Message>;
}

/** Starts a program of this folder. */
export function startTalking(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): TalkingChild {
  const child = spawn(nodePath, [join(import.meta.dirname, program), ...args], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, NODE_NO_WARNINGS: "1", ...env },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      if (output.length < 100_000) output += text;
    });
  const gone = new AbortController();
  const ended = once(child, "exit").then(() => gone.abort());
  async function heard<Message>(): Promise<Message> {
    try {
      const [message] = await once(child, "message", { signal: gone.signal });
      return message as Message;
    } catch (error) {
      throw new Error(`${program} ended: ${output}`, { cause: error });
    }
  }
  return {
    process: child,
    output: () => output,
    heard,
    ask(word) {
      const answer = heard<never>();
      child.send(word);
      return answer;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await ended;
    },
  };
}
