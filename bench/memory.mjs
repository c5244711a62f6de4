/** What is held after millions of re-wraps, each engine in a process of its own. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('memory-child.mjs', import.meta.url));

/** Heap and resident memory in the course of as many re-wraps in the stored form, in MiB. */
export function measureMemory({ rewraps }) {
  return Object.fromEntries(
    ['typescript', 'wasm-simd', 'native AES'].map((name) => {
      const args = ['--expose-gc', CHILD, name, String(rewraps)];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      if (status !== 0) throw new Error(`${name}: ${stderr}`);
      const samples = JSON.parse(stdout);
      const largest = (key) => Math.max(...samples.map((sample) => sample[key]));
      return [
        name,
        {
          rewraps,
          largestHeap: largest('heap'),
          largestHeapInUse: largest('heapInUse'),
          largestExternal: largest('external'),
          heapInUseGrowth: samples.at(-1).heapInUse - samples[0].heapInUse,
          residentGrowth: samples.at(-1).resident - samples[0].resident,
          samples,
        },
      ];
    }),
  );
}
