/** What the library is meant to reach, and whether a measurement says that it does. */

const RATIOS = [
  ['re-wrap D→D, plain header, vs tuned', ['typescript', 3.5], ['wasm-simd', 11]],
  ['re-wrap D→D, stored form, vs tuned', ['typescript', 2], ['wasm-simd', 6]],
  ['re-wrap B→B, vs tuned', ['typescript', 6], ['wasm-simd', 19]],
];

/** Every goal whose section was measured: what was wanted, what was found, and the verdict. */
export function judge({ single, bulk, tdes, growth, workers, memory }) {
  const goals = [];
  const atLeast = (name, found, wanted, unit = '×') => goals.push({ name, found, wanted, unit });
  const atMost = (name, found, wanted, unit = '×') =>
    goals.push({ name, found, wanted, unit, most: true });
  if (bulk !== undefined) {
    for (const [name, ...engines] of RATIOS) {
      const row = bulk.rows.find((candidate) => name === `${candidate.name}, vs tuned`);
      for (const [engine, wanted] of engines) {
        atLeast(`${name}, ${engine}`, row.versus.tuned[engine].median, wanted);
      }
    }
    for (const [shape, engines] of Object.entries(bulk.partOfFloor)) {
      if (shape === 'D→D, stored form') continue;
      atLeast(`part of own floor, ${shape}, typescript`, engines.typescript.median, 0.65, '');
      atLeast(`part of own floor, ${shape}, wasm-simd`, engines['wasm-simd'].median, 0.32, '');
    }
  }
  if (single !== undefined) {
    const singles = { 're-wrap D': 12, 'unwrap D': 10, 'wrap D': 12, 'unwrap B': 12, 'wrap B': 12 };
    for (const [name, wanted] of Object.entries(singles)) {
      const { versus } = single.rows.find((row) => row.name === name);
      const found = versus.straightforward.keyblock.median;
      atLeast(`single ${name}, vs straightforward`, found, wanted);
    }
    for (const [version, { median }] of Object.entries(single.setUpMicroseconds)) {
      atMost(`set-up of a new KBPK, ${version}`, median, 8, ' µs');
    }
  }
  if (tdes !== undefined) {
    const { OpenSSL } = tdes.rows[0].versus;
    atLeast('TDES vs OpenSSL, typescript', OpenSSL.typescript.median, 1.8);
    atLeast('TDES vs OpenSSL, wasm-simd', OpenSSL['wasm-simd'].median, 10);
  }
  if (growth !== undefined) {
    for (const name of ['typescript', 'wasm-simd']) {
      const found = growth.longVersusShort[name].median;
      atMost(`time per byte, 9,312 characters vs 608, ${name}`, found, 1.2);
    }
  }
  if (workers !== undefined) {
    for (const [name, { passed }] of Object.entries(workers)) {
      atLeast(`two workers vs one, ${name}`, passed.ratio.median, 1.75);
    }
  }
  if (memory !== undefined) {
    for (const [name, measured] of Object.entries(memory)) {
      const millions = `${measured.rewraps / 1e6} M re-wraps`;
      atMost(`heap over ${millions}, ${name}`, measured.largestHeapInUse, 16, ' MiB');
      atMost(`its growth, ${name}`, measured.heapInUseGrowth, 0.5, ' MiB');
    }
  }
  return goals.map(({ most = false, ...goal }) => ({
    ...goal,
    bound: most ? 'at most' : 'at least',
    reached: most ? goal.found <= goal.wanted : goal.found >= goal.wanted,
  }));
}
