import type { Cell, RequestRecord } from "../../answers.ts";
import { ask } from "../ask.ts";
import { longCell, type WholeOf } from "../cells.ts";
import { bdi, type Child, h } from "../dom.ts";
import { bytesText, numberText } from "../format.ts";

/** Whether a record is a request or response of HTTP, as payload logging stores it. */
export function isMessage({ columns, rows }: RequestRecord): boolean {
  return rows.length === 1 && columns.includes("http_headers") && columns.includes("body_size");
}

/** Columns that the card shows in its own way. */
const shownApart: ReadonlySet<string> = new Set([
  ...["http_method", "http_path", "http_query", "http_route", "http_status", "http_headers", "outcome"],
  ...["content_type", "content_encoding", "body", "body_bytes", "body_size", "body_truncated"],
  ...["body_ref", "first_byte_ms", "duration_ms"],
]);

/** A request or a response: its line, facts, headers, and its body, to be read. */
export function messageCard({ columns, rows: [row = []] }: RequestRecord, whole: WholeOf): HTMLElement {
  const cell = (name: string): Cell => row[columns.indexOf(name)] ?? { kind: "none", text: "" };
  const text = (name: string): string => cell(name).text;
  const others = columns.flatMap((name, i) => {
    const one = row[i];
    return shownApart.has(name) || one === undefined || one.kind === "none" ? [] : [[name, one] as const];
  });
  const headers = cell("http_headers");
  return h(
    "div",
    { class: "message" },
    firstLine(text),
    h("p", { class: "facts" }, ...factsOf(text).map((fact) => h("span", {}, fact))),
    headers.kind !== "none" &&
      h("details", {}, h("summary", {}, "Headers"), longCell(headers, whole(0, "http_headers"))),
    bodyOf(cell, whole),
    others.length > 0 &&
      h(
        "dl",
        { class: "list" },
        ...others.flatMap(([name, one]) => [
          h("dt", {}, bdi(name)),
          h("dd", {}, longCell(one, whole(0, name))),
        ]),
      ),
  );
}

function firstLine(text: (name: string) => string): HTMLElement {
  const [method, status, query] = [text("http_method"), text("http_status"), text("http_query")];
  if (method !== "")
    return h(
      "p",
      { class: "line mono" },
      h("strong", {}, method),
      " ",
      bdi(text("http_path")),
      query !== "" && bdi(`?${query.replace(/^\?/, "")}`, "soft"),
    );
  const outcome = text("outcome");
  const failed = Number(status) >= 400 || (outcome !== "" && outcome !== "complete");
  return h(
    "p",
    { class: "line mono" },
    h("strong", { class: failed ? "bad" : undefined }, status === "" ? "no status" : status),
    " ",
    outcome,
  );
}

function factsOf(text: (name: string) => string): string[] {
  const time = (name: string, what: string): string =>
    text(name) === "" ? "" : `${what} ${numberText(Number(text(name)))} ms`;
  return [
    text("content_type"),
    text("content_encoding"),
    text("body_size") === "" ? "" : bytesText(Number(text("body_size"))),
    time("first_byte_ms", "first byte after"),
    time("duration_ms", "took"),
  ].filter((fact) => fact !== "");
}

function bodyOf(cell: (name: string) => Cell, whole: WholeOf): Child {
  const cut =
    cell("body_truncated").text === "true" &&
    h("p", { class: "note" }, "The body was cut when it was logged.");
  for (const name of ["body", "body_bytes"])
    if (cell(name).kind !== "none") return h("div", {}, longCell(cell(name), whole(0, name)), cut);
  const ref = cell("body_ref").text;
  if (ref === "")
    return cell("body_size").text === "0"
      ? h("p", { class: "soft" }, "no body")
      : h("p", { class: "soft" }, "no body was stored");
  return asideBody(ref, cell("content_encoding").text, cell("body_size").text);
}

/** A body that stands beside the collection, fetched when somebody wants to see it. */
function asideBody(ref: string, encoding: string, size: string): HTMLElement {
  const place = h("div", {});
  const button = h(
    "button",
    {
      type: "button",
      click: () => {
        button.disabled = true;
        ask("body", { ref, encoding, size }, { signal: new AbortController().signal }).then(
          ({ cell }) => place.replaceChildren(longCell(cell)),
          (error: unknown) =>
            place.append(
              h(
                "p",
                { class: "alert", role: "alert" },
                error instanceof Error ? error.message : String(error),
              ),
            ),
        );
      },
    },
    `Show the body, ${bytesText(Number(size))}`,
  );
  place.append(h("p", { class: "note" }, "Stored aside, at ", bdi(ref, "mono")), button);
  return place;
}
