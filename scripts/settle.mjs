// For generated files that are committed: with --write the file is written, else compared.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * @param {string} path - The committed file.
 * @param {string} text - What it has to hold.
 * @param {string} advice - What to say where it does not.
 */
export function settle(path, text, advice) {
  if (process.argv.includes('--write')) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return;
  }
  const committed = existsSync(path) ? readFileSync(path, 'utf8') : '';
  if (committed === text) return;
  console.error(`${path}: ${advice}`);
  const lines = new Set(committed.split('\n'));
  const added = text.split('\n').filter((line) => !lines.has(line));
  const now = new Set(text.split('\n'));
  const removed = committed.split('\n').filter((line) => !now.has(line));
  for (const line of removed) console.error(`- ${line}`);
  for (const line of added) console.error(`+ ${line}`);
  process.exitCode = 1;
}
