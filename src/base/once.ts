/**
 * Runs `action` on the first call and gives every caller that same promise: `close()` is called from many
 * places.
 */
export function once<T>(action: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= action();
    return result;
  };
}
