import { type Content, html, type Markup } from "./markup.ts";

/** A column of a table. */
export interface TableColumn {
  readonly title: string;
  /** Figures stand on the right. */
  readonly isFigure?: boolean;
}

/**
 * A table whose first column heads its rows. `caption` says what it is to those who do not see where it
 * stands.
 */
export function table(
  caption: string,
  columns: readonly TableColumn[],
  rows: readonly (readonly Content[])[],
): Markup {
  const heads = columns.map(
    ({ title, isFigure }) => html`<th scope=col${isFigure === true && html` class=r`}>${title}`,
  );
  const cells = (row: readonly Content[]): Content[] =>
    row.map((cell, i) =>
      i === 0
        ? html`<th scope=row>${cell}`
        : html`<td${columns[i]?.isFigure === true && html` class=r`}>${cell}`,
    );
  return html`<div class=scroll tabindex=0 role=region aria-label="${caption}"><table><caption>${caption}</caption><thead><tr>${heads}<tbody>${rows.map(
    (row) => html`<tr>${cells(row)}`,
  )}</table></div>`;
}
