/** Policies of the demo start: one request for each outcome is printed at its end and stands in the README. */
export const demoPolicies: readonly string[] = [
  `apiVersion: lexecon.dev/v1
kind: Policy
name: customer-support
mode: strict
description: What the support agents may do with customer data.
rules:
  - id: read-orders
    effect: permit
    actors: { roles: [support-agent] }
    actions: ["database:read", "ticket:*"]
    resources: { types: [table, ticket] }
    when: context.riskScore < 60
    obligations: [{ name: mask-fields, parameters: { fields: [email] } }]
    reason: Support agents may read what they need to answer a question
  - id: bulk-export
    effect: escalate
    actions: ["database:export"]
    dataClasses: { anyOf: [pii, financial] }
    review: { role: reviewer, quorum: 1, within: PT4H, onExpiry: deny }
    reason: Bulk export of personal data needs a reviewer
`,
  `apiVersion: lexecon.dev/v1
kind: Policy
name: production-safety
mode: strict
description: What nobody does in production without a person.
rules:
  - id: no-drop
    effect: forbid
    actions: ["database:drop", "database:truncate"]
    reason: Nobody drops data in production
`,
];
