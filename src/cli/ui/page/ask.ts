import type {
  Body,
  Columns,
  Failure,
  Found,
  Overview,
  Profile,
  Progress,
  Request,
  Value,
  Volume,
} from "../answers.ts";

/** What is answered to each question. */
interface Answers {
  readonly overview: Overview;
  readonly volume: Volume;
  readonly columns: Columns;
  readonly profile: Profile;
  readonly found: Found;
  readonly request: Request;
  readonly value: Value;
  readonly body: Body;
}

/** How a question is asked. */
export interface Asking<Answer> {
  /** Fired when the view is left. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Whether what was answered a moment ago will do; default it does. */
  readonly isEnough?: (answer: Answer) => boolean;
}

/** Parameters; undefined leaves one out, a list gives one several times. */
export type Params = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/*
 * The token comes in the part of the URL that no browser sends, and goes out in a header that no other site
 * can set. Cookies would go to every server of this machine, whatever its port. It is kept for the other tabs
 * of this address, and is worth nothing once the server has ended.
 */
const tokenKey = "mdc-token";
let token = "";

/** Takes the token out of the URL, or what was kept of it. */
export function takeToken(): void {
  const [, given] = /^#token=([\w-]+)/.exec(location.hash) ?? [];
  try {
    if (given !== undefined) localStorage.setItem(tokenKey, given);
    token = given ?? localStorage.getItem(tokenKey) ?? "";
  } catch {
    // A browser that keeps nothing: this tab has it all the same.
    token = given ?? "";
  }
  if (given !== undefined) history.replaceState(null, "", "#/");
}

/** What was answered, so that going back takes no time; data comes, so it is good for so long. */
const known = new Map<string, { readonly answer: unknown; readonly at: number }>();
const maxAgeMs = 60_000;

/** Forgets what was answered, so that it is asked anew. */
export function forgetAnswers(): void {
  known.clear();
}

/** Asks the server. Rejects with an error for people. */
export async function ask<Name extends keyof Answers>(
  name: Name,
  params: Params,
  { signal, onProgress, isEnough = () => true }: Asking<Answers[Name]>,
): Promise<Answers[Name]> {
  const url = `/api/${name}?${queryText(params)}`;
  const before = known.get(url);
  if (
    before !== undefined &&
    performance.now() - before.at < maxAgeMs &&
    isEnough(before.answer as Answers[Name])
  )
    return before.answer as Answers[Name];
  const response = await fetch(url, { signal, headers: { Authorization: `Bearer ${token}` } }).catch(
    (error: unknown) => {
      if (signal.aborted) throw error;
      throw new Error("mdc ui does not answer any more: is it still running?");
    },
  );
  if (response.headers.get("Content-Type")?.startsWith("text/plain") === true)
    throw new Error(await response.text());
  for await (const line of linesOf(response)) {
    const said = JSON.parse(line) as { progress?: Progress; answer?: Answers[Name] } & Partial<Failure>;
    if (said.error !== undefined) throw new Error(said.error);
    if (said.progress !== undefined) onProgress?.(said.progress);
    if (said.answer === undefined) continue;
    known.set(url, { answer: said.answer, at: performance.now() });
    return said.answer;
  }
  throw new Error("mdc ui ended before it had answered");
}

/** A query as it stands in a URL. */
export function queryText(params: Params): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params))
    for (const one of Array.isArray(value) ? (value as readonly string[]) : [value as string | number])
      if (one !== undefined && one !== "") query.append(name, String(one));
  return query.toString();
}

async function* linesOf(response: Response): AsyncGenerator<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
