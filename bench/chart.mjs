/**
 * Draws a chart of a result.
 *
 * node bench/chart.mjs bench/results/name.json     writes bench/results/name.svg
 */

import { readFileSync, writeFileSync } from 'node:fs';

const ROWS = ['re-wrap D→D, plain header', 're-wrap D→D, stored form', 're-wrap B→B'];
const CONTENDERS = {
  straightforward: ['node:crypto, straightforward', '#c9c4bb'],
  noble: ['@noble/ciphers, call by call', '#c9c4bb'],
  tuned: ['node:crypto, tuned', '#8d8678'],
  typescript: ['keyblock/bulk, TypeScript', '#2f6f8f'],
  'wasm-simd': ['keyblock/bulk, WebAssembly', '#1d4e68'],
  'native AES': ['keyblock/bulk, native AES', '#8fb8c9'],
};

const WIDTH = 820;
const LABELS = 220;
const LINE = 22;
const BAR = 15;
const FIGURES = 60;

const [file] = process.argv.slice(2);
if (file?.endsWith('.json') !== true) throw new Error('which result? node bench/chart.mjs x.json');
const report = JSON.parse(readFileSync(file, 'utf8'));
const target = file.replace(/\.json$/, '.svg');
writeFileSync(target, draw(report));
console.log(target);

function draw({ environment, results }) {
  const rows = ROWS.map((name) => results.bulk.rows.find((row) => row.name === name));
  const longest = Math.max(
    ...rows.flatMap(({ versus }) => Object.values(versus.tuned).map(({ median }) => median)),
  );
  const scale = (WIDTH - LABELS - FIGURES) / longest;
  const parts = [];
  let y = 34;
  for (const { name, versus } of rows) {
    y += 14;
    parts.push(text({ x: 8, y: y + 12, weight: 600 }, name));
    y += LINE;
    for (const [contender, [label, colour]] of Object.entries(CONTENDERS)) {
      const ratio = versus.tuned[contender]?.median;
      if (ratio === undefined) continue;
      const length = Math.max(1, ratio * scale).toFixed(1);
      parts.push(
        text({ x: LABELS - 8, y: y + 12, anchor: 'end' }, label),
        `<rect x="${LABELS}" y="${y}" width="${length}" height="${BAR}" fill="${colour}"/>`,
        text({ x: LABELS + Number(length) + 6, y: y + 12 }, formatRatio(ratio)),
      );
      y += LINE;
    }
  }
  const height = y + 34;
  const { cpu, node } = environment;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img"`,
    '  font-family="system-ui, sans-serif" font-size="13" fill="#222">',
    '<title>Re-wrapping key blocks: rate as a multiple of node:crypto, tuned</title>',
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    text({ x: 8, y: 22, weight: 700 }, 'Re-wrapping: rate as a multiple of node:crypto, tuned'),
    ...parts,
    text(
      { x: 8, y: height - 10, colour: '#666' },
      `One thread, medians of ratios in one process. Node ${node}, ${cpu}.`,
    ),
    '</svg>',
    '',
  ].join('\n');
}

function text({ x, y, anchor = 'start', weight = 400, colour }, content) {
  const fill = colour === undefined ? '' : ` fill="${colour}"`;
  const attributes = `x="${x}" y="${y}" text-anchor="${anchor}" font-weight="${weight}"${fill}`;
  return `<text ${attributes}>${escapeText(content)}</text>`;
}

function escapeText(content) {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

function formatRatio(ratio) {
  return `${ratio < 10 ? ratio.toFixed(ratio < 1 ? 2 : 1) : ratio.toFixed(0)} ×`;
}
