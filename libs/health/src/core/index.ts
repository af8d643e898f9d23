export { type Footing, step, type Thresholds, unproven } from './hysteresis.js';
