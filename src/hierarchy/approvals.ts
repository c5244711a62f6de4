/**
 * Dual control: `approvals.digest` for those who consent, `approvals.require` for what they consent
 * to.
 *
 * @module
 */

export {
  type ApprovalPolicy,
  operationDigest as digest,
  type RequireApprovalsOptions,
  requireApprovals as require,
} from './rules/approvals.js';
