import type { Overview, Volume, VolumeSeries } from "../../answers.ts";
import { ask, forgetAnswers } from "../ask.ts";
import { volumeChart } from "../charts.ts";
import { announce, awaited, bdi, type Child, h, scrollable } from "../dom.ts";
import { amountText, binText, bytesText, countText, placeText, spanText } from "../format.ts";
import {
  badFilesNotice,
  isSamePlace,
  linkTo,
  placeParams,
  type Range,
  rangeOf,
  rangePicker,
  rowsBetween,
  sumsText,
  verdictBadge,
  type View,
} from "../parts.ts";

const maxGaps = 20;

/** All collections, with what came when, and whether it is all there. */
export function overviewView(params: URLSearchParams, signal: AbortSignal): View {
  const content = awaited(
    "Listing what is stored",
    () => ask("overview", {}, { signal }),
    (overview) => shown(overview, params, signal),
  );
  return { title: "Collections", content: [content] };
}

function shown(overview: Overview, params: URLSearchParams, signal: AbortSignal): Child[] {
  const { collections, waiting, unreadable, root, version } = overview;
  document.querySelector("#about")?.replaceChildren(`model-data-collector ${version}`);
  const range = rangeOf(collections, params.get("range"));
  const files = collections.reduce((sum, one) => sum + one.files, 0);
  const bytes = collections.reduce((sum, one) => sum + one.bytes, 0);
  const refresh = (): void => {
    forgetAnswers();
    dispatchEvent(new HashChangeEvent("hashchange"));
  };
  const head = h(
    "div",
    { class: "head" },
    h(
      "p",
      { class: "facts" },
      bdi(root, "mono"),
      h("span", {}, amountText(collections.length, "collection")),
      h("span", {}, amountText(files, "file")),
      h("span", {}, bytesText(bytes)),
    ),
    h(
      "div",
      { class: "tools" },
      range !== undefined && rangePicker(range, (name) => linkTo("", { range: name })),
      h("button", { type: "button", click: refresh }, "Refresh"),
    ),
  );
  const wait =
    waiting.length > 0 && h("div", { class: "notice" }, ...waiting.map((line) => h("p", {}, line)));
  const bad = badFilesNotice(unreadable);
  if (range === undefined)
    return [
      head,
      wait,
      bad,
      h(
        "p",
        { class: "notice" },
        "Nothing is stored here yet. What a service collects becomes a file within a minute.",
      ),
    ];
  const { from, to } = range;
  const volume = awaited(
    "Reading footers and ledgers",
    () => ask("volume", { from, to }, { signal }),
    (volume) => {
      announce(`${amountText(collections.length, "collection")}, ${range.text}`);
      return [collectionTable(collections, volume, range), gaps(volume)];
    },
  );
  return [head, wait, bad, volume];
}

function collectionTable(collections: Overview["collections"], volume: Volume, range: Range): HTMLElement {
  const axis = h(
    "span",
    { class: "ends" },
    h("span", {}, binText(volume.from, volume.binMs)),
    h("span", {}, `rows per ${spanText(volume.binMs)}`),
    h("span", {}, binText(volume.to, volume.binMs)),
  );
  // Of some there is no file, when all of their frames were dropped.
  const known = volume.series.filter((series) => !collections.some((one) => isSamePlace(series, one)));
  const rows = [...collections, ...known.map((series) => ({ ...series, files: 0, bytes: 0 }))].map((one) => {
    const series = volume.series.find((each) => isSamePlace(each, one));
    return h(
      "tr",
      {},
      h(
        "th",
        { scope: "row" },
        h(
          "a",
          { href: linkTo("collection", { ...placeParams(one), range: range.name }) },
          bdi(one.collection),
        ),
        h("span", { class: "soft" }, bdi(placeText(one))),
      ),
      h(
        "td",
        { class: "chart" },
        series === undefined
          ? h("span", { class: "soft" }, "nothing in this time")
          : volumeChart(volume, series.bins, {
              label: labelOf(series, volume),
              height: 36,
              rowsOf: ({ start }) => rowsBetween(series, start, start + volume.binMs),
            }),
      ),
      h("td", { class: "number" }, series === undefined ? "0" : countText(series.rows)),
      h("td", {}, series !== undefined && verdictBadge(series.verdict)),
      h("td", { class: "number" }, countText(one.files)),
      h("td", { class: "number" }, bytesText(one.bytes)),
    );
  });
  const titles: readonly (readonly [Child, string?])[] = [
    ["Collection"],
    [axis, "chart"],
    ["Rows", "number"],
    ["Complete?"],
    ["Files, all", "number"],
    ["Size, all", "number"],
  ];
  return scrollable(
    "Collections",
    h(
      "table",
      { class: "collections" },
      h("caption", { class: "unseen" }, `Collections, ${range.text}`),
      h(
        "thead",
        {},
        h("tr", {}, ...titles.map(([title, name]) => h("th", { scope: "col", class: name }, title))),
      ),
      h("tbody", {}, ...rows),
    ),
  );
}

function labelOf(series: VolumeSeries, { binMs }: Volume): string {
  return `${series.collection}: ${amountText(series.rows, "row")} by the ${spanText(binMs)}, ${series.verdict}; ${sumsText(series)}`;
}

/** Where something is missing, and why. */
function gaps({ series, binMs }: Volume): HTMLElement {
  const found = series.flatMap((one) =>
    one.bins.filter(({ verdict }) => verdict !== "complete").map((bin) => ({ one, bin })),
  );
  found.sort((a, b) => b.bin.start - a.bin.start);
  if (found.length === 0)
    return h(
      "p",
      { class: "notice" },
      "All that was offered in this time is stored, or was left out as configured.",
    );
  const cut = found.length > maxGaps ? `The latest ${maxGaps} of ${countText(found.length)}. ` : "";
  return h(
    "section",
    { "aria-labelledby": "gaps" },
    h("h2", { id: "gaps" }, "What is not complete"),
    h(
      "p",
      { class: "soft" },
      `${cut}Each ${spanText(binMs)} of a collection of which something is missing, or not known.`,
    ),
    scrollable(
      "Gaps",
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ...["From", "Collection", "Verdict", "Why"].map((title) => h("th", { scope: "col" }, title)),
          ),
        ),
        h(
          "tbody",
          {},
          ...found
            .slice(0, maxGaps)
            .map(({ one, bin }) =>
              h(
                "tr",
                {},
                h(
                  "td",
                  { class: "mono" },
                  h("a", { href: rowsBetween(one, bin.start, bin.start + binMs) }, binText(bin.start, binMs)),
                ),
                h("td", {}, bdi(one.collection), " ", h("span", { class: "soft" }, bdi(placeText(one)))),
                h("td", {}, verdictBadge(bin.verdict)),
                h("td", { class: "why" }, bin.reasons.join("; ")),
              ),
            ),
        ),
      ),
    ),
  );
}
