/** Rows that are measured together, apart from all others. */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('group-child.mjs', import.meta.url));

/**
 * Measures a group in a process of its own: V8 compiles the same code worse when it has seen it with
 * more kinds of objects, and an application has few.
 *
 * @param section - The module that has the group in its `GROUPS`: a function from a name to rows.
 * @returns The rows, each with its rates, one a round, by the name of the contender.
 */
export function runGroup({ section, group, name, settings }) {
  const args = [CHILD, section, group, name, JSON.stringify(settings)];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`${group}, ${name}: ${stderr}`);
  return JSON.parse(stdout);
}
