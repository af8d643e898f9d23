export { periodOf } from './period.js';
export {
  checkReport,
  NOTE_NAME,
  noteLines,
  type Outcome,
  outcomes,
  reasonHash,
  type Report,
  ReportError,
  type ReportItem,
  reportOf,
} from './report.js';
