import { fork } from "node:child_process";
import { once } from "node:events";

/** A process of its own for one measurement: nothing that ran before it has warmed or littered anything. */
export interface Child {
  /** Sends one request and waits for its answer. */
  ask<Answer>(request: unknown): Promise<Answer>;
  /** Lets it end by itself, or ends it. */
  stop(): Promise<void>;
  /** Ends it without a chance to do anything. */
  kill(): Promise<void>;
}

type Reply = { readonly answer: unknown } | { readonly error: string };

/** How long a process may take for one answer, milliseconds: far more than nearly all need. */
const patienceMs = 180_000;
const farewellMs = 10_000;

/** Starts a module that calls {@link serve}. What it prints goes to stderr. */
export function startChild(module: URL, maxAnswerMs: number = patienceMs): Child {
  const child = fork(module, {
    execArgv: ["--expose-gc", "--no-warnings"],
    env: cleanEnvironment(),
    serialization: "advanced",
    stdio: ["ignore", 2, 2, "ipc"],
  });
  const ended = once(child, "exit");
  return {
    async ask<Answer>(request: unknown) {
      const signal = AbortSignal.timeout(maxAnswerMs);
      const gone = ended.then(([code, name]) => {
        throw new Error(`${module.pathname} ended (${code ?? name}) before it answered`);
      });
      child.send(request as object);
      try {
        const [reply] = (await Promise.race([once(child, "message", { signal }), gone])) as [Reply];
        if ("error" in reply) throw new Error(reply.error);
        return reply.answer as Answer;
      } catch (error) {
        child.kill("SIGKILL");
        throw error;
      }
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const timer = setTimeout(() => child.kill("SIGKILL"), farewellMs);
      if (child.connected) child.disconnect();
      await ended;
      clearTimeout(timer);
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** One request to a process that is started for it and ends with it. */
export async function askOnce<Answer>(module: URL, request: unknown, maxAnswerMs?: number): Promise<Answer> {
  const child = startChild(module, maxAnswerMs);
  try {
    return await child.ask<Answer>(request);
  } finally {
    await child.stop();
  }
}

/** In the child: answers requests, one at a time, until the parent lets it go; then calls `atEnd`. */
export function serve<Request>(
  handle: (request: Request) => Promise<unknown>,
  atEnd: () => Promise<void> = async () => {},
): void {
  process.on("message", (request: Request) => {
    handle(request).then(
      (answer) => process.send?.({ answer } satisfies Reply),
      (error: unknown) => {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        process.send?.({ error: text } satisfies Reply);
      },
    );
  });
  process.once("disconnect", () => {
    void atEnd().finally(() => process.exit());
  });
}

/** The environment without settings of ours: those of whoever measures must not reach what is measured. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = Object.entries(process.env).filter(([name]) => !/^(MDC|AZURE|AZUREML|NODE)_/.test(name));
  return Object.fromEntries(foreign);
}
