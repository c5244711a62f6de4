// docs/errors.md, from the table that the code throws from. Reads dist, so build first.
//
//   node scripts/errors-doc.mjs            compare, exit 1 when it differs
//   node scripts/errors-doc.mjs --write    accept
import { ERROR_CODES, ERROR_FIELDS } from '../dist/errors.js';
import { settle } from './settle.mjs';

const page = `<!-- Generated from src/errors.ts: npm run errors -- --write -->

# Errors

Every function throws \`KeyblockError\`, and nothing else. \`code\` says what is wrong, and is part of
the public API. \`field\` names the argument or the header field, \`offset\` the first offending
character of the text, where there is one. \`message\` is the text of the code, and after it, in
parentheses, that of the field: no input, no key material and no \`cause\`.

## Codes

${table(['code', 'message'], ERROR_CODES)}
## Fields

${table(['field', 'what it holds'], ERROR_FIELDS)}`;

settle('docs/errors.md', page, 'the errors changed: npm run errors -- --write');

function table(head, texts) {
  const rows = Object.entries(texts).map(
    ([name, text]) => `| \`${name}\` | ${text.replaceAll('|', '\\|')} |`,
  );
  return `| ${head.join(' | ')} |\n| --- | --- |\n${rows.join('\n')}\n`;
}
