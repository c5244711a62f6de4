/**
 * What the property tests of key blocks draw from, and the formats of the standard written out a
 * second time: nothing here asks the library how a block looks.
 */

import fc from 'fast-check';
import type { KeyBlockHeader, OptionalBlock, OptionalBlockData, VersionId } from 'keyblock';

/** A KBPK that a version can use, and its strength in bits. */
export interface KbpkKind {
  readonly versionId: VersionId;
  readonly kbpkLength: number;
  readonly strength: number;
}

/** Every version with every length of KBPK that it is written under. */
export const KBPK_KINDS: readonly KbpkKind[] = [
  { versionId: 'A', kbpkLength: 16, strength: 80 },
  { versionId: 'A', kbpkLength: 24, strength: 112 },
  { versionId: 'B', kbpkLength: 16, strength: 80 },
  { versionId: 'B', kbpkLength: 24, strength: 112 },
  { versionId: 'C', kbpkLength: 16, strength: 80 },
  { versionId: 'C', kbpkLength: 24, strength: 112 },
  { versionId: 'D', kbpkLength: 16, strength: 128 },
  { versionId: 'D', kbpkLength: 24, strength: 192 },
  { versionId: 'D', kbpkLength: 32, strength: 256 },
  { versionId: 'E', kbpkLength: 16, strength: 128 },
  { versionId: 'E', kbpkLength: 24, strength: 192 },
  { versionId: 'E', kbpkLength: 32, strength: 256 },
];

/** Bytes of a cipher block of each version, and of its MAC. */
export const BLOCK_LENGTHS = { A: 8, B: 8, C: 8, D: 16, E: 16 } as const;
export const MAC_LENGTHS = { A: 4, B: 8, C: 4, D: 16, E: 16 } as const;

/** Characters 0x20 to 0x7E. */
export const PRINTABLE: readonly string[] = Array.from({ length: 0x5f }, (_, i) =>
  String.fromCharCode(0x20 + i),
);

const DIGITS = '0123456789';
const ALPHANUMERIC = `${DIGITS}ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz`;

/** So many bytes. */
export function bytesOf(length: number): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  return bytesUpTo(length, length);
}

function bytesUpTo(
  maxLength: number,
  minLength: number = 1,
): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  return fc.uint8Array({ minLength, maxLength }).map((bytes) => new Uint8Array(bytes));
}

/** A text of so many characters of an alphabet. */
export function textOf(
  alphabet: readonly string[] | string,
  minLength: number,
  maxLength: number = minLength,
): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength });
}

/** Any text at all: ASCII and beyond, lone surrogates too. */
export function anyString(maxLength: number, minLength: number = 0): fc.Arbitrary<string> {
  return fc
    .array(fc.oneof(fc.nat(0x7f), fc.nat(0xffff)), { minLength, maxLength })
    .map((codes) => String.fromCharCode(...codes));
}

/** Printable text: short and mixed, or long and repetitive. */
export function printable(maxLength: number): fc.Arbitrary<string> {
  return fc.oneof(
    textOf(PRINTABLE, 0, Math.min(maxLength, 20)),
    fc
      .tuple(textOf(PRINTABLE, 1, 5), fc.nat(maxLength))
      .map(([text, length]) => text.repeat(length).slice(0, length)),
  );
}

export function alphanumeric(length: number): fc.Arbitrary<string> {
  return textOf(ALPHANUMERIC, length);
}

function hexText(digits: number): fc.Arbitrary<string> {
  return textOf(`${DIGITS}ABCDEF`, digits);
}

/** A number in so many digits. */
function padded(min: number, max: number, digits: number = 2): fc.Arbitrary<string> {
  return fc.integer({ min, max }).map((value) => String(value).padStart(digits, '0'));
}

/** An optional block, typed and as text. */
export interface TypedBlock {
  readonly content: OptionalBlockData;
  readonly block: OptionalBlock;
}

