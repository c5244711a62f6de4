// A little colour for terminals that show it, and none anywhere else.
import { styleText } from 'node:util';

const colourful = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
const paint = (style) => (text) => (colourful ? styleText(style, text) : text);

export const bold = paint('bold');
export const dim = paint('gray');
export const green = paint('green');
export const red = paint('red');
export const yellow = paint('yellow');

/** Shortens a text in the middle. */
export function cut(text, length) {
  if (text.length <= length) return text;
  const half = Math.floor((length - 1) / 2);
  return `${text.slice(0, length - 1 - half)}…${text.slice(-half)}`;
}
