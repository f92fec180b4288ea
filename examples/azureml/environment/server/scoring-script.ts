import type { IncomingHttpHeaders } from "node:http";
import { pathToFileURL } from "node:url";

/** What `run` is told beside its input. */
export interface ScoringRequest {
  readonly headers: IncomingHttpHeaders;
  /** Aborted when the answer is sent, or nobody waits for it any more. */
  readonly signal: AbortSignal;
}

/** Scores an input. What it gives is sent as JSON; bytes, and a `Response`, are sent as they are. */
export type Run = (input: unknown, request: ScoringRequest) => unknown;

/** What has become of a script. */
export type ScriptState =
  | { readonly kind: "starting" }
  | { readonly kind: "ready"; readonly run: Run }
  /** `reason` is for strangers: what the script threw may tell too much, and is in the log. */
  | { readonly kind: "failed"; readonly reason: string };

/** A module that exports `run` and, if it has anything to prepare, `init`: ESM or CommonJS. */
export class ScoringScript {
  #state: ScriptState = { kind: "starting" };

  get state(): ScriptState {
    return this.#state;
  }

  /** Loads the module and has it prepare itself. Never rejects; {@link state} and the log say what came of it. */
  async start(path: string | undefined): Promise<void> {
    let step = "finding";
    try {
      if (path === undefined) throw new Error("AZUREML_ENTRY_SCRIPT is not set: which file is the script?");
      step = "loading";
      const { init, run } = exportsOf(await import(pathToFileURL(path).href));
      if (typeof run !== "function") throw new TypeError(`${path} exports no function "run"`);
      step = "init of";
      if (typeof init === "function") await init();
      this.#state = { kind: "ready", run: run as Run };
    } catch (error) {
      const reason = `${step} the scoring script failed`;
      console.error(`${reason}:`, error);
      this.#state = { kind: "failed", reason: `${reason}; the container's log says why` };
    }
  }
}

interface ScriptExports {
  readonly init?: unknown;
  readonly run?: unknown;
  readonly default?: ScriptExports;
}

/** Of a CommonJS module, what it exports may stand in `default` alone. */
function exportsOf(module: ScriptExports): ScriptExports {
  return module.run === undefined && module.default ? module.default : module;
}
