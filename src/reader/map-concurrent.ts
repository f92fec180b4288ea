/**
 * The results of `map` over `items`, in order, with up to `limit` calls under way: enough to hide a network's
 * latency, few enough to bound memory. When the consumer stops early, no further call is started; a failed
 * call fails the iteration.
 */
export async function* mapConcurrent<T, R>(
  items: Iterable<T>,
  limit: number,
  map: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const pending: Promise<R>[] = [];
  for (const item of items) {
    const result = map(item);
    // A later call may fail before its turn comes: without a handler that would be an unhandled rejection.
    result.catch(() => {});
    pending.push(result);
    if (pending.length >= limit) yield await (pending.shift() as Promise<R>);
  }
  for (const result of pending) yield await result;
}
