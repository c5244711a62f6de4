/**
 * Replication: keys of one region copied to others, by events, as long as they live.
 *
 * @module
 */

export { type AnswerImportOptions, answerImport } from './answer-import.js';
export { type ApplyOptions, apply } from './apply.js';
export {
  type BackfillOptions,
  backfill,
  type PlanBackfillOptions,
  planBackfill,
} from './backfill.js';
export {
  type AcceptBlockOptions,
  acceptBlock,
  type ReplicateBlockOptions,
  replicateBlock,
} from './block.js';
export {
  type CarriedOut,
  type CarryOutOptions,
  carryOut,
  type ReplicaChangeCommand,
} from './carry-out.js';
export type {
  CancelDeletionCommand,
  CommandDone,
  CommandFailed,
  CommandGone,
  CommandResult,
  ExportTr31Command,
  ImportTr31Command,
  PutAliasCommand,
  PutTagsCommand,
  ReplicaKeyCommand,
  ReplicationCommand,
  ScheduleDeletionCommand,
  SetEnabledCommand,
} from './commands.js';
export { type UncarriedKey, type UncarriedOptions, uncarried } from './coverage.js';
export {
  type DisabledPair,
  type DisableOptions,
  type DrainOptions,
  disable,
  drain,
  type ReleasedGenerations,
  type ReleaseGenerationsOptions,
  releaseGenerations,
} from './disable.js';
export type { ReplicationStep } from './draft.js';
export { type DriftFinding, type DriftOptions, type DriftStep, drift } from './drift.js';
export type { DriftRule } from './drift-rules.js';
export {
  type AliasEvent,
  digestOfAttributes,
  type EventBase,
  type EventKey,
  type KeyChangedEvent,
  type KeyCreatedEvent,
  type ReplicationEvent,
} from './events.js';
export {
  type AppliedStep,
  type ApplyStepOptions,
  applyStep,
  type NextStepOptions,
  nextStep,
} from './exchange.js';
export type { ExchangeCommand, ExchangeCommandBase, ExchangeResult } from './exchange-messages.js';
export { type InventoryItem, inventoryOf } from './inventory.js';
export {
  type AttachOptions,
  attach,
  type CreateLedgerOptions,
  createLedger,
  type LedgerOptions,
  pendingCommands,
  retry,
} from './ledger.js';
export {
  type NextGenerationOptions,
  nextGeneration,
  type PairOptions,
  pair,
} from './pair.js';
export { type PromotedReplica, type PromoteReplicaOptions, promoteReplica } from './promote.js';
export type {
  AliasedRequest,
  AliasLedgerEntry,
  CreatedKey,
  EntryWork,
  ExchangeParty,
  ExchangeStep,
  KekBits,
  KekGeneration,
  KeyChange,
  LedgerPair,
  PairRecord,
  Primary,
  Replica,
  ReplicaLedger,
  ReplicaLedgerEntry,
  ReplicaState,
  ReplicatedAlias,
  ReplicatedKey,
  ReplicationSide,
  Stamp,
  Stamped,
  StepFailure,
  UnreplicableReason,
} from './records.js';
export { type ReduceOptions, reduce } from './reduce.js';
export { type SelectedRegion, type SelectRegionOptions, selectRegion } from './select-region.js';
export { type ReplicaProblem, type ReplicationStatus, status } from './status.js';
