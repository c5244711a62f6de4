/**
 * The life of a customer key: switched on and off, marked for deletion, restored, gone. Each step
 * is a change of the record, and one write.
 *
 * @module
 */

export {
  type AccountChange,
  type AccountOptions,
  type CloseAccountOptions,
  closeAccount,
  reactivateAccount,
} from './account.js';
export type { LifecycleChange, LifecycleOptions } from './change.js';
export { purge, restore, type ScheduleDeletionOptions, scheduleDeletion } from './deletion.js';
export { type SwitchOptions, start, stop } from './switch.js';
