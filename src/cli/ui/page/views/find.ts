import type { Found, FoundGroup } from "../../answers.ts";
import { ask, type Params } from "../ask.ts";
import { cellTable } from "../cells.ts";
import { announce, awaited, bdi, type Child, h, scrollable } from "../dom.ts";
import { amountText, countText, placeText, timeText } from "../format.ts";
import { badFilesNotice, linkTo, type View } from "../parts.ts";

const maxRows = 200;

/** Rows by value or text, in all collections. */
export function findView(params: URLSearchParams, signal: AbortSignal): View {
  const asked: Params = {
    where: params.getAll("where"),
    text: params.get("text") ?? undefined,
    collection: params.getAll("collection"),
    endpoint: params.get("endpoint") ?? undefined,
    deployment: params.get("deployment") ?? undefined,
    from: params.get("from") ?? undefined,
    to: params.get("to") ?? undefined,
  };
  const isAsked = [...params.values()].some((value) => value !== "");
  const form = formOf(params);
  if (!isAsked) return { title: "Find rows", content: [form] };
  const results = awaited(
    "Searching",
    () => ask("found", { ...asked, limit: maxRows }, { signal }),
    (found) => resultsOf(found, params.get("text") ?? ""),
  );
  return { title: "Find rows", content: [form, results] };
}

/** What narrows a search. */
const within = ["collection", "endpoint", "deployment", "from", "to"];

function formOf(params: URLSearchParams): HTMLElement {
  const value = (name: string): string => params.getAll(name).join(name === "where" ? "\n" : ", ");
  const field = (name: string, label: string, hint: string): HTMLElement => {
    const id = `find-${name}`;
    return h(
      "div",
      { class: "field" },
      h("label", { for: id }, label),
      h("input", {
        id,
        name,
        value: value(name),
        autocomplete: "off",
        spellcheck: "false",
        "aria-describedby": `${id}-hint`,
      }),
      h("span", { id: `${id}-hint`, class: "note" }, hint),
    );
  };
  const where = h("textarea", {
    id: "find-where",
    name: "where",
    rows: 3,
    spellcheck: "false",
    "aria-describedby": "find-where-hint",
  });
  where.value = value("where");
  const form = h(
    "form",
    {
      class: "find",
      submit: (event) => {
        event.preventDefault();
        location.hash = linkTo("find", paramsOf(new FormData(form)));
      },
    },
    h(
      "div",
      { class: "field wide" },
      h("label", { for: "find-where" }, "Conditions, one a line"),
      where,
      h(
        "span",
        { id: "find-where-hint", class: "note" },
        "such as order_id=A-17, delay>=5, origin!=null, note~late; all of them must hold",
      ),
    ),
    field("text", "Text", "anywhere in texts, JSON and bodies; reads all of them"),
    h(
      "details",
      { class: "field wide", open: within.some((name) => params.has(name)) },
      h("summary", {}, "In which collections and times"),
      h(
        "div",
        { class: "fields" },
        field("collection", "Collections", "separated by commas; all, if none"),
        field("endpoint", "Endpoint", "all, if none"),
        field("deployment", "Deployment", "all, if none"),
        field("from", "Requests from", "UTC, such as 2026-11-22T05:30"),
        field("to", "Requests before", "UTC"),
      ),
    ),
    h("div", { class: "field" }, h("button", { type: "submit", class: "main" }, "Find")),
  );
  return form;
}

function paramsOf(form: FormData): Params {
  const text = (name: string): string => {
    const value = form.get(name);
    return typeof value === "string" ? value.trim() : "";
  };
  const list = (name: string, sign: RegExp): string[] =>
    text(name)
      .split(sign)
      .map((one) => one.trim())
      .filter((one) => one !== "");
  return {
    where: list("where", /\r?\n/),
    text: text("text"),
    collection: list("collection", /,/),
    endpoint: text("endpoint"),
    deployment: text("deployment"),
    from: text("from"),
    to: text("to"),
  };
}

function resultsOf({ groups, isMore, limit, missing, unreadable }: Found, text: string): Child[] {
  const count = groups.reduce((sum, { rows }) => sum + rows.length, 0);
  const told = isMore
    ? `The first ${countText(limit)} rows that fit; there are more. The latest partitions come first.`
    : `${amountText(count, "row")}.`;
  announce(told);
  const children: Child[] = [badFilesNotice(unreadable), h("p", { class: "facts" }, told)];
  for (const column of missing)
    children.push(h("p", { class: "notice" }, "No file has a column ", bdi(column, "mono"), "."));
  // An id is a text, too: whoever has put one there means the request.
  if (count === 0 && /^\S{1,200}$/.test(text))
    children.push(
      h("p", {}, h("a", { href: linkTo("request", { id: text }) }, "Look for a request with this id")),
    );
  for (const group of groups)
    children.push(
      h(
        "section",
        {},
        h(
          "h2",
          {},
          bdi(group.collection),
          h("span", { class: "soft" }, bdi(placeText(group)), ` · ${amountText(group.rows.length, "row")}`),
        ),
        foundTable(group),
      ),
    );
  return children;
}

/** Rows with the requests that they belong to. */
export function foundTable(group: FoundGroup): HTMLElement {
  const { ids, times } = group;
  const before = [
    {
      title: "Request",
      cell: (row: number) => {
        const id = ids[row] ?? "";
        return h("th", { scope: "row" }, h("a", { href: linkTo("request", { id }), class: "mono" }, bdi(id)));
      },
    },
    { title: "Time", cell: (row: number) => h("td", { class: "mono" }, timeText(times[row] ?? Number.NaN)) },
  ];
  return scrollable(`Rows of ${group.collection}`, cellTable(group, before), "tall rows");
}
