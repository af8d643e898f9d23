export {
  type Entry,
  type EntryKind,
  kindBytes,
  type KindName,
  type Persistence,
  type Query,
  type RetentionClass,
  retentionClasses,
  type SealedGroup,
  type SubjectKey,
} from './entry.js';
