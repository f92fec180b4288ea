import { collectionKey } from "../../../layout/collection-key.ts";
import { isBody, isData } from "../../segment-label.ts";
import type { DeliveryTask } from "../delivery-task.ts";

/**
 * Has rows wait for the bodies that they may refer to: those of their collection that came before them. So
 * whoever finds a row finds its body, unless that came to no good. All other segments need not wait for
 * bodies, which may be large: of these one at a time is on its way.
 */
export class BodiesFirst {
  readonly #requeue: (tasks: readonly DeliveryTask[]) => void;
  /** Bodies that are not settled. */
  readonly #bodies = new Set<DeliveryTask>();
  /** What others wait for. */
  readonly #before = new Map<DeliveryTask, Set<DeliveryTask>>();

  /** `requeue` takes those that need not wait any longer, in state `parked`. */
  constructor(requeue: (tasks: readonly DeliveryTask[]) => void) {
    this.#requeue = requeue;
  }

  /** A segment has come. */
  added(task: DeliveryTask): void {
    if (isBody(task.label)) this.#bodies.add(task);
    if (!isData(task.label)) return;
    const before = [...this.#bodies].filter((body) => isOfOneCollection(body, task));
    if (before.length > 0) this.#before.set(task, new Set(before));
  }

  /** Takes the next that is to be tried out of those that wait; undefined if all of them have to. */
  take(queue: DeliveryTask[]): DeliveryTask | undefined {
    const isBusy = [...this.#bodies].some(({ state }) => state.is === "encoding" || state.is === "putting");
    const at = isBusy ? queue.findIndex(({ label }) => !isBody(label)) : 0;
    return at === -1 ? undefined : queue.splice(at, 1)[0];
  }

  /** Whether a segment may be tried now; if not, it is parked. */
  admits(task: DeliveryTask): boolean {
    if (!this.#before.has(task)) return true;
    task.enter({ is: "parked" });
    return false;
  }

  /** All is known of a segment. */
  settled(body: DeliveryTask): void {
    if (!this.#bodies.delete(body)) return;
    const free: DeliveryTask[] = [];
    for (const [task, before] of this.#before) {
      before.delete(body);
      if (before.size > 0) continue;
      this.#before.delete(task);
      if (task.state.is === "parked") free.push(task);
    }
    this.#requeue(free);
  }
}

function isOfOneCollection({ label: a }: DeliveryTask, { label: b }: DeliveryTask): boolean {
  return (
    collectionKey(a.collection) === collectionKey(b.collection) &&
    a.endpoint === b.endpoint &&
    a.deployment === b.deployment
  );
}
