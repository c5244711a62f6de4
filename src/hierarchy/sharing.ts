/**
 * Sharing of keys: who knows one.
 *
 * @module
 */

export {
  type CheckSharingOptions,
  checkSharing as check,
  type Sharing,
  type SharingFinding,
} from './rules/sharing.js';
