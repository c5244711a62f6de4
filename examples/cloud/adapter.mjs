// Replication commands as calls of AWS Payment Cryptography, and its answers as results. One row a
// command; what carries a call to the service is the `send` of whoever uses this.
import { replication } from 'keyblock/hierarchy';

/** TR-31 modes of use as the service writes them. */
const MODES = {
  'Encrypt,Decrypt,Wrap,Unwrap': 'B',
  'Encrypt,Wrap': 'E',
  'Decrypt,Unwrap': 'D',
  'Generate,Verify': 'C',
  Generate: 'G',
  Verify: 'V',
  DeriveKey: 'X',
  NoRestrictions: 'N',
};

/** The end of an ARN: the whole of it is longer than an ID may be here. */
export const keyIdOf = (arn) => arn.slice(arn.lastIndexOf('/') + 1);

/**
 * How each command is asked for, in one region: `kek` names the KEK of a generation there, `arn` a
 * key by the end of its ARN.
 */
const CALLS = {
  exportTr31: ({ keyId, generation }, { kek, arn }) => [
    'ExportKey',
    {
      ExportKeyIdentifier: arn(keyId),
      KeyMaterial: { Tr31KeyBlock: { WrappingKeyIdentifier: kek(generation) } },
    },
  ],
  importTr31: ({ keyBlock, generation, enabled, tags }, { kek }) => [
    'ImportKey',
    {
      Enabled: enabled,
      KeyMaterial: {
        Tr31KeyBlock: { WrappedKeyBlock: keyBlock, WrappingKeyIdentifier: kek(generation) },
      },
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    },
  ],
  scheduleDeletion: ({ replicaKeyId, days: DeleteKeyInDays }, { arn }) => [
    'DeleteKey',
    { KeyIdentifier: arn(replicaKeyId), DeleteKeyInDays },
  ],
  cancelDeletion: ({ replicaKeyId }, { arn }) => [
    'RestoreKey',
    { KeyIdentifier: arn(replicaKeyId) },
  ],
  setEnabled: ({ replicaKeyId, enabled }, { arn }) => [
    enabled ? 'StartKeyUsage' : 'StopKeyUsage',
    { KeyIdentifier: arn(replicaKeyId) },
  ],
  putTags: ({ replicaKeyId, tags }, { arn }) => [
    'TagResource',
    {
      ResourceArn: arn(replicaKeyId),
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    },
  ],
  putAlias: ({ alias, replicaKeyId }, { arn }) => [
    'UpdateAlias',
    { AliasName: `alias/${alias}`, ...(replicaKeyId !== null && { KeyArn: arn(replicaKeyId) }) },
  ],
};

/** Carries out a command. An error of the service is an answer, and its name is the code. */
export async function carryOut(command, { send, kek, arn }) {
  const [operation, input] = CALLS[command.type](command, { kek, arn });
  try {
    const output = await send(operation, input);
    return { command, outcome: 'done', ...resultOf(command, output) };
  } catch ({ name }) {
    if (name === 'ResourceNotFoundException') return { command, outcome: 'gone' };
    const code = name.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase();
    return { command, outcome: 'failed', code };
  }
}

function resultOf({ type }, { Key, WrappedKey }) {
  if (type === 'exportTr31') return { keyBlock: WrappedKey.KeyMaterial };
  if (type === 'importTr31') {
    const attributesDigest = replication.digestOfAttributes(attributesOf(Key));
    return { replicaKeyId: keyIdOf(Key.KeyArn), kcv: kcvOf(Key), attributesDigest };
  }
  return type === 'scheduleDeletion' ? { deleteAfter: Key.DeletePendingTimestamp } : {};
}

/** A key as the service describes it, as the event that tells of its making. */
export function createdEvent({ regionId, sequence, key }) {
  return {
    type: 'CreateKey',
    eventId: `CreateKey ${key.KeyArn}`,
    sequence,
    regionId,
    source: { kind: 'caller' },
    keyId: keyIdOf(key.KeyArn),
    attributes: attributesOf(key),
    kcv: kcvOf(key),
  };
}

function kcvOf({ KeyCheckValue: value, KeyCheckValueAlgorithm: method }) {
  return { method: method === 'CMAC' ? 'cmac' : 'legacy', value };
}

function attributesOf({ KeyAttributes, Exportable }) {
  const { KeyUsage, KeyAlgorithm, KeyModesOfUse } = KeyAttributes;
  const [family, size] = KeyAlgorithm.split('_');
  const modes = Object.keys(KeyModesOfUse).filter((mode) => KeyModesOfUse[mode]);
  return {
    keyUsage: KeyUsage.slice(5, 7),
    algorithm: family[0],
    keyBits: { '2KEY': 128, '3KEY': 192 }[size] ?? Number(size),
    modeOfUse: MODES[modes.join()],
    exportability: Exportable ? 'E' : 'N',
    keyVersionNumber: '00',
  };
}
