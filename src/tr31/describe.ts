/**
 * Says in words what stands in a key block, character by character.
 *
 * @module
 */

import type { KeyblockErrorField } from '../errors.js';
import { requireObject } from '../primitives/bytes.js';
import {
  ALGORITHMS,
  EXPORTABILITIES,
  KEY_CONTEXTS,
  KEY_USAGES,
  lookUp,
  MODES_OF_USE,
} from './codes.js';
import { HEADER_FIELDS, type KeyBlockHeader, type ScannedHeader } from './header.js';
import { readOptionalBlock } from './optional-block-data.js';
import { hasStandardFormat, optionalBlockName } from './optional-block-formats.js';
import type { OptionalBlockData } from './optional-block-types.js';
import type { ScannedBlock } from './optional-blocks.js';
import { type ScannedKeyBlock, scanKeyBlock } from './parse.js';
import { type AllowOptions, type Finding, readReportOnly } from './rules.js';
import { VERSIONS } from './versions.js';

/** One field of a key block, for people to read. */
export interface FieldDescription {
  /** Name of the field; an optional block by its ID and name. */
  readonly name: string;
  /** Offset of its first character. */
  readonly offset: number;
  /** Number of its characters. */
  readonly length: number;
  /** The characters themselves. */
  readonly text: string;
  /** What they mean. */
  readonly meaning: string;
  /** Clause of X9.143. */
  readonly clause: string;
  /** The first rule that the field breaks, if any. */
  readonly finding?: Finding | undefined;
}

/**
 * Describes every field of a key block: what stands where, and what it means. Needs no key, and
 * says nothing about authenticity.
 *
 * @param keyBlock - The whole block.
 * @param options - `allow` for the extended length of TR-31:2018.
 * @returns The fields in the order of the text; together they cover every character.
 * @throws {@link KeyblockError} the codes of `parseKeyBlock` in interoperable validation.
 *
 * @example
 * ```ts
 * import { describeKeyBlock } from 'keyblock';
 *
 * const fields = describeKeyBlock(
 *   'A0072P0TE00E0000F5161ED902807AF26F1D62263644BD24192FDB3193C730301CEE8701',
 * );
 * fields[2]?.name; // 'key usage'
 * fields[2]?.meaning; // 'PIN encryption key'
 * ```
 */
export function describeKeyBlock(
  keyBlock: string,
  options: AllowOptions = {},
): readonly FieldDescription[] {
  requireObject(options, 'options');
  const parts = scanKeyBlock(keyBlock, readReportOnly(options));
  return [
    ...fixedFields(keyBlock, parts),
    ...parts.scanned.blocks.map((block) => optionalBlockField(keyBlock, block, parts.findings)),
    ...binaryFields(keyBlock, parts),
  ];
}

/** Name and clause of each fixed field, and how its meaning is found. */
const FIXED_FIELDS: Readonly<
  Record<
    (typeof HEADER_FIELDS)[number]['name'],
    readonly [
      name: string,
      clause: string,
      meaning: (scanned: ScannedHeader, text: string) => string,
    ]
  >
> = {
  versionId: ['version ID', '6.2', ({ header }) => VERSIONS[header.versionId].meaning],
  keyBlockLength: ['key block length', '6.2', (_, text) => `${text.length} characters`],
  keyUsage: ['key usage', '6.3.1', ({ header }) => meaningOf(KEY_USAGES, header.keyUsage)],
  algorithm: ['algorithm', '6.3.2', ({ header }) => meaningOf(ALGORITHMS, header.algorithm)],
  modeOfUse: ['mode of use', '6.3.3', ({ header }) => modeMeaning(header)],
  keyVersionNumber: ['key version number', '6.3.4', ({ header }) => versionMeaning(header)],
  exportability: [
    'exportability',
    '6.3.5',
    ({ header }) => meaningOf(EXPORTABILITIES, header.exportability),
  ],
  optionalBlockCount: ['number of optional blocks', '6.2', ({ blocks }) => `${blocks.length}`],
  keyContext: ['key context', '6.2', ({ header }) => meaningOf(KEY_CONTEXTS, header.keyContext)],
  reserved: ['reserved', '6.2', ({ reserved }) => (reserved === '0' ? 'not used' : 'unknown')],
};

function fixedFields(text: string, { scanned, findings }: ScannedKeyBlock): FieldDescription[] {
  return HEADER_FIELDS.map(({ name: field, offset, length }) => {
    const [name, clause, meaning] = FIXED_FIELDS[field];
    return {
      name,
      offset,
      length,
      text: text.slice(offset, offset + length),
      meaning: meaning(scanned, text),
      clause: `X9.143 ${clause}`,
      finding: findings.find((finding) => isAbout(finding, field)),
    };
  });
}

