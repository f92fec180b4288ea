import { clearTimeout, setImmediate, setTimeout } from "node:timers";

/**
 * Timers that nobody has in hand. Node's own are such, unless fake ones were in their places when this file
 * was loaded (`mock.timers` of `node:test` and sinon put them there): then it is the engine that waits, which
 * needs no function that could be replaced.
 */
export interface Timers {
  /** Calls back once after `ms`; dispose to cancel. */
  start(callback: () => void, ms: number, keepAlive: boolean): Disposable;
  /** Calls back when the event loop has come round. Keeps the process alive until then. */
  nextTurn(callback: () => void): void;
}

const nodeTimers = (
  start: typeof setTimeout,
  stop: typeof clearTimeout,
  turn: typeof setImmediate,
): Timers => ({
  start(callback, ms, keepAlive) {
    const timer = start(callback, ms);
    // In an environment that plays a browser it is a number.
    if (!keepAlive) timer.unref?.();
    return { [Symbol.dispose]: () => stop(timer) };
  },
  nextTurn: (callback) => void turn(callback),
});

/** What `Atomics.waitAsync` gives; the types of the language's 2023 do not have it. */
type WaitAsync = (cell: Int32Array, at: number, value: number, ms: number) => { readonly value: unknown };

const engineTimers: Timers = {
  start(callback, ms, keepAlive) {
    const cell = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const { waitAsync } = Atomics as unknown as { readonly waitAsync: WaitAsync };
    const channel = keepAlive ? openChannel() : undefined;
    let due: (() => void) | undefined = callback;
    void Promise.resolve(waitAsync(cell, 0, 0, ms).value).then(() => {
      channel?.port1.close();
      due?.();
    });
    return {
      [Symbol.dispose]: () => {
        due = undefined;
        Atomics.notify(cell, 0);
      },
    };
  },
  nextTurn(callback) {
    const { port1, port2 } = openChannel(() => {
      port1.close();
      callback();
    });
    port2.postMessage(null);
  },
};

/** A channel that is listened to keeps the process alive. */
function openChannel(heard: () => void = () => {}): InstanceType<typeof MessageChannel> {
  const channel = new MessageChannel();
  channel.port1.addEventListener("message", heard);
  channel.port1.start();
  return channel;
}

/** Fake ones are bound or anonymous functions; Node's, Bun's and Deno's have their names. */
const areReal = [setTimeout, clearTimeout, setImmediate].every(
  ({ name }, at) => name === ["setTimeout", "clearTimeout", "setImmediate"][at],
);

/** The process's timers, as they were when this file was loaded, or the engine's. */
export const timers: Timers = areReal ? nodeTimers(setTimeout, clearTimeout, setImmediate) : engineTimers;
