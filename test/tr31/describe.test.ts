import fc from 'fast-check';
import { describeKeyBlock, type FieldDescription, wrapKey } from 'keyblock/tr31';
import { describe, expect, it } from 'vitest';
import vectors from '../vectors/tr31.json' with { type: 'json' };
import { anyWrapping, optionalBlockText } from './arbitraries.js';
import { refusal, type UnwrapCase } from './vector-cases.js';

// What the README says of the file; the compiler sees no more than strings.
const valid = (vectors as readonly UnwrapCase[]).filter(
  (one) => one.kind === 'unwrap' && one.expect === 'valid',
);

/** A text with room behind the header for payload and MAC of version D. */
function textWith(header: string): string {
  const length = String(header.length + 4 + 64).padStart(4, '0');
  return `${header.slice(0, 1)}${length}${header.slice(1)}${'0'.repeat(64)}`;
}

/** The fields by their names. */
function fieldsOf(keyBlock: string): Map<string, FieldDescription> {
  return new Map(describeKeyBlock(keyBlock).map((field) => [field.name, field]));
}

/** The meaning of one field, the fields of the standard being as given. */
function meaningOf(header: string, name: string): string | undefined {
  return fieldsOf(textWith(header)).get(name)?.meaning;
}

/** Fields as name, text, meaning and clause of X9.143. */
function rows(keyBlock: string): string[][] {
  return describeKeyBlock(keyBlock).map(({ name, text, meaning, clause }) => [
    name,
    text,
    meaning,
    clause.replace('X9.143 ', ''),
  ]);
}

/** Every character once, in order. */
function expectWholeText(keyBlock: string): void {
  const fields = describeKeyBlock(keyBlock);
  let at = 0;
  for (const { offset, length, text } of fields) {
    expect(offset).toBe(at);
    expect(text).toBe(keyBlock.slice(offset, offset + length));
    at += length;
  }
  expect(at).toBe(keyBlock.length);
}