/** Pairs a content with the data it stands for. */
function typed(content: OptionalBlockData, data: string): TypedBlock {
  return { content, block: { id: content.id, data } };
}

const HASHES = [
  ['SHA-1', '10'],
  ['SHA-224', '20'],
  ['SHA-256', '21'],
  ['SHA-384', '22'],
  ['SHA-512', '23'],
  ['SHA-512/224', '24'],
  ['SHA-512/256', '25'],
  ['SHA3-224', '30'],
  ['SHA3-256', '31'],
  ['SHA3-384', '32'],
  ['SHA3-512', '33'],
  ['SHAKE128', '40'],
  ['SHAKE256', '41'],
] as const;

const anyCertificate = fc.record({
  format: fc.constantFrom('X.509', 'EMV'),
  certificate: bytesUpTo(90),
});

type AnyCertificate = typeof anyCertificate extends fc.Arbitrary<infer C> ? C : never;

function certificateCode({ format }: AnyCertificate): string {
  return format === 'X.509' ? '00' : '01';
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function chainMember(member: AnyCertificate): string {
  const text = base64(member.certificate);
  return certificateCode(member) + text.length.toString(16).toUpperCase().padStart(4, '0') + text;
}

const anyDerivation = fc
  .tuple(alphanumeric(2), alphanumeric(1), alphanumeric(1), alphanumeric(1))
  .map(([keyUsage, algorithm, modeOfUse, exportability]) => ({
    keyUsage,
    algorithm,
    modeOfUse,
    exportability,
  }));

function anyCheckValue(id: 'KC' | 'KP' | 'PK'): fc.Arbitrary<TypedBlock> {
  const legacy = fc.constantFrom(4, 6).chain(hexText);
  const cmac = fc.constantFrom(4, 6, 8, 10).chain(hexText);
  return fc.oneof(
    legacy.map((kcv) => typed({ id, method: 'legacy', kcv }, `00${kcv}`)),
    cmac.map((kcv) => typed({ id, method: 'cmac', kcv }, `01${kcv}`)),
  );
}

/** A time in each of the four shapes. */
const anyTime: fc.Arbitrary<string> = fc
  .tuple(
    fc.tuple(padded(0, 9999, 4), padded(1, 12), padded(1, 28)),
    fc.tuple(padded(0, 23), padded(0, 59), padded(0, 59)),
    padded(0, 99),
    fc.constantFrom('basic', 'extended'),
    fc.boolean(),
  )
  .map(([date, time, hundredths, form, precise]) =>
    form === 'basic'
      ? `${date.join('')}${time.join('')}${precise ? hundredths : ''}Z`
      : `${date.join('-')}T${time.join(':')}${precise ? `.${hundredths}` : ''}Z`,
  );

/** The data of every ID of the standard but PB, by the catalogue of X9.143 6.3.6. */
const TYPED_BLOCKS: Readonly<Record<string, fc.Arbitrary<TypedBlock>>> = {
  AL: fc.constantFrom(
    typed({ id: 'AL', life: 'ephemeral' }, '0100'),
    typed({ id: 'AL', life: 'static' }, '0101'),
  ),
  BI: fc.oneof(
    hexText(10).map((identifier) =>
      typed({ id: 'BI', dukpt: 'TDES', identifier }, `00${identifier}`),
    ),
    hexText(8).map((identifier) =>
      typed({ id: 'BI', dukpt: 'AES', identifier }, `01${identifier}`),
    ),
  ),
  CT: fc.oneof(
    anyCertificate.map((one) =>
      typed(
        { id: 'CT', form: 'single', certificates: [one] },
        certificateCode(one) + base64(one.certificate),
      ),
    ),
    fc
      .array(anyCertificate, { minLength: 1, maxLength: 3 })
      .map((certificates) =>
        typed(
          { id: 'CT', form: 'chain', certificates },
          `02${certificates.map(chainMember).join('')}`,
        ),
      ),
  ),
  DA: fc
    .array(anyDerivation, { minLength: 1, maxLength: 60 })
    .map((derivations) =>
      typed(
        { id: 'DA', derivations },
        `01${derivations
          .map((d) => d.keyUsage + d.algorithm + d.modeOfUse + d.exportability)
          .join('')}`,
      ),
    ),
  FL: printable(20).map((text) => typed({ id: 'FL', text }, text)),
  HM: fc.constantFrom(...HASHES).map(([hash, code]) => typed({ id: 'HM', hash }, code)),
  IK: hexText(16).map((initialKeyId) => typed({ id: 'IK', initialKeyId }, initialKeyId)),
  KC: anyCheckValue('KC'),
  KP: anyCheckValue('KP'),
  KS: fc
    .constantFrom(16, 20)
    .chain(hexText)
    .map((keySerialNumber) => typed({ id: 'KS', keySerialNumber }, keySerialNumber)),
  KV: textOf(PRINTABLE, 4).map((keyBlockValues) =>
    typed({ id: 'KV', keyBlockValues }, keyBlockValues),
  ),
  LB: printable(600).map((label) => typed({ id: 'LB', label }, label)),
  PA: printable(20).map((text) => typed({ id: 'PA', text }, text)),
  PK: anyCheckValue('PK'),
  TC: anyTime.map((time) => typed({ id: 'TC', time }, time)),
  TS: anyTime.map((time) => typed({ id: 'TS', time }, time)),
  WP: fc
    .tuple(fc.boolean(), fc.boolean())
    .map(([weaker, asymmetric]) =>
      typed({ id: 'WP', weaker, asymmetric }, `00${Number(weaker) + 2 * Number(asymmetric)}`),
    ),
};

const anyProprietaryBlock = fc
  .tuple(fc.nat(9), fc.nat(9), printable(300))
  .map(([first, second, text]) => typed({ id: `${first}${second}` as `${number}`, text }, text)); // two digits

/** Any block of the standard but PB, or a proprietary one, typed and as text. */
export const anyTypedBlock: fc.Arbitrary<TypedBlock> = fc.oneof(
  ...Object.values(TYPED_BLOCKS),
  anyProprietaryBlock,
);

/** Up to five blocks without the named ones. */
export function anyBlocks(...without: readonly string[]): fc.Arbitrary<readonly OptionalBlock[]> {
  const rest = Object.entries(TYPED_BLOCKS).filter(([id]) => !without.includes(id));
  return fc
    .uniqueArray(fc.oneof(...rest.map(([, arbitrary]) => arbitrary), anyProprietaryBlock), {
      maxLength: 5,
      selector: ({ block }) => block.id,
    })
    .map((blocks) => blocks.map(({ block }) => block));
}

/** Formats an optional block: X9.143 6.3.6, short form or extended. */
export function optionalBlockText({ id, data }: OptionalBlock): string {
  const hex = (value: number, digits: number) =>
    value.toString(16).toUpperCase().padStart(digits, '0');
  return data.length <= 251
    ? `${id}${hex(data.length + 4, 2)}${data}`
    : `${id}0004${hex(data.length + 10, 4)}${data}`;
}

/** Formats a header with its length field, and PB where the blocks do not fill cipher blocks. */
export function headerText(header: KeyBlockHeader, keyBlockLength: number): string {
  const blockLength = BLOCK_LENGTHS[header.versionId];
  const texts = header.optionalBlocks.map(optionalBlockText);
  const length = texts.join('').length;
  if (length % blockLength !== 0) {
    let filler = 0;
    while ((length + 4 + filler) % blockLength !== 0) filler++;
    texts.push(optionalBlockText({ id: 'PB', data: '0'.repeat(filler) }));
  }
  return [
    header.versionId,
    String(keyBlockLength).padStart(4, '0'),
    header.keyUsage,
    header.algorithm,
    header.modeOfUse,
    header.keyVersionNumber,
    header.exportability,
    String(texts.length).padStart(2, '0'),
    header.keyContext,
    '0',
    ...texts,
  ].join('');
}

/** All that a wrap of a key takes. */
export interface Wrapping {
  readonly kind: KbpkKind;
  readonly kbpk: Uint8Array<ArrayBuffer>;
  readonly key: Uint8Array<ArrayBuffer>;
  readonly header: KeyBlockHeader;
}

/** A KBPK whose parts differ, so that it is as strong as it is long. */
export function anyKbpk({ kbpkLength }: KbpkKind): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  return bytesOf(kbpkLength).map((bytes) =>
    bytes.map((byte, i) => (i % 8 === 0 ? (byte & 0x0f) | (0x20 << (i >> 3)) : byte)),
  );
}

