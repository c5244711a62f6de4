import fc from 'fast-check';
import { fromHex, generateKey, SecretKey } from 'keyblock';
import { type TraceUnwrapOptions, traceUnwrap, unwrapKey, wrapKey } from 'keyblock/tr31';
import { describe, expect, it } from 'vitest';
import { anyWrapping, bytesOf } from './arbitraries.js';
import { refusal, thrownBy } from './vector-cases.js';

/** The steps of a trace as name and value. */
function stepsOf(kbpk: string, keyBlock: string): string[][] {
  const { steps } = traceUnwrap({ kbpk: fromHex(kbpk), keyBlock, testKey: true });
  return steps.map(({ name, value }) => [name, value]);
}

const B_KBPK = 'DD7515F2BFC17F85CE48F3CA25CB21F6';
const B_BLOCK = 'B0080P0TE00E000094B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F5341176EED7B727B8A248E';
const D_KBPK = '88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6';
const D_BLOCK =
  'D0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A27E8E31DA05F7425509593D03A457DC34';

const OPTIONS: TraceUnwrapOptions = { kbpk: fromHex(D_KBPK), keyBlock: D_BLOCK, testKey: true };

describe('traceUnwrap', () => {
  it('shows the worked example of version A, TR-31:2018 A.7.2.1', () => {
    const kbpk = '89E88CF7931444F334BD7547FC3F380C';
    const keyBlock = 'A0072P0TE00E0000F5161ED902807AF26F1D62263644BD24192FDB3193C730301CEE8701';
    expect(stepsOf(kbpk, keyBlock)).toEqual([
      ['KBPK', '89E88CF7931444F334BD7547FC3F380C'],
      ['KBEK', 'CCADC9B2D65101B671F83002B97A7D49'],
      ['KBAK', 'C4A5C1BADE5909BE79F0380AB1727541'],
      ['header', 'A0072P0TE00E0000'],
      ['MAC received', '1CEE8701'],
      ['IV', '4130303732503054'],
      ['encrypted payload', 'F5161ED902807AF26F1D62263644BD24192FDB3193C73030'],
      ['clear payload', '0080F039121BEC83D26B169BDCD5B22AAF8F720DF563BB07'],
      ['key length in bits', '0080'],
      ['key', 'F039121BEC83D26B169BDCD5B22AAF8F'],
      ['padding', '720DF563BB07'],
      ['MAC computed', '1CEE8701'],
    ]);
  });

  it('shows the worked example of version B, TR-31:2018 A.7.2.2', () => {
    expect(stepsOf(B_KBPK, B_BLOCK)).toEqual([
      ['KBPK', 'DD7515F2BFC17F85CE48F3CA25CB21F6'],
      ['CMAC(0100000000000080)', '698832F8778A7CFC'],
      ['CMAC(0200000000000080)', 'BC79559DAB07B88A'],
      ['CMAC(0100010000000080)', 'DD6CEEC1782D8453'],
      ['CMAC(0200010000000080)', '671BF8358AF9DB47'],
      ['KBEK', '698832F8778A7CFCBC79559DAB07B88A'],
      ['KBAK', 'DD6CEEC1782D8453671BF8358AF9DB47'],
      ['header', 'B0080P0TE00E0000'],
      ['MAC received', '6EED7B727B8A248E'],
      ['IV', '6EED7B727B8A248E'],
      ['encrypted payload', '94B420079CC80BA3461F86FE26EFC4A3B8E4FA4C5F534117'],
      ['clear payload', '00803F419E1CB7079442AA37474C2EFBF8B81C2965473CE2'],
      ['key length in bits', '0080'],
      ['key', '3F419E1CB7079442AA37474C2EFBF8B8'],
      ['padding', '1C2965473CE2'],
      ['MAC computed', '6EED7B727B8A248E'],
    ]);
  });

  it('shows the worked example of version D, TR-31:2018 A.7.4', () => {
    expect(stepsOf(D_KBPK, D_BLOCK)).toEqual([
      ['KBPK', D_KBPK],
      ['CMAC(0100000000040100)', '396C9382A6E2E66A088774E1D6E46541'],
      ['CMAC(0200000000040100)', 'F5EAD67D7204F8DD0D7AE8FDA334D3AC'],
      ['CMAC(0100010000040100)', '4EF24317696213840451890756757E57'],
      ['CMAC(0200010000040100)', '3E0673483888F9B7F9B7517827F95022'],
      ['KBEK', '396C9382A6E2E66A088774E1D6E46541F5EAD67D7204F8DD0D7AE8FDA334D3AC'],
      ['KBAK', '4EF24317696213840451890756757E573E0673483888F9B7F9B7517827F95022'],
      ['header', 'D0112P0AE00E0000'],
      ['MAC received', '7E8E31DA05F7425509593D03A457DC34'],
      ['IV', '7E8E31DA05F7425509593D03A457DC34'],
      ['encrypted payload', 'B82679114F470F540165EDFBF7E250FCEA43F810D215F8D207E2E417C07156A2'],
      ['clear payload', '00803F419E1CB7079442AA37474C2EFBF8B81C2965473CE206BB855B01533782'],
      ['key length in bits', '0080'],
      ['key', '3F419E1CB7079442AA37474C2EFBF8B8'],
      ['padding', '1C2965473CE206BB855B01533782'],
      ['MAC computed', '7E8E31DA05F7425509593D03A457DC34'],
    ]);
  });

  it('shows the worked example of version E, ISO 20038 B.2', () => {
    const kbpk = '3235362D62697420414553207772617070696E67202849534F20323030333829';
    const keyBlock =
      'E0084B0TV16N0000B2AE5E26BBA7F246E84D5EA24167E208A6B66EF2E27E55A52DB52F0AEACB94C57547';
    expect(stepsOf(kbpk, keyBlock)).toEqual([
      ['KBPK', kbpk],
      ['CMAC(0100020000040100)', '3A3D93E513CB591DCAC550C1554194F0'],
      ['CMAC(0200020000040100)', '8ED9676770D25B727AD628E21B85D5CC'],
      ['CMAC(0100010000040100)', '97AC0955A4B883CE77CBEA0620E8542C'],
      ['CMAC(0200010000040100)', '6DF7E9AFB4CF8F115E00D4D67FEA1E06'],
      ['KBEK', '3A3D93E513CB591DCAC550C1554194F08ED9676770D25B727AD628E21B85D5CC'],
      ['KBAK', '97AC0955A4B883CE77CBEA0620E8542C6DF7E9AFB4CF8F115E00D4D67FEA1E06'],
      ['header', 'E0084B0TV16N0000'],
      ['MAC received', '6EF2E27E55A52DB52F0AEACB94C57547'],
      ['initial counter', '6EF2E27E55A52DB52F0AEACB94C57547'],
      ['encrypted payload', 'B2AE5E26BBA7F246E84D5EA24167E208A6B6'],
      ['clear payload', '0080777261707065642033444553206B6579'],
      ['key length in bits', '0080'],
      ['key', '777261707065642033444553206B6579'],
      ['padding', ''],
      ['MAC computed', '6EF2E27E55A52DB52F0AEACB94C57547'],
    ]);
  });

  it('shows optional blocks as part of the header, TR-31:2018 A.7.3.1', () => {
    const { header, steps } = traceUnwrap({
      kbpk: fromHex('B8ED59E0A279A295E9F5ED7944FD06B9'),
      keyBlock:
        'C0096B0TX12S0100KS1800604B120F9292800000BFB9B689CB567E66FC3FEE5AD5F52161FC6545B9D60989015D02155C',
      testKey: true,
    });
    expect(header.optionalBlocks).toEqual([{ id: 'KS', data: '00604B120F9292800000' }]);
    const values = new Map(steps.map(({ name, value }) => [name, value]));
    expect(values.get('header')).toBe('C0096B0TX12S0100KS1800604B120F9292800000');
    expect(values.get('MAC computed')).toBe('5D02155C');
    expect(values.get('IV')).toBe('4330303936423054'); // C0096B0T
  });

  it('shows three CMACs a key for three-key triple DES, under the wrong KBPK, too', () => {
    const kbpk = '0123456789ABCDEFFEDCBA98765432101122334455667788';
    expect(stepsOf(kbpk, B_BLOCK).slice(1, 7)).toEqual([
      ['CMAC(01000000000100C0)', '6EF03B3737BF2FB6'],
      ['CMAC(02000000000100C0)', '90A29CC00F05AEED'],
      ['CMAC(03000000000100C0)', '7319D1E519553580'],
      ['CMAC(01000100000100C0)', '78FF976D7F351D5A'],
      ['CMAC(02000100000100C0)', '6DAE105CFB2C4B30'],
      ['CMAC(03000100000100C0)', '0B83183CB07206A4'],
    ]);
  });

  it('shows the whole second CMAC for AES-192, of which half is used', () => {
    const steps = stepsOf('00112233445566778899AABBCCDDEEFF0102030405060708', D_BLOCK);
    expect(steps.slice(1, 3)).toEqual([
      ['CMAC(01000000000300C0)', 'F1F59B4D7C694654C49D22257318BC21'],
      ['CMAC(02000000000300C0)', '5B90DB9A94C479FF9764913377F690AE'],
    ]);
    expect(steps[5]).toEqual(['KBEK', 'F1F59B4D7C694654C49D22257318BC215B90DB9A94C479FF']);
  });

  it('says that everything is right, where it is', () => {
    const { header, macValid, lengthValid } = traceUnwrap(OPTIONS);
    expect([macValid, lengthValid]).toEqual([true, true]);
    expect(header).toEqual(unwrapKey(OPTIONS).header);
  });

  it('shows all steps under a wrong KBPK, and that the MAC is another', () => {
    fc.assert(
      fc.property(bytesOf(32), (kbpk) => {
        const { steps, macValid, lengthValid } = traceUnwrap({ ...OPTIONS, kbpk });
        const names = steps.map(({ name }) => name);
        expect(names.slice(0, 12).join()).toMatch(
          /^KBPK,(CMAC\(\w+\),){4}KBEK,KBAK,header,MAC received,IV,encrypted payload,clear payload$/,
        );
        expect(macValid).toBe(false);
        expect(names.at(-1)).toBe('MAC computed');
        expect(steps.at(-1)?.value).not.toBe('7E8E31DA05F7425509593D03A457DC34');
        // The key is where the length says, so there is none where the length makes no sense.
        expect(names.includes('key')).toBe(lengthValid);
      }),
    );
  });

  it.each([
    { versionId: 'A', algorithm: 'TDES', lengthBits: 128 },
    { versionId: 'B', algorithm: 'TDES', lengthBits: 128 },
    { versionId: 'D', algorithm: 'AES', lengthBits: 256 },
    { versionId: 'E', algorithm: 'AES', lengthBits: 256 },
  ] as const)('tells an altered header from a wrong KBPK: $versionId', ({ versionId, ...kind }) => {
    const kbpk = generateKey(kind);
    const key = generateKey({ algorithm: 'TDES', lengthBits: 128 });
    const attributes = { keyUsage: 'P0', algorithm: 'T', modeOfUse: 'E', exportability: 'E' };
    const header = { versionId, ...attributes };
    const keyBlock = wrapKey({ kbpk, key, header, allow: ['version-a-or-c'] });
    const altered = keyBlock.replace('P0TE', 'P0TD');
    const verdict = (by: SecretKey) => {
      const trace = traceUnwrap({ kbpk: by, keyBlock: altered, testKey: true });
      return [trace.macValid, trace.lengthValid];
    };
    expect(verdict(kbpk)).toEqual([false, true]);
    // By chance one in 2,000 is sound: of 200 more than five once in some 10^9 runs.
    const others = Array.from({ length: 200 }, () => verdict(generateKey(kind)));
    expect(others.filter(([, sound]) => sound).length).toBeLessThan(6);
    expect(others.some(([valid]) => valid)).toBe(false);
  });

  it('finds the same key and padding as unwrapping, in every version', () => {
    fc.assert(
      fc.property(anyWrapping, ({ kbpk, key, header }) => {
        const keyBlock = wrapKey({ kbpk, key, header, allow: ['version-a-or-c'] });
        const { steps, macValid, lengthValid } = traceUnwrap({ kbpk, keyBlock, testKey: true });
        expect([macValid, lengthValid]).toEqual([true, true]);
        const values = new Map(steps.map(({ name, value }) => [name, value]));
        expect(fromHex(values.get('key') ?? '')).toEqual(key);
        const parts = ['key length in bits', 'key', 'padding'].map((name) => values.get(name));
        expect(parts.join('')).toBe(values.get('clear payload'));
        expect(values.get('MAC computed')).toBe(values.get('MAC received'));
      }),
      { numRuns: 50 },
    );
  });

  // Authentic blocks whose payload says nonsense about its length.
  it.each([
    [
      '127 bits',
      '007F',
      'D0112D0AB00E0000253FC986E763B91801454FFA874935B23167D66E823436BBF2DA69A369D456FA9877974FCBB38ECF908BF6C56615A91F',
    ],
    [
      '31 bytes of 30',
      '00F8',
      'D0112D0AB00E0000E542C6AF9121AC578DC75791F37B9513E0AD5A1B0560E19F94C64D17CEA0FC7EBDB95E91A6034DDA9543A183E26D282F',
    ],
    [
      'nothing',
      '0000',
      'D0080D0AB00E00001EEC3EAE7EE0F968778D91A4AE6EDB3DA4B9AB57D617C0CAAE173F98CC42FF57',
    ],
  ])('says that a length of %s is unsound, and shows it', (_, length, keyBlock) => {
    const { steps, macValid, lengthValid } = traceUnwrap({ ...OPTIONS, keyBlock });
    expect([macValid, lengthValid]).toEqual([true, false]);
    expect(steps.at(-2)).toEqual({ name: 'key length in bits', value: length });
    expect(() => unwrapKey({ ...OPTIONS, keyBlock })).toThrow(refusal('INVALID_PAYLOAD'));
  });

  it('shows what strict validation would not read', () => {
    const keyBlock = D_BLOCK.slice(0, 16) + D_BLOCK.slice(16).toLowerCase();
    expect(traceUnwrap({ ...OPTIONS, keyBlock }).macValid).toBe(true);
  });

  it('takes a handle', () => {
    const kbpk = new SecretKey({ algorithm: 'AES', bytes: fromHex(D_KBPK) });
    expect(traceUnwrap({ ...OPTIONS, kbpk })).toEqual(traceUnwrap(OPTIONS));
  });

  it.each([undefined, false, 'true', 1, null])(
    'wants to be told that keys are test keys: %s',
    (testKey) => {
      const options = { ...OPTIONS, testKey } as unknown as TraceUnwrapOptions;
      expect(() => traceUnwrap(options)).toThrow(refusal('INVALID_ARGUMENT', 'testKey'));
    },
  );

  it('rejects malformed text, and a KBPK that can not be one', () => {
    for (const options of [undefined, null, D_BLOCK]) {
      expect(() => traceUnwrap(options as unknown as TraceUnwrapOptions)).toThrow(
        refusal('INVALID_ARGUMENT', 'options'),
      );
    }
    expect(() => traceUnwrap({ ...OPTIONS, keyBlock: D_BLOCK.slice(1) })).toThrow(
      refusal('UNSUPPORTED', 'versionId', 0),
    );
    expect(() => traceUnwrap({ ...OPTIONS, kbpk: new Uint8Array(8) })).toThrow(
      refusal('KBPK_MISMATCH', 'kbpk'),
    );
    const error = thrownBy(() =>
      traceUnwrap({ ...OPTIONS, kbpk: D_KBPK as unknown as Uint8Array }),
    );
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'kbpk' });
  });
});
