/** An audit without any key: nothing is found where nothing is wrong, and what is wrong is found. */
import { auditHierarchy, type RegionKeyRecord, type StoredRecord } from 'keyblock/hierarchy';
import { hold } from './violation.js';
import { customerKeys, mainKeysOf, type Site, type World } from './world.js';

/** What may be found in a store that is in order: it is the time, chance, or a torn step. */
export function checkAudit(world: World, sites: readonly Site[]): void {
  const records = sites.flatMap(({ store }) => store.everything());
  const findings = auditHierarchy({ records, env: { at: new Date(world.now) } });
  const jobs = new Set(records.flatMap((r) => (r.kind === 'rotation-job' ? [r.jobId] : [])));
  const hostile = new Set(
    sites.flatMap(({ truths }) => truths.live().flatMap((t) => (t.hostile ? [t.keyId] : []))),
  );
  const kcvs = sharedCheckValues(sites);
  for (const { id, recordId } of findings) {
    world.stats.add(`found ${id}`);
    if (hostile.has(recordId) || hostile.size > 0) continue;
    hold(isExplained(), 'the audit finds nothing where nothing is', () => `${id} ${recordId}`);

    function isExplained(): boolean {
      const row = records.find((r) => r.kind !== 'alias' && idOf(r) === recordId);
      switch (id) {
        case 'job-missing':
          return mainKeysOf(sites).some(
            (r) => idOf(r) === recordId && r.jobId !== undefined && !jobs.has(r.jobId),
          );
        case 'compromised-in-use':
          return mainKeysOf(sites).some(
            (r) =>
              idOf(r) === recordId && r.versions.some((v) => v.state === 'active' && v.compromised),
          );
        case 'overdue-purge':
          return (
            row?.kind === 'customer-key' &&
            Date.parse(row.lifecycle.deleteAfter ?? '') + 86_400_000 <= world.now
          );
        case 'token-of-dead-version': // until `retireTokens`, see `rest.ts`
          return row?.kind === 'region-key' && hasTokenOfDeadVersion(row);
        case 'dangling-alias':
          return true; // the key may be gone by now
        case 'shared-check-value':
          return kcvs.has(recordId);
        default:
          return false;
      }
    }
  }
  world.stats.add('audits');
}

function hasTokenOfDeadVersion({ versions, tokens }: RegionKeyRecord): boolean {
  return versions.some(
    ({ version, state }) =>
      state === 'destroyed' &&
      tokens.some((token) => token.version === version && token.invalidatedAt === undefined),
  );
}

function idOf(record: StoredRecord): string | undefined {
  switch (record.kind) {
    case 'customer-key':
      return record.keyId;
    case 'profile':
      return `${record.regionId}/${record.profileId}`;
    case 'region-key':
      return record.regionId;
    default:
      return undefined;
  }
}

/** IDs of keys of which there is another with the same check value. */
function sharedCheckValues(sites: readonly Site[]): ReadonlySet<string> {
  const byValue = new Map<string, string[]>();
  for (const record of sites.flatMap(customerKeys)) {
    const value = record.kcv?.value;
    byValue.set(value, [...(byValue.get(value) ?? []), record.keyId]);
  }
  return new Set([...byValue.values()].filter((ids) => ids.length > 1).flat());
}

/** What an audit without keys can see of each way to tamper with a row. */
export function checkAuditFinds(site: Site, keyId: string, name: string): void {
  const findings = auditHierarchy({ records: site.store.everything() });
  const found = findings.filter(({ recordId }) => recordId === keyId || recordId === '');
  hold(
    findings.length > 0 && (found.length > 0 || name.includes('another key')),
    'the audit finds what is wrong',
    () => `${keyId} ${name}`,
  );
}
