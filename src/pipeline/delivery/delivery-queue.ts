import type { BodiesFirst } from "./bodies/bodies-first.ts";
import type { DeliveryTask } from "./delivery-task.ts";

/** The segments that are `waiting`, in the order in which they are tried. */
export class DeliveryQueue {
  readonly #bodies: BodiesFirst;
  readonly #sent: DeliveryTask[] = [];
  /** What is only profiled is sent nowhere, and so waits for no destination. */
  readonly #unsampled: DeliveryTask[] = [];

  constructor(bodies: BodiesFirst) {
    this.#bodies = bodies;
  }

  /** One that has come; and one that is tried again after all others. */
  add(task: DeliveryTask): void {
    if (task.label.format === "unsampled") this.#unsampled.push(task);
    else this.#sent.push(task);
  }

  /**
   * Those that are tried again. Of what is sent by frames, what came before others is to arrive before them.
   */
  addAgain(tasks: readonly DeliveryTask[]): void {
    const isFirst = ({ label }: DeliveryTask): boolean => label.format === "azureml";
    this.#sent.unshift(...tasks.filter(isFirst));
    for (const task of tasks) if (!isFirst(task)) this.add(task);
  }

  /** The next one; undefined if all have to wait. `isPaused`: nothing can be sent now. */
  take(isPaused: boolean): DeliveryTask | undefined {
    return this.#unsampled.shift() ?? (isPaused ? undefined : this.#bodies.take(this.#sent));
  }
}
