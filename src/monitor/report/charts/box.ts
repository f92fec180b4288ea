/*
 * Charts of shares and of time are drawn in one box, three times as wide as high, small in a line and larger
 * when it is open. Its units are coarse: with 1,000 features each digit is some kilobytes.
 */

/** The width of the box. */
export const boxWidth = 150;

/** Its height. */
export const boxHeight = 50;

/** The box as an attribute of `svg` has it, with room for strokes at its edges. */
export const viewBox: string = `0 -2 ${boxWidth} ${boxHeight + 3}`;
