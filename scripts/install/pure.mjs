// Loading the package leaves the global object as it was.
import { deepEqual, equal } from 'node:assert/strict';

const before = Object.getOwnPropertyDescriptors(globalThis);
await import('keyblock');
await import('keyblock/tr31');
await import('keyblock/kcv');
await import('keyblock/bulk');
await import('keyblock/tr34');
await import('keyblock/hierarchy');
const after = Object.getOwnPropertyDescriptors(globalThis);

deepEqual(Reflect.ownKeys(after), Reflect.ownKeys(before));
for (const key of Reflect.ownKeys(before)) {
  // Node itself puts the value in the place of a getter when a global is first used.
  if ('value' in before[key]) equal(after[key].value, before[key].value, String(key));
}
