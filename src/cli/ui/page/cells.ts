import type { Cell, CellTable } from "../answers.ts";
import { bdi, type Child, h } from "./dom.ts";
import { amountText, bytesText } from "./format.ts";
import { prettyJson } from "./json-text.ts";

/** How the whole of a value is asked for. */
export type WholeOf = (row: number, column: string) => () => Promise<Cell>;

/** Characters of JSON that is laid out: beyond, a page of so many parts is slow. */
const maxPretty = 400_000;

/** A value in a table. */
export function shortCell(cell: Cell): HTMLElement {
  const numeric = cell.kind === "number" || cell.kind === "time";
  return h("td", { class: numeric ? "number" : cell.kind === "none" ? "none" : undefined }, ...textOf(cell));
}

function textOf(cell: Cell): Child[] {
  switch (cell.kind) {
    case "none":
      return [h("span", { class: "unseen" }, "no value")];
    case "bytes":
      return [h("span", { class: "soft" }, bytesText(cell.size ?? 0))];
    default: {
      const cut =
        cell.size === undefined
          ? undefined
          : h("span", { class: "soft" }, ` … ${amountText(cell.size, "character")}`);
      return [h("bdi", { title: cell.text }, cell.text), cut];
    }
  }
}

/** A value by itself: JSON by members, texts with their lines, bytes in hexadecimal. */
export function longCell(cell: Cell, more?: () => Promise<Cell>): HTMLElement {
  if (cell.kind === "none") return h("span", { class: "soft" }, "no value");
  const isPlain = cell.size === undefined && cell.text.length < 80 && !cell.text.includes("\n");
  if (isPlain && cell.kind !== "json" && cell.kind !== "bytes") return bdi(cell.text, "value");
  const place = h("div", { class: "long" });
  const fill = (shown: Cell): void => {
    const isPart = shown.size !== undefined && (shown.kind !== "bytes" || shown.text.length < shown.size * 2);
    place.replaceChildren(bodyOf(shown));
    const facts = [
      shown.read !== undefined && shown.kind !== "bytes" ? `read as ${shown.read}` : "",
      shown.kind === "bytes" ? `${bytesText(shown.size ?? 0)}, in hexadecimal` : "",
      isPart ? partText(shown) : "",
    ].filter((fact) => fact !== "");
    if (facts.length > 0)
      place.append(
        h(
          "p",
          { class: "note" },
          facts.join("; "),
          isPart && more !== undefined && shown === cell && moreButton(more, fill),
        ),
      );
  };
  fill(cell);
  return place;
}

function partText({ kind, text, size = 0 }: Cell): string {
  if (kind === "bytes") return `the first ${bytesText(text.length / 2)}`;
  return `the first ${amountText(text.length, "character")} of ${amountText(size, "character")}`;
}

function moreButton(more: () => Promise<Cell>, show: (cell: Cell) => void): HTMLElement {
  const button = h(
    "button",
    {
      type: "button",
      class: "small",
      click: () => {
        button.disabled = true;
        more().then(show, (error: unknown) => {
          button.disabled = false;
          button.replaceChildren(error instanceof Error ? error.message : String(error));
        });
      },
    },
    "Show all of it",
  );
  return button;
}

function bodyOf(cell: Cell): HTMLElement {
  const json = cell.kind === "json" && cell.text.length <= maxPretty ? prettyJson(cell.text) : undefined;
  const content = json ?? (cell.kind === "bytes" ? hexLines(cell.text) : cell.text);
  const label = cell.kind === "json" ? "JSON" : cell.kind === "bytes" ? "Bytes" : "Text";
  return h("pre", { tabindex: 0, role: "group", "aria-label": label, dir: "auto" }, content);
}

/** Sixteen bytes a line. */
function hexLines(hex: string): string {
  return (hex.match(/.{1,32}/g) ?? []).map((line) => (line.match(/../g) ?? []).join(" ")).join("\n");
}

/** Rows under their columns' names, with more columns before them. */
export function cellTable(
  { columns, rows }: CellTable,
  before: readonly { readonly title: string; cell(row: number): HTMLElement }[] = [],
): HTMLTableElement {
  const numeric = columns.map((_, i) =>
    rows.every((row) => ["number", "time", "none"].includes(row[i]?.kind ?? "none")),
  );
  return h(
    "table",
    {},
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        ...before.map(({ title }) => h("th", { scope: "col" }, title)),
        ...columns.map((name, i) =>
          h("th", { scope: "col", class: numeric[i] === true ? "number" : undefined }, bdi(name)),
        ),
      ),
    ),
    h(
      "tbody",
      {},
      ...rows.map((row, i) => h("tr", {}, ...before.map(({ cell }) => cell(i)), ...row.map(shortCell))),
    ),
  );
}
