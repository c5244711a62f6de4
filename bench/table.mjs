/** Results as text: Markdown tables, which a terminal shows as well. */

/** Everything that was measured, section by section, and the goals. */
export function formatResults({ environment, quick, goals, results }) {
  const { cpu, processors, os, node } = environment;
  const sections = [`Node ${node}, ${processors} × ${cpu}, ${os}`];
  if (quick) sections.push('A quick run shows that everything runs. Quote no figure of it.');
  const add = (title, ...tables) => sections.push(`## ${title}`, ...tables.flat());
  const { single, bulk, tdes, growth, 'warm-up': warmUp, workers, memory } = results;
  if (single !== undefined) {
    const setUp = Object.entries(single.setUpMicroseconds).map(
      ([version, summary]) => `${version} ${formatSpread(summary)}`,
    );
    add('One operation a call', single.rows.map(formatRow));
    sections.push(`Set-up of a new KBPK, µs: ${setUp.join(', ')}`);
  }
  if (bulk !== undefined) {
    add('Many key blocks a call', bulk.rows.map(formatRow));
    sections.push(
      formatTable([
        ['part of own floor', ...Object.keys(Object.values(bulk.partOfFloor)[0])],
        ...Object.entries(bulk.partOfFloor).map(([name, engines]) => [
          name,
          ...Object.values(engines).map(formatSpread),
        ]),
      ]),
      formatTable([
        ['best rate of blocks', 'M/s'],
        ...Object.entries(bulk.blockRates).map(([name, { median }]) => [
          name,
          formatNumber(median / 1e6),
        ]),
      ]),
      formatTable([
        ['as a multiple of none', 'one in eight altered', 'one in eight malformed'],
        ...Object.entries(bulk.alteredVersusSound).map(([name, altered]) => [
          name,
          formatSpread(altered),
          formatSpread(bulk.malformedVersusSound[name]),
        ]),
      ]),
    );
  }
  if (tdes !== undefined) add('Triple DES, 16 KiB a call', tdes.rows.map(formatRow));
  if (growth !== undefined) {
    const names = Object.keys(growth.rows[0].nanosecondsPerByte);
    const ours = Object.keys(growth.longVersusShort);
    add(
      'Longer keys: ns for every byte of the key',
      formatTable([
        ['characters', 'bytes of key', ...names, ...ours.map((name) => `${name} / tuned`)],
        ...growth.rows.map(({ keyBlockLength, keyLength, nanosecondsPerByte, versus }) => [
          keyBlockLength,
          keyLength,
          ...names.map((name) => formatNumber(nanosecondsPerByte[name].median)),
          ...ours.map((name) => formatSpread(versus.tuned[name])),
        ]),
      ]),
    );
    const ratios = Object.entries(growth.longVersusShort).map(
      ([name, ratio]) => `${name} ${formatSpread(ratio)}`,
    );
    sections.push(`9,312 characters against 608, time per byte: ${ratios.join(', ')}`);
  }
  if (warmUp !== undefined) {
    const counts = Object.keys(warmUp.tuned.milliseconds);
    add(
      'A process that has just started',
      formatTable([
        [
          'contender',
          'µs each, first 1,000',
          ...counts.map((n) => `ms for ${n}`),
          'ahead of tuned',
          'ahead of rewrapKey',
        ],
        ...Object.entries(warmUp).map(([name, measured]) => [
          name,
          formatSpread(measured.microsecondsEachOfFirst1000),
          ...counts.map((n) => formatNumber(measured.milliseconds[n])),
          formatAhead(measured.aheadAfter.tuned),
          formatAhead(measured.aheadAfter.rewrapKey),
        ]),
      ]),
    );
  }
  if (workers !== undefined) {
    add(
      'Worker threads, K blocks/s by wall clock',
      formatTable([
        ['engine', 'one', 'two', 'two / one', 'two / one, nothing passed'],
        ...Object.entries(workers).map(([name, { passed, kept }]) => [
          name,
          formatNumber(passed.one.median / 1000),
          formatNumber(passed.two.median / 1000),
          formatSpread(passed.ratio),
          formatSpread(kept.ratio),
        ]),
      ]),
    );
  }
  if (memory !== undefined) {
    add(
      'Memory, MiB',
      formatTable([
        ['engine', 're-wraps', 'heap', 'after collection', 'its growth', 'resident, growth'],
        ...Object.entries(memory).map(([name, measured]) => [
          name,
          measured.rewraps,
          formatNumber(measured.largestHeap),
          formatNumber(measured.largestHeapInUse),
          formatNumber(measured.heapInUseGrowth),
          formatNumber(measured.residentGrowth),
        ]),
      ]),
    );
  }
  if (goals.length > 0) {
    add(
      'Goals',
      formatTable([
        ['goal', 'wanted', 'found', ''],
        ...goals.map(({ name, bound, wanted, found, unit, reached }) => [
          name,
          `${bound} ${wanted}${unit}`,
          `${formatNumber(found)}${unit}`,
          reached ? 'reached' : 'MISSED',
        ]),
      ]),
    );
  }
  return sections.join('\n\n');
}

/** A line for every contender: its rate, and its rate as a multiple of some others'. */
function formatRow({ name, opsPerSecond, versus }) {
  const opponents = Object.keys(versus);
  return formatTable([
    [name, 'K/s', ...opponents.map((opponent) => `vs ${opponent}`)],
    ...Object.entries(opsPerSecond).map(([contender, { median }]) => [
      contender,
      formatNumber(median / 1000),
      ...opponents.map((opponent) =>
        opponent === contender ? '1' : formatSpread(versus[opponent][contender]),
      ),
    ]),
  ]);
}

function formatTable([header, ...lines]) {
  const rule = header.map((_, column) => (column === 0 ? '---' : '---:'));
  return [header, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function formatSpread({ median, min, max }) {
  return `${formatNumber(median)} [${formatNumber(min)}..${formatNumber(max)}]`;
}

/** Three digits are more than the measurement is good for. */
function formatNumber(number) {
  const size = Math.abs(number);
  return size < 10 ? number.toFixed(2) : size < 100 ? number.toFixed(1) : number.toFixed(0);
}

function formatAhead(blocks) {
  if (blocks === undefined) return '';
  return blocks === null ? 'never' : `after ${blocks} blocks`;
}
