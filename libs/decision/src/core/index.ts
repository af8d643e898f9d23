export { answerOf, type Decision, decisionOf } from './answer.js';
export {
  type DecisionRecord,
  entryOf,
  idOf,
  isPublicActor,
  joinGroups,
  type PublicFields,
  type RuleView,
  type SealedFields,
  type SearchIndex,
  subjectsOf,
} from './record.js';