describe('describeKeyBlock', () => {
  it('describes the example of TR-31:2018 A.7.3.1', () => {
    const keyBlock =
      'C0096B0TX12S0100KS1800604B120F9292800000BFB9B689CB567E66FC3FEE5AD5F52161FC6545B9D60989015D02155C';
    expect(rows(keyBlock)).toEqual([
      ['version ID', 'C', 'TDES key variant binding (2010), deprecated', '6.2'],
      ['key block length', '0096', '96 characters', '6.2'],
      ['key usage', 'B0', 'base derivation key (BDK)', '6.3.1'],
      ['algorithm', 'T', 'triple DES', '6.3.2'],
      ['mode of use', 'X', 'derive keys', '6.3.3'],
      ['key version number', '12', 'version 12', '6.3.4'],
      ['exportability', 'S', 'sensitive: exportable in other forms too', '6.3.5'],
      ['number of optional blocks', '01', '1', '6.2'],
      ['key context', '0', 'storage or exchange, decided by the wrapping key', '6.2'],
      ['reserved', '0', 'not used', '6.2'],
      [
        'KS initial key serial number (TDES DUKPT)',
        'KS1800604B120F9292800000',
        '00604B120F9292800000',
        '6.3.6.8',
      ],
      [
        'encrypted payload',
        'BFB9B689CB567E66FC3FEE5AD5F52161FC6545B9D6098901',
        '24 bytes: length, key, any padding',
        '6.4',
      ],
      ['MAC', '5D02155C', '4 bytes over header and payload', '6.4'],
    ]);
    expect(describeKeyBlock(keyBlock).some(({ finding }) => finding !== undefined)).toBe(false);
  });

  it('describes the example of X9.143 8.2, and what is wrong with it', () => {
    const keyBlock =
      'D0192C0AVA1N0300KS08VM9ATS1A2018-06-18T20:42:39.22PB0E00000000005FDAFA00A1E84F599C2EB51A1F7A767D5E42314F0E84A3FC1A7B84C1DE81114659E6306AD544208F68F15602BD3E12DA0C7F9FC551F1C8E6385FAFC1F7B499F5';
    const fields = describeKeyBlock(keyBlock);
    expect(rows(keyBlock).slice(10, 13)).toEqual([
      [
        'KS initial key serial number (TDES DUKPT)',
        'KS08VM9A',
        'data not in the format of this ID',
        '6.3.6.8',
      ],
      [
        'TS time stamp of the key block',
        'TS1A2018-06-18T20:42:39.22',
        'data not in the format of this ID',
        '6.3.6.14',
      ],
      ['PB padding block', 'PB0E0000000000', 'fills the last cipher block', '6.3.6.11'],
    ]);
    expect(fields.map(({ finding }) => finding?.rule).filter((rule) => rule)).toEqual([
      'optional-block-data',
      'optional-block-data',
    ]);
    expect(fields[10]?.finding).toMatchObject({ offset: 16, code: 'INVALID_OPTIONAL_BLOCK' });
    expect(fields[11]?.finding).toMatchObject({ offset: 24 });
  });

  // Data by the catalogue of X9.143 6.3.6, each in words.
  it.each([
    ['AL', '0100', 'ephemeral', '6.3.6.1'],
    ['AL', '0101', 'static', '6.3.6.1'],
    ['BI', '00FFFF987654', 'TDES DUKPT, FFFF987654', '6.3.6.2'],
    ['BI', '011234ABCD', 'AES DUKPT, 1234ABCD', '6.3.6.2'],
    ['CT', '00MAMCAQU=', 'X.509, 5 bytes', '6.3.6.3'],
    ['CT', '02000008MAMCAQU=010004/w==', 'X.509, 5 bytes; EMV, 1 bytes', '6.3.6.3'],
    ['DA', '01P0AENM6TGE', 'P0 A E N; M6 T G E', '6.3.6.4'],
    ['FL', 'any', 'any', '6.3.6'],
    ['HM', '21', 'SHA-256', '6.3.6.5'],
    ['IK', '1234567890123456', '1234567890123456', '6.3.6.6'],
    ['KC', '000169E3', '0169E3, legacy', '6.3.6.7'],
    ['KP', '012331550BC9', '2331550BC9, CMAC', '6.3.6.7'],
    ['KV', 'v1.0', 'v1.0', '6.3.6.9'],
    ['LB', 'a label', 'a label', '6.3.6.10'],
    ['PA', '', '', '6.3.6'],
    ['PK', '00ABCDEF', 'ABCDEF, legacy', '6.3.6.12'],
    ['TC', '20190717181929Z', '20190717181929Z', '6.3.6.13'],
    ['TS', '2020-08-18T19:20:30.22Z', '2020-08-18T19:20:30.22Z', '6.3.6.14'],
    ['WP', '000', 'never under a weaker key', '6.3.6.15'],
    ['WP', '001', 'once under a weaker key', '6.3.6.15'],
    ['WP', '002', 'once under an asymmetric key', '6.3.6.15'],
    ['WP', '003', 'once under a weaker key and under an asymmetric key', '6.3.6.15'],
    ['10', 'IBMC', 'IBMC', '6.3.6'],
    ['ZZ', 'what', 'what', '6.3.6'],
    ['HM', '99', 'data not in the format of this ID', '6.3.6.5'],
  ])('describes %s with the data %j as %j', (id, data, meaning, clause) => {
    const block = optionalBlockText({ id, data });
    const filler = 'x'.repeat(15 - ((block.length + 3) % 16));
    const padding = optionalBlockText({ id: 'PB', data: filler });
    const [field] = describeKeyBlock(textWith(`DB3AX00E0200${block}${padding}`)).slice(10);
    expect(field).toMatchObject({ text: block, meaning, clause: `X9.143 ${clause}` });
    expect(field?.name.slice(0, 3)).toBe(`${id} `);
  });

  it.each([
    ['version ID', 'DP0AE00E0000', 'AES key derivation binding, CBC'],
    ['version ID', 'EP0AE00E0000', 'AES key derivation binding, CTR (ISO 20038)'],
    ['key usage', 'DV2AC00E0000', 'PIN verification key, Visa PVV'],
    ['key usage', 'DZZAC00E0000', 'not a value of the standard'],
    ['algorithm', 'DP0JE00E0000', 'HMAC with SHA-3 (ISO 20038)'],
    ['algorithm', 'DP09E00E0000', 'not a value of the standard'],
    ['mode of use', 'DP0AB00E0000', 'encrypt and decrypt, wrap and unwrap'],
    ['mode of use', 'DP0AN00E0000', 'no special restriction, or not applicable'],
    ['mode of use', 'DP0AG00E0000', 'generate MACs only; usual with P0: B, D, E'],
    ['mode of use', 'D10AG00E0000', 'generate MACs only'],
    ['mode of use', 'DP0A100E0000', 'not a value of the standard; usual with P0: B, D, E'],
    ['key version number', 'DP0AE00E0000', 'not used'],
    ['key version number', 'DP0AEA1E0000', 'version A1'],
    ['key version number', 'DP0AEc2E0000', 'key component 2'],
    ['exportability', 'DP0AE00N0000', 'not exportable'],
    ['exportability', 'DP0AE00X0000', 'not a value of the standard'],
    ['number of optional blocks', 'DP0AE00E0000', '0'],
    ['key context', 'DP0AE00E0020', 'exchange only'],
    ['key context', 'DP0AE00E0030', 'not a value of the standard'],
    ['reserved', 'DP0AE00E0003', 'unknown'],
  ])('says of %s in %s: %s', (name, header, meaning) => {
    expect(meaningOf(header, name)).toBe(meaning);
  });

  it('shows beside each field the first rule that it breaks', () => {
    const text = textWith(`DZZZ1caX0233LB1c${'q'.repeat(24)}PB04`);
    const keyBlock = `${text.slice(0, -64)}${'a'.repeat(32)}${'b'.repeat(32)}`;
    const findings = [...fieldsOf(keyBlock)].map(([name, { finding }]) => [name, finding?.rule]);
    expect(findings).toEqual([
      ['version ID', undefined],
      ['key block length', undefined],
      ['key usage', 'unknown-attribute'],
      ['algorithm', 'unknown-attribute'],
      ['mode of use', 'unknown-attribute'],
      ['key version number', 'unknown-attribute'],
      ['exportability', 'unknown-attribute'],
      ['number of optional blocks', undefined],
      ['key context', 'unknown-attribute'],
      ['reserved', 'unknown-attribute'],
      ['LB label', 'lower-case-hex'],
      ['PB padding block', undefined],
      ['encrypted payload', 'lower-case-hex'],
      ['MAC', undefined],
    ]);
  });

  it('covers every character of every valid vector', () => {
    expect(valid).toHaveLength(115);
    for (const { keyBlock } of valid) expectWholeText(keyBlock);
  });

  it('covers every character of any block', () => {
    fc.assert(
      fc.property(anyWrapping, ({ kbpk, key, header }) => {
        const keyBlock = wrapKey({ kbpk, key, header, allow: ['version-a-or-c'] });
        expectWholeText(keyBlock);
        const ids = describeKeyBlock(keyBlock)
          .slice(10, -2)
          .map(({ text }) => text.slice(0, 2));
        expect(ids.filter((id) => id !== 'PB')).toEqual(header.optionalBlocks.map(({ id }) => id));
      }),
    );
  });

  it.each<[unknown, Parameters<typeof refusal>]>([
    [undefined, ['INVALID_ARGUMENT', 'keyBlock']],
    [{}, ['INVALID_ARGUMENT', 'keyBlock']],
    ['', ['INVALID_LENGTH', 'keyBlock', 0]],
    ['D0112P0AE00E0000', ['INVALID_LENGTH', 'keyBlockLength', 1]],
    ['00072P0TE00E0000', ['UNSUPPORTED', 'versionId', 0]],
  ])('rejects %j', (keyBlock, [code, field, offset]) => {
    expect(() => describeKeyBlock(keyBlock as string)).toThrow(refusal(code, field, offset));
  });
});
