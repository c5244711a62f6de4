// Compiled, never run: `allow` takes every word of a rule that may be lifted, and two more.
import type { Allow, RULES } from '../../src/tr31/rules.js';

type Rules = typeof RULES;

type Liftable = {
  [Rule in keyof Rules]: Rules[Rule]['strict'] extends 'refuses unless allowed' ? Rule : never;
}[keyof Rules];

type Words = Liftable | 'version-a-or-c' | 'tr31-2018-extended-length';

/** Names what one side has and the other lacks, so that the compiler's message says it. */
type Difference<A, B> = Exclude<A, B> | Exclude<B, A>;

type Nothing<T extends never> = T;

export type NoneMissing = Nothing<Difference<Allow, Words>>;

// @ts-expect-error the check itself notices a word that is missing
export type OneMissing = Nothing<Difference<Exclude<Allow, 'key-length'>, Words>>;

// @ts-expect-error and one too many
export type OneTooMany = Nothing<Difference<Allow | 'weak-key', Words>>;

// @ts-expect-error single DES has no word
export const singleDes: Allow = 'single-des-kbpk';

// @ts-expect-error what only reports needs none
export const weakKey: Allow = 'weak-key';
