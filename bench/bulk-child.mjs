/** One group of rows for one contender of ours, in a process of its own: prints the rates. */

import { GROUPS } from './bulk.mjs';
import { measureRows } from './measure.mjs';

const [group, name, settings] = process.argv.slice(2);
if (settings !== undefined) {
  console.log(JSON.stringify(measureRows(GROUPS[group](name), JSON.parse(settings))));
}
