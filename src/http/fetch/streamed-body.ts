/** Is told what a reader took of a stream. */
export interface StreamListener {
  /** The stream is read by `read`: in which surroundings. */
  read<T>(read: () => Promise<T>): Promise<T>;
  chunk(bytes: Uint8Array): void;
  /** All was read. */
  ended(): void;
  /** Its source failed. */
  failed(): void;
  /** The reader wants no more. */
  cancelled(): void;
}

/**
 * A stream of the same chunks. They are asked for one by one, and only when somebody reads: nothing is read
 * ahead, and nothing is held. `source` stays unlocked until then.
 */
export function listenedStream(
  source: ReadableStream<Uint8Array>,
  listener: StreamListener,
): ReadableStream<Uint8Array> {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  const pull = async (
    controller: ReadableStreamDefaultController<Uint8Array> | ReadableByteStreamController,
  ): Promise<void> => {
    try {
      reader ??= source.getReader();
      const from = reader;
      const { done, value } = await listener.read(() => from.read());
      if (done) {
        listener.ended();
        controller.close();
        // Who waits with room of his own is told by an answer of no bytes.
        if ("byobRequest" in controller) controller.byobRequest?.respond(0);
        return;
      }
      // What is no bytes makes its reader fail, as it would have without us.
      if (value instanceof Uint8Array) listener.chunk(value);
      controller.enqueue(value as Uint8Array<ArrayBuffer>);
    } catch (error) {
      listener.failed();
      controller.error(error);
    }
  };
  const cancel = (reason: unknown): Promise<void> => {
    listener.cancelled();
    return reader === undefined ? source.cancel(reason) : reader.cancel(reason);
  };
  return isByteStream(source)
    ? new ReadableStream({ type: "bytes", pull, cancel }, { highWaterMark: 0 })
    : new ReadableStream<Uint8Array>({ pull, cancel }, { highWaterMark: 0 });
}

/** Whether a stream can be read into room of its reader's own. */
function isByteStream(source: ReadableStream<Uint8Array>): boolean {
  try {
    source.getReader({ mode: "byob" }).releaseLock();
    return true;
  } catch {
    return false;
  }
}