/** Key lengths of each algorithm that a KBPK is strong enough for. */
function keyLengths(algorithm: string, strength: number): fc.Arbitrary<number> {
  switch (algorithm) {
    case 'A':
      return fc.constantFrom(...[16, 24, 32].filter((length) => 8 * length <= strength));
    case 'T':
      return fc.constantFrom(...(strength < 112 ? [16] : [16, 24]));
    case 'D':
      return fc.constant(8);
    case 'I':
    case 'J':
      return fc.integer({ min: 1, max: strength < 112 ? 10 : 120 });
    default:
      return fc.integer({ min: 1, max: 120 });
  }
}

const SHA_1: OptionalBlock = { id: 'HM', data: '10' };

/** A key of any algorithm that a KBPK may protect, under a header that fits both. */
function anyWrappingOf(kind: KbpkKind, algorithm: string): fc.Arbitrary<Wrapping> {
  const isHmac = 'HIJ'.includes(algorithm);
  // Check values are to be right, so they are not drawn; HM says how strong an HMAC key is.
  const blocks = anyBlocks('KC', 'KP', ...(isHmac ? ['HM'] : []));
  return fc
    .record({
      kbpk: anyKbpk(kind),
      key: keyLengths(algorithm, kind.strength).chain(bytesOf),
      keyUsage: fc.constantFrom('B0', 'D0', 'E2', 'K0', 'M3', 'M7', 'P0', 'S0', 'V2'),
      modeOfUse: fc.constantFrom(...'BCDEGNSTVXY'),
      keyVersionNumber: fc.constantFrom('00', '01', '99', 'A1', 'c1', 'cA', 'ZZ'),
      exportability: fc.constantFrom(...'ENS'),
      keyContext: fc.constantFrom(...'012'),
      drawn: blocks,
    })
    .map(({ kbpk, key, drawn, ...fields }) => {
      const optionalBlocks = algorithm === 'H' ? [SHA_1, ...drawn] : drawn;
      // Derivations are allowed of keys of usage B3 only.
      const keyUsage = drawn.some(({ id }) => id === 'DA') ? 'B3' : fields.keyUsage;
      const { versionId } = kind;
      return {
        kind,
        kbpk,
        key,
        header: { ...fields, versionId, keyUsage, algorithm, optionalBlocks },
      };
    });
}

/** Any key that may be wrapped under a KBPK of any kind. */
export const anyWrapping: fc.Arbitrary<Wrapping> = fc
  .constantFrom(...KBPK_KINDS)
  .chain((kind) =>
    fc
      .constantFrom(...(kind.strength < 128 ? 'TDHIJRES' : 'ATDHIJRES'))
      .chain((algorithm) => anyWrappingOf(kind, algorithm)),
  );

/** A KBPK that is at least as strong as another: what went under that one may go under this. */
export function anyStrongerKind({ strength }: KbpkKind): fc.Arbitrary<KbpkKind> {
  return fc.constantFrom(...KBPK_KINDS.filter((kind) => kind.strength >= strength));
}
