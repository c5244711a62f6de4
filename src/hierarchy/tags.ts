/**
 * Tags of customer keys: rules about which tags a key has to have.
 *
 * @module
 */

export {
  type EvaluateTagsOptions,
  evaluateTags as evaluate,
  type TagRule,
  type Tags,
  type TagViolation,
} from './rules/tags.js';