/** A block that is missing has no place of its own: their number is where it would show. */
function isAbout({ field, offset }: Finding, name: KeyblockErrorField): boolean {
  if (name !== 'optionalBlockCount') return field === name;
  return field === name || (field === 'optionalBlocks' && offset === undefined);
}

function optionalBlockField(
  text: string,
  block: ScannedBlock,
  findings: readonly Finding[],
): FieldDescription {
  const { id, offset, end } = block;
  const { name, clause } = optionalBlockName(id);
  return {
    name: `${id} ${name}`,
    offset,
    length: end - offset,
    text: text.slice(offset, end),
    meaning: blockMeaning(block),
    clause: `X9.143 ${clause}`,
    finding: findings.find(
      (finding) => finding.field === 'optionalBlocks' && finding.offset === offset,
    ),
  };
}

function binaryFields(
  text: string,
  { scanned, version, findings }: ScannedKeyBlock,
): FieldDescription[] {
  const { headerLength } = scanned;
  const { macLength } = version;
  const macOffset = text.length - 2 * macLength;
  const payloadMeaning = `${(macOffset - headerLength) / 2} bytes: length, key, any padding`;
  const macMeaning = `${macLength} bytes over header and payload`;
  return (
    [
      ['payload', 'encrypted payload', headerLength, macOffset, payloadMeaning],
      ['mac', 'MAC', macOffset, text.length, macMeaning],
    ] as const
  ).map(([field, name, offset, end, meaning]) => ({
    name,
    offset,
    length: end - offset,
    text: text.slice(offset, end),
    meaning,
    clause: 'X9.143 6.4',
    finding: findings.find((finding) => finding.field === field),
  }));
}

function meaningOf(
  table: Readonly<Record<string, { readonly meaning: string }>>,
  code: string,
): string {
  return lookUp(table, code)?.meaning ?? 'not a value of the standard';
}

/** The mode, and a word where it is unusual: that is advice and never a finding. */
function modeMeaning({ keyUsage, modeOfUse }: KeyBlockHeader): string {
  const meaning = meaningOf(MODES_OF_USE, modeOfUse);
  const usual = lookUp(KEY_USAGES, keyUsage)?.modes;
  if (usual === undefined || modeOfUse === 'N' || usual.includes(modeOfUse)) return meaning;
  return `${meaning}; usual with ${keyUsage}: ${[...usual].join(', ')}`;
}

function versionMeaning({ keyVersionNumber }: KeyBlockHeader): string {
  if (keyVersionNumber === '00') return 'not used';
  const [first, second] = keyVersionNumber;
  return first === 'c' ? `key component ${second}` : `version ${keyVersionNumber}`;
}

function blockMeaning(block: ScannedBlock): string {
  if (block.id === 'PB') return 'fills the last cipher block';
  if (!hasStandardFormat(block)) return 'data not in the format of this ID';
  const known = optionalBlockName(block.id).name !== 'unknown ID';
  return known ? contentMeaning(readOptionalBlock(block)) : block.data;
}

/** The typed data of an optional block in words. */
function contentMeaning(content: OptionalBlockData): string {
  switch (content.id) {
    case 'AL':
      return content.life;
    case 'BI':
      return `${content.dukpt} DUKPT, ${content.identifier}`;
    case 'CT':
      return content.certificates
        .map(({ format, certificate }) => `${format}, ${certificate.length} bytes`)
        .join('; ');
    case 'DA':
      return content.derivations
        .map((d) => `${d.keyUsage} ${d.algorithm} ${d.modeOfUse} ${d.exportability}`)
        .join('; ');
    case 'HM':
      return content.hash;
    case 'IK':
      return content.initialKeyId;
    case 'KC':
    case 'KP':
    case 'PK':
      return `${content.kcv}, ${content.method === 'cmac' ? 'CMAC' : 'legacy'}`;
    case 'KS':
      return content.keySerialNumber;
    case 'KV':
      return content.keyBlockValues;
    case 'LB':
      return content.label;
    case 'TC':
    case 'TS':
      return content.time;
    case 'WP':
      return pedigreeMeaning(content.weaker, content.asymmetric);
    default:
      return content.text;
  }
}

function pedigreeMeaning(weaker: boolean, asymmetric: boolean): string {
  const once = [
    ...(weaker ? ['under a weaker key'] : []),
    ...(asymmetric ? ['under an asymmetric key'] : []),
  ];
  return once.length === 0 ? 'never under a weaker key' : `once ${once.join(' and ')}`;
}
