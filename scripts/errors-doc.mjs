// docs/errors.md, from the table that the code throws from. Reads dist, so build first.
//
//   node scripts/errors-doc.mjs            compare, exit 1 when it differs
//   node scripts/errors-doc.mjs --write    accept
import { ERROR_CODES, ERROR_FIELDS } from '../dist/errors.js';
import { RULES } from '../dist/tr31/rules.js';
import { settle } from './settle.mjs';

const page = `<!-- Generated from src/errors.ts: npm run errors -- --write -->

# Errors

Every function throws \`KeyblockError\`, and nothing else; what a function of the caller throws, such
as a generator of random bytes, comes through as it is. \`code\` says what is wrong, and is part of
the public API. \`field\` names the argument or the header field, \`offset\` the first offending
character of the text, where there is one. \`message\` is the text of the code, and after it, in
parentheses, that of the field: no input, no key material and no \`cause\`.

## Codes

${table(['code', 'message'], ERROR_CODES)}
## Fields

${table(['field', 'what it holds'], ERROR_FIELDS)}
## Rules

What strict validation refuses besides structure, MAC and payload, and interoperable validation
reports as a finding. The word of a rule lifts it: \`allow: ['lower-case-hex']\`. To learn which rule
a block breaks, look at the findings of \`parseKeyBlock\` or \`unwrapKey\` with
\`validation: 'interoperable'\`. Two words are no rules: \`version-a-or-c\` lets versions A and C be
written, \`tr31-2018-extended-length\` reads the extended length of TR-31:2018.

No rule says whether usage, algorithm and mode of use go together: of each alone the value has to be
a defined one. \`createCustomerKey\` of \`keyblock/hierarchy\` looks at the three together.

| rule | code | strict validation | what it is about |
| --- | --- | --- | --- |
${Object.entries(RULES)
  .map(
    ([name, { code, strict, message }]) => `| \`${name}\` | \`${code}\` | ${strict} | ${message} |`,
  )
  .join('\n')}
`;

settle('docs/errors.md', page, 'the errors changed: npm run errors -- --write');

function table(head, texts) {
  const rows = Object.entries(texts).map(
    ([name, text]) => `| \`${name}\` | ${text.replaceAll('|', '\\|')} |`,
  );
  return `| ${head.join(' | ')} |\n| --- | --- |\n${rows.join('\n')}\n`;
}
