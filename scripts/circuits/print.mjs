/** Prints programs over planes as TypeScript. */

/** Longer expressions get a name, so that no line is longer than the formatter wants it. */
const LONGEST = 36;
const LONGEST_STORED = 72;

/**
 * The statements of one program: a value that is used once becomes a part of the expression that
 * uses it, others get names.
 *
 * @param program - What `src/bulk/circuits/programs.ts` makes.
 * @param regions - For every region, how an element of it is written: an array and an offset.
 * @param prefix - What the names of values begin with.
 */
export function printSteps({ steps }, regions, prefix = 'v') {
  const lines = [];
  const uses = countUses(steps);
  const stores = steps.filter(({ op }) => op === 'store');
  const changed = new Set(stores.map(({ region }) => region));
  const isStored = new Set(stores.map(({ value }) => value));
  /** For every value its text, and the operator of that if it has to be put in parentheses. */
  const values = [];
  let names = 0;

  for (const [index, step] of steps.entries()) {
    if (step.op === 'store') {
      lines.push(`${printElement(regions, step)} = ${values[step.value].text};`);
      continue;
    }
    const value = printValue(step, values, regions);
    // What is loaded later than it says must not have been overwritten.
    const stays = step.op === 'load' && changed.has(step.region) && !isReplaced(steps, index);
    const longest = isStored.has(index) ? LONGEST_STORED : LONGEST;
    if (step.op === 'constant' || (uses[index] === 1 && value.text.length <= longest && !stays)) {
      values[index] = value;
    } else if (uses[index] > 0) {
      const name = `${prefix}${names++}`;
      lines.push(`const ${name} = ${value.text};`);
      values[index] = { text: name };
    }
  }
  return lines;
}

/** Whether an element is loaded, changed and stored in three steps. */
function isReplaced(steps, index) {
  const [load, , store] = steps.slice(index, index + 3);
  return (
    store?.op === 'store' &&
    store.value === index + 1 &&
    store.region === load.region &&
    store.index === load.index
  );
}

function printValue(step, values, regions) {
  const operand = (index, ...unparenthesized) => {
    const { text, op } = values[index];
    return op === undefined || unparenthesized.includes(op) ? text : `(${text})`;
  };
  switch (step.op) {
    case 'load':
      return { text: `${printElement(regions, step)} as number`, op: 'as' };
    case 'constant':
      return { text: printWord(step.word) };
    case '~':
      return { text: `~${operand(step.value)}`, op: undefined };
    case '<<':
    case '>>>':
      return { text: `${operand(step.value)} ${step.op} ${step.by}`, op: step.op };
    default: {
      const { op, left, right } = step;
      return { text: `${operand(left, op)} ${op} ${operand(right)}`, op };
    }
  }
}

function countUses(steps) {
  const uses = steps.map(() => 0);
  for (const { op, left, right, value } of steps) {
    for (const operand of op === 'load' ? [] : [left, right, value]) {
      if (operand !== undefined) uses[operand]++;
    }
  }
  return uses;
}

function printElement(regions, { region, index }) {
  const { array, offset } = regions[region];
  const text = offset === undefined ? index : index === 0 ? offset : `${offset} + ${index}`;
  return `${array}[${text}]`;
}

function printWord(word) {
  return word < 0 ? String(word) : `0x${word.toString(16).padStart(8, '0')}`;
}

/** A function around statements, inside of another one. */
export function printFunction(signature, lines, { doc } = {}) {
  return indent([
    ...(doc === undefined ? [] : [`/** ${doc} */`]),
    `function ${signature}: void {`,
    ...indent(lines),
    '}',
  ])
    .join('\n')
    .concat('\n');
}

export function indent(lines) {
  return lines.map((line) => (line === '' ? '' : `  ${line}`));
}
