/**
 * Serves the scoring script of an Azure Machine Learning online endpoint: the file that its deployment names as
 * `scoring_script`, which the platform mounts below `AML_APP_ROOT` and names in `AZUREML_ENTRY_SCRIPT`.
 *
 *   AML_APP_ROOT=onlinescoring AZUREML_ENTRY_SCRIPT=score.ts AZUREML_MODEL_DIR=model node environment/server/main.ts
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Collector } from "model-data-collector";
import { ScoringScript } from "./scoring-script.ts";
import { createScoringServer } from "./scoring-server.ts";

/** Milliseconds that requests have to be answered, and what was collected to be delivered, after SIGTERM. */
const [answerMs, deliverMs] = [15_000, 10_000];

const { AML_APP_ROOT: folder = ".", AZUREML_ENTRY_SCRIPT: name, PORT: port = "8080" } = process.env;
const script = new ScoringScript();
const server = createScoringServer(script).listen(Number(port));
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop());

// It listens before the script is ready: the probes are to be answered while a model is being loaded.
await once(server, "listening");
console.log(`listening on http://localhost:${(server.address() as AddressInfo).port}`);
await script.start(name === undefined ? undefined : resolve(folder, name));

async function stop(): Promise<void> {
  server.close();
  await Promise.race([once(server, "close"), sleep(answerMs)]);
  try {
    // Whatever its name, it speaks for all that this process has collected.
    await new Collector({ name: "model_inputs" }).flush({ deadlineMs: deliverMs });
    console.log("what was collected is delivered");
  } catch (error) {
    console.error("not all that was collected is delivered:", error);
  }
  // Timers and connections that the script may have left open are not waited for.
  process.exit(0);
}
