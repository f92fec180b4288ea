import { shownText } from "../answers.ts";
import { takeToken } from "./ask.ts";
import { h } from "./dom.ts";
import { linkTo, type View } from "./parts.ts";
import { collectionView } from "./views/collection.ts";
import { columnView } from "./views/column.ts";
import { findView } from "./views/find.ts";
import { overviewView } from "./views/overview.ts";
import { requestView } from "./views/request.ts";

const views: Readonly<Record<string, (params: URLSearchParams, signal: AbortSignal) => View>> = {
  "": overviewView,
  collection: collectionView,
  column: columnView,
  find: findView,
  request: requestView,
};

let shown = new AbortController();

/** Shows the view that the URL names, in place of the one that is there. */
function show(isFirst: boolean): void {
  takeToken();
  const main = document.querySelector("main");
  const path = location.hash.replace(/^#\/?/, "");
  if (main === null) return;
  const [name = "", query = ""] = path.split("?", 2);
  shown.abort();
  shown = new AbortController();
  const view = views[name] ?? overviewView;
  const { title, content } = view(new URLSearchParams(query), shown.signal);
  const heading = h("h1", { tabindex: -1 }, h("bdi", {}, title));
  document.title = shownText(`${title} · mdc`);
  main.replaceChildren(heading, ...content);
  if (isFirst) return;
  scrollTo(0, 0);
  // Those who listen hear where they are now.
  heading.focus({ preventScroll: true });
}

/** What was typed is an id, a condition, or a text. */
function lookUp(text: string): string {
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text))
    return linkTo("request", { id: text });
  if (/^[^\s=<>~!]+\s*(=|!=|>=?|<=?|~)/.test(text)) return linkTo("find", { where: [text] });
  return linkTo("find", { text });
}

const quick = document.querySelector<HTMLInputElement>("#quick");
document.querySelector("form.quick")?.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = quick?.value.trim() ?? "";
  if (text !== "") location.hash = lookUp(text);
});
addEventListener("keydown", (event) => {
  const target = event.target;
  const isTyping =
    target instanceof HTMLInputElement ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement;
  if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  quick?.focus();
});
document.querySelector("a.skip")?.addEventListener("click", (event) => {
  // What stands behind the # is the view.
  event.preventDefault();
  document.querySelector("main")?.focus();
});
addEventListener("hashchange", () => show(false));
show(true);
