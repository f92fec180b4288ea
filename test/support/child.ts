import { spawn } from "node:child_process";
import { join } from "node:path";

/** How a child process ended, and what it said. */
export interface ChildResult {
  /** Exit code, or null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of {@link runChild}. */
export interface ChildOptions {
  readonly cwd?: string;
  /** Added to this process's environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The child is killed after this time. Default 120 000. */
  readonly timeoutMs?: number;
}

/** Runs a program to its end, without a shell. Rejects only when it can not be started. */
export function runChild(
  program: string,
  args: readonly string[],
  { cwd, env, timeoutMs = 120_000 }: ChildOptions = {},
): Promise<ChildResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: timeoutMs,
      killSignal: "SIGKILL",
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/** Runs JavaScript or TypeScript with the Node of {@link nodeFor}. */
export function runNode(args: readonly string[], options?: ChildOptions): Promise<ChildResult> {
  return runChild(nodeFor(...args), args, options);
}

/**
 * The Node that runs the tests. A TypeScript file runs there too if that Node takes types off; if not, on the
 * project's own Node, as in npm scripts.
 */
export function nodeFor(...args: readonly string[]): string {
  const typescript = args.some((argument) => argument.endsWith(".ts")) && !process.features.typescript;
  return typescript ? ownNode : process.execPath;
}

const ownNode = join(
  import.meta.dirname,
  "../../node_modules/node/bin",
  process.platform === "win32" ? "node.exe" : "node",
);

/** Runs npm: the one that started the tests, or else the one on the path. */
export function runNpm(args: readonly string[], options?: ChildOptions): Promise<ChildResult> {
  const cli = process.env["npm_execpath"];
  if (cli?.endsWith("npm-cli.js")) return runNode([cli, ...args], options);
  // npm is a batch file on Windows, which only its command interpreter can start.
  if (process.platform === "win32") return runChild("cmd", ["/d", "/c", "npm", ...args], options);
  return runChild("npm", args, options);
}
