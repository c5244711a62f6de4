/**
 * Main keys and the devices that hold them.
 *
 * @module
 */

export {
  type ArchiveFinding,
  type CreateArchiveManifestOptions,
  createArchiveManifest,
  type PlanRestoreOptions,
  planRestore,
  type RestorePlan,
  verifyArchive,
} from './archive.js';
export {
  type MarkCompromisedOptions,
  type MarkedCompromised,
  markCompromised,
} from './compromise.js';
export type { HsmEvent, HsmEventType } from './hsm/events.js';
export { type HsmOperationOptions, hsmOperation, restoreOperation } from './hsm/operation.js';
export {
  type AppliedHsmEvent,
  type ApplyHsmEventOptions,
  applyHsmEvent,
  createHsmRecord,
} from './hsm.js';
export { isDue } from './main-key.js';
export {
  type AllReceiptsOptions,
  allReceipts,
  type RetiredTokens,
  type RetireTokensOptions,
  retireTokens,
} from './region.js';
