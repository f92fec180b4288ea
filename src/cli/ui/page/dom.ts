/*
 * Everything that the page shows is made here, node by node: a text is always a text, and never markup. There
 * is no other way in, and the policy that the page is served with has the browser refuse one. Nor can
 * anything hide in it: names of places and columns come as they are, for links are made of them, or from the
 * address.
 */

import { shownText } from "../answers.ts";

/** What can stand in an element. */
export type Child = Node | string | false | undefined;

/** Attributes by name; false and undefined leave one out, a function listens to the event of that name. */
export type Attributes = Readonly<
  Record<string, string | number | boolean | undefined | ((event: Event) => void)>
>;

/** An element of HTML. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  return filled(document.createElement(tag), attributes, children);
}

/** An element of SVG. */
export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled<T extends Element>(element: T, attributes: Attributes, children: readonly Child[]): T {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false && value !== undefined)
      element.setAttribute(name, value === true ? "" : attributeText(name, value));
  }
  for (const child of children) {
    if (child !== false && child !== undefined)
      element.append(typeof child === "string" ? shownText(child) : child);
  }
  return element;
}

/** What is read of an attribute is shown as texts are; what is followed or typed is as it is. */
function attributeText(name: string, value: string | number): string {
  return name === "title" || name === "aria-label" ? shownText(String(value)) : String(value);
}

/** A text from the data, kept from turning what stands around it. */
export function bdi(text: string, className?: string): HTMLElement {
  return h("bdi", { class: className }, text);
}

/** Says something to those who listen to the page. */
export function announce(text: string): void {
  document.querySelector("#status")?.replaceChildren(shownText(text));
}

/** What is there while an answer is awaited, and then the answer, or what went wrong. */
export function awaited<T>(
  what: string,
  answer: (tell: (text: string) => void) => Promise<T>,
  show: (answer: T) => Child | readonly Child[],
): HTMLElement {
  const wait = h("p", { class: "wait" }, `${what} …`);
  const place = h("div", { "aria-busy": "true" }, wait);
  const fill = (children: Child | readonly Child[]): void => {
    place.removeAttribute("aria-busy");
    place.replaceChildren();
    for (const child of Array.isArray(children) ? (children as readonly Child[]) : [children as Child])
      if (child !== false && child !== undefined) place.append(child);
  };
  answer((text) => wait.replaceChildren(shownText(`${what}: ${text} …`))).then(
    (value) => fill(show(value)),
    (error: unknown) => {
      if (error instanceof DOMException && error.name === "AbortError") return;
      fill(h("p", { class: "alert", role: "alert" }, error instanceof Error ? error.message : String(error)));
    },
  );
  return place;
}

/** A table that moves by itself when it is wider than the page. */
export function scrollable(label: string, table: HTMLElement, className = ""): HTMLElement {
  return h("div", { class: `scroll ${className}`, role: "group", "aria-label": label, tabindex: 0 }, table);
}
