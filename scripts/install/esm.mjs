import * as root from 'keyblock';
import * as kcv from 'keyblock/kcv';
import * as tr31 from 'keyblock/tr31';
import { exercise } from './exercise.cjs';

exercise({ root, tr31, kcv });
