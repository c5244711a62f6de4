// A stand-in for the service in one region, so that the example runs without an account: a few keys
// in memory behind the calls that the adapter makes. With the SDK it is `client.send(new
// …Command(input))`.
import { createHash } from 'node:crypto';
import { generateKey, unwrapKey, wrapKey } from 'keyblock';

const MODES_OF_USE = { Encrypt: true, Decrypt: true, Wrap: true, Unwrap: true };
const DAY = 86_400_000;

/** One region: `send(operation, input)`, as a client of the SDK does it. */
export function createService(region, keks, arn) {
  const keys = new Map();
  let made = 0;

  function find(arn) {
    const found = keys.get(arn);
    if (found === undefined)
      throw Object.assign(new Error(), { name: 'ResourceNotFoundException' });
    return found;
  }

  function add(secret, Enabled = true) {
    made += 1;
    const id = createHash('sha256').update(`${region} ${made}`).digest('hex').slice(0, 16);
    const Key = {
      KeyArn: arn(id),
      KeyAttributes: {
        KeyUsage: 'TR31_P0_PIN_ENCRYPTION_KEY',
        KeyAlgorithm: `AES_${secret.lengthBits}`,
        KeyModesOfUse: MODES_OF_USE,
      },
      KeyCheckValue: secret.kcv().slice(0, 6),
      KeyCheckValueAlgorithm: 'CMAC',
      Exportable: true,
      Enabled,
      KeyState: 'CREATE_COMPLETE',
    };
    keys.set(Key.KeyArn, { Key, secret });
    return { Key };
  }

  function change(arn, changes) {
    const { Key } = find(arn);
    Object.assign(Key, changes);
    return { Key };
  }

  const operations = {
    CreateKey: () => add(generateKey({ algorithm: 'AES', lengthBits: 128 })),
    ExportKey({ ExportKeyIdentifier, KeyMaterial }) {
      const { secret } = find(ExportKeyIdentifier);
      const header = {
        versionId: 'D',
        keyUsage: 'P0',
        algorithm: 'A',
        modeOfUse: 'B',
        exportability: 'E',
      };
      const kbpk = keks.get(KeyMaterial.Tr31KeyBlock.WrappingKeyIdentifier);
      return { WrappedKey: { KeyMaterial: wrapKey({ kbpk, key: secret, header }) } };
    },
    ImportKey({ Enabled, KeyMaterial }) {
      const { WrappedKeyBlock: keyBlock, WrappingKeyIdentifier } = KeyMaterial.Tr31KeyBlock;
      return add(unwrapKey({ kbpk: keks.get(WrappingKeyIdentifier), keyBlock }).key, Enabled);
    },
    DeleteKey: ({ KeyIdentifier, DeleteKeyInDays }) =>
      change(KeyIdentifier, {
        KeyState: 'DELETE_PENDING',
        Enabled: false,
        DeletePendingTimestamp: new Date(Date.now() + DeleteKeyInDays * DAY).toISOString(),
      }),
    RestoreKey: ({ KeyIdentifier }) =>
      change(KeyIdentifier, { KeyState: 'CREATE_COMPLETE', Enabled: false }),
    StartKeyUsage: ({ KeyIdentifier }) => change(KeyIdentifier, { Enabled: true }),
    StopKeyUsage: ({ KeyIdentifier }) => change(KeyIdentifier, { Enabled: false }),
    TagResource: ({ ResourceArn, Tags }) => change(ResourceArn, { Tags }),
    UpdateAlias: () => ({}),
    ListKeys: () => ({ Keys: [...keys.values()].map(({ Key }) => Key) }),
  };

  return (operation, input = {}) => {
    console.log(`  ${region.padEnd(10)} ${operation}`);
    return Promise.resolve(input).then(operations[operation]);
  };
}
