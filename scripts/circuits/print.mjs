/** Prints programs over planes as TypeScript: one statement a step. */

/**
 * The statements of one program.
 *
 * @param program - What `src/bulk/circuits/programs.ts` makes.
 * @param regions - For every region, how an element of it is written: an array and an offset.
 * @param prefix - What the names of values begin with.
 */
export function printSteps({ steps }, regions, prefix = 'v') {
  const name = (value) =>
    steps[value].op === 'constant' ? printWord(steps[value].word) : `${prefix}${value}`;
  return steps.flatMap((step, value) => {
    switch (step.op) {
      case 'load':
        return `const ${name(value)} = ${printElement(regions, step)} as number;`;
      case 'store':
        return `${printElement(regions, step)} = ${name(step.value)};`;
      case 'constant':
        return [];
      case '~':
        return `const ${name(value)} = ~${name(step.value)};`;
      case '<<':
      case '>>>':
        return `const ${name(value)} = ${name(step.value)} ${step.op} ${step.by};`;
      default:
        return `const ${name(value)} = ${name(step.left)} ${step.op} ${name(step.right)};`;
    }
  });
}

function printElement(regions, { region, index }) {
  const { array, offset, stride = 1 } = regions[region];
  const at = stride * index;
  const text = offset === undefined ? at : at === 0 ? offset : `${offset} + ${at}`;
  return `${array}[${text}]`;
}

function printWord(word) {
  return word < 0 ? String(word) : `0x${word.toString(16).padStart(8, '0')}`;
}

/** A function around statements. */
export function printFunction(signature, lines, { doc } = {}) {
  return [
    ...(doc === undefined ? [] : [`/** ${doc} */`]),
    `function ${signature}: void {`,
    ...lines.map((line) => `  ${line}`),
    '}',
    '',
  ].join('\n');
}
