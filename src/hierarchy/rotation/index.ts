/**
 * Rotation of main keys: copy, verify all, switch by one write, wait for readers, clean up. Every
 * step can be repeated, undone before its time, and told again from the records alone.
 *
 * @module
 */

export { type Applied, type ApplyOptions, apply } from './apply.js';
export {
  type CleanupApplyOptions,
  type CleanupOutcome,
  type CleanupResult,
  type CleanupRunOptions,
  type CleanupTask,
  cleanupApply,
  cleanupRun,
  cleanupTasks,
} from './cleanup.js';
export { abort, pause, resume } from './control.js';
export type { EngineOptions } from './engine.js';
export { type ExposedKey, type ImpactOptions, impact } from './impact.js';
export type { RotationOptions, RotationStep } from './job.js';
export type { MainKeyRecord } from './main-key-record.js';
export type { RecordSource } from './pages.js';
export { type Planned, type PlanOptions, plan } from './plan.js';
export {
  cleanupWithPort,
  type PortBlock,
  type PortRunOptions,
  runWithPort,
  type TranslatePort,
  verifyWithPort,
} from './port.js';
export { type PromoteOptions, promote, rollback } from './promote.js';
export { type DestroyOptions, destroy, type RetireOptions, retire } from './retire.js';
export { type RotateOptions, rotate } from './rotate.js';
export type { RotateStep, RotationPass, WriteOutcome } from './rotate-steps.js';
export {
  type RewrapOutcome,
  type RewrapResult,
  type RotationFailure,
  type RunOptions,
  run,
} from './run.js';
export { type StartOptions, start } from './start.js';
export { startCleanup } from './start-cleanup.js';
export {
  type RotationBlocker,
  type RotationStatus,
  type StatusOptions,
  status,
  stragglers,
} from './status.js';
export {
  type MainKeyKcvs,
  type RewrapTask,
  type RotationItem,
  type TasksOptions,
  tasks,
} from './tasks.js';
export {
  type VerificationKind,
  type VerifyResult,
  type VerifyRunOptions,
  type VerifyTask,
  verifyRun,
  verifyTasks,
} from './verify.js';
export { type VerifyFolded, type VerifyFoldOptions, verifyFold } from './verify-fold.js';
