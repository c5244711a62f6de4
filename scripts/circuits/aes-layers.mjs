import { printFunction, printSteps } from './print.mjs';

export function printAesLayers(programs) {
  const { aesSubstitution, aesInverseSubstitution, aesMixing, aesInverseMixing } = programs;
  const { aesLastKey, aesInverseLastKey } = programs;

  const substitute = (name, array, program) =>
    printFunction(`${name}()`, [
      'for (let byte = 0; byte < 128; byte += 8) {',
      '  const o = byte & 120;',
      ...printSteps(program, { to: { array, offset: 'o' } }).map((line) => `  ${line}`),
      '}',
    ]);
  const layer = (name, from, to, program) =>
    printFunction(`${name}(k: number)`, [
      'const o = k & 1920;',
      ...printSteps(program, {
        from: { array: from },
        to: { array: to },
        masks: { array: 'MASKS', offset: 'o' },
      }),
    ]);
  const columns = (name, from, to, columnPrograms) => [
    ...columnPrograms.map((program, i) => layer(`${name}${i}`, from, to, program)),
    printFunction(
      `${name}(k: number)`,
      columnPrograms.map((_, i) => `${name}${i}(k);`),
    ),
  ];

  return [
    HEADER,
    driver('encrypt', 'substitute', 'mix', 'addLastKey'),
    driver('decrypt', 'inverselySubstitute', 'inverselyMix', 'addLastInverseKey'),
    SUBSTITUTE_BYTES,
    substitute('substituteA', 'A', aesSubstitution()),
    substitute('substituteB', 'B', aesSubstitution()),
    substitute('inverselySubstituteA', 'A', aesInverseSubstitution()),
    substitute('inverselySubstituteB', 'B', aesInverseSubstitution()),
    ...columns('mixA', 'A', 'B', aesMixing()),
    ...columns('mixB', 'B', 'A', aesMixing()),
    ...columns('inverselyMixA', 'A', 'B', aesInverseMixing()),
    ...columns('inverselyMixB', 'B', 'A', aesInverseMixing()),
    layer('addLastKey', 'B', 'A', aesLastKey()),
    layer('addLastInverseKey', 'B', 'A', aesInverseLastKey()),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n}\n');
}

function driver(name, substitute, mix, last) {
  return `  function ${name}(
    words: Int32Array,
    at: number,
    masks: Int32Array,
    first: number,
    step: number,
    rounds: number,
  ): void {
    MASKS.set(masks);
    for (let i = 0; i < 128; i++) A[i] = (words[at + i] as number) ^ (MASKS[first + i] as number);
    let k = first + step;
    for (let round = 2; round < rounds; round += 2) {
      ${substitute}A();
      ${mix}A(k);
      k += step;
      ${substitute}B();
      ${mix}B(k);
      k += step;
    }
    ${substitute}A();
    ${mix}A(k);
    k += step;
    ${substitute}B();
    ${last}(k);
    for (let i = 0; i < 128; i++) words[at + i] = A[i] as number;
    A.fill(0);
    B.fill(0);
    MASKS.fill(0);
  }
`;
}

const SUBSTITUTE_BYTES = `  function substituteBytes(bytes: Uint8Array): void {
    for (const [lane, byte] of bytes.entries()) {
      for (let bit = 0; bit < 8; bit++) A[bit] = (A[bit] as number) | (((byte >> bit) & 1) << lane);
    }
    substituteA();
    for (let lane = 0; lane < bytes.length; lane++) {
      let byte = 0x63;
      for (let bit = 0; bit < 8; bit++) byte ^= (((A[bit] as number) >>> lane) & 1) << bit;
      bytes[lane] = byte;
    }
    A.fill(0);
  }
`;

const HEADER = `/**
 * Generated: node scripts/generate-circuits.mjs. Do not edit.
 *
 * AES over 32 lanes, from the gate lists in gates.ts and the layers in programs.ts, without a table.
 * A layer goes from one array to the other by constant indices. Both are constants of a function
 * that runs once, because V8 then knows their addresses: variables of the module are not constant
 * any more once a bundler has been there. The masks are copied to such an array for the same
 * reason. The S-box goes in a loop over the bytes, because a whole column has more values than the
 * processor has registers. Nothing is left in the arrays when a call returns. Indices are in range:
 * a block has 128 planes, and up to 15 round keys have as many masks.
 */

interface AesLayers {
  /**
   * Encrypts the block of planes at \`at\`, in place: \`rounds\` rounds, an even number, after the
   * first key. The masks of that one begin at \`first\`, those of the others then every \`step\`
   * words.
   */
  encrypt(
    words: Int32Array,
    at: number,
    masks: Int32Array,
    first: number,
    step: number,
    rounds: number,
  ): void;
  /** Decrypts it: the same masks, from the last round key on and backwards. */
  decrypt(
    words: Int32Array,
    at: number,
    masks: Int32Array,
    first: number,
    step: number,
    rounds: number,
  ): void;
  /** The S-box on each of up to 32 bytes, in place: what the key expansion needs. */
  substituteBytes(bytes: Uint8Array): void;
}

export const aesLayers: AesLayers = /* @__PURE__ */ createAesLayers();

function createAesLayers(): AesLayers {
  const A = new Int32Array(128);
  const B = new Int32Array(128);
  const MASKS = new Int32Array(2048);

  return { encrypt, decrypt, substituteBytes };
`;
