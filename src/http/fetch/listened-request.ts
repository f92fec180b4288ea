import { listenedStream, type StreamListener } from "./streamed-body.ts";

const readers = ["arrayBuffer", "blob", "bytes", "formData", "json", "text"] as const;
type Readers = Request & Record<(typeof readers)[number], () => Promise<unknown>>;

/** What the accessors of a request answer. */
interface Heard {
  readonly body: () => Request["body"];
  readonly used: () => boolean;
}

const key = Symbol("heard");

/**
 * The same for all requests: accessors that close over one request make a hidden class of it, which is old
 * from the start and keeps all that belongs to the request alive (see `stand-in.ts`).
 */
const accessors: PropertyDescriptorMap & ThisType<{ readonly [key]: Heard }> = {
  body: {
    configurable: true,
    get() {
      return this[key].body();
    },
  },
  bodyUsed: {
    configurable: true,
    get() {
      return this[key].used();
    },
  },
};

/**
 * Has what is read of a request's body heard by `listener`. The request stays the object that it is, whatever
 * a framework made of it (`NextRequest`): what reads its body is stood in for, by that of a request whose
 * body is the listened one. `fetch(request)` and `new Request(request)` take the body past that, unheard.
 */
export function listenToRequest(request: Request, listener: StreamListener): void {
  const { body } = request;
  if (body === null) return;
  let made: Request | undefined;
  // With nothing but what its readers need: a type tells `blob` and `formData` what they read.
  const stand = (): Request =>
    (made ??= new Request("http://localhost/", {
      method: "POST",
      headers: request.headers,
      body: listenedStream(body, listener),
      duplex: "half",
    } as RequestInit));
  const own = (name: string, descriptor: PropertyDescriptor): void => {
    Object.defineProperty(request, name, { configurable: true, ...descriptor });
  };
  const nativelyUsed = usedOf(request);
  const used = (): boolean => (made === undefined ? nativelyUsed() : made.bodyUsed);
  Object.defineProperty(request, key, { value: { body: () => stand().body, used } satisfies Heard });
  Object.defineProperties(request, accessors);
  for (const name of readers) {
    // `bytes` is not everywhere.
    if (typeof (request as Partial<Readers>)[name] !== "function") continue;
    own(name, { writable: true, value: () => (stand() as Readers)[name]() });
  }
  const clone = request.clone;
  own("clone", {
    writable: true,
    value: () => {
      if (made === undefined && nativelyUsed()) return Reflect.apply(clone, request, []) as Request;
      const half = stand().clone();
      return new Request(request.url, {
        method: request.method,
        headers: request.headers,
        signal: request.signal,
        body: half.body,
        duplex: "half",
      } as RequestInit);
    },
  });
}

/** Whether the body was read past the stand-ins. */
function usedOf(request: Request): () => boolean {
  let prototype: object | null = Object.getPrototypeOf(request) as object | null;
  while (prototype !== null) {
    const get = Object.getOwnPropertyDescriptor(prototype, "bodyUsed")?.get;
    if (get !== undefined) return () => Reflect.apply(get, request, []) as boolean;
    prototype = Object.getPrototypeOf(prototype) as object | null;
  }
  return () => false;
}
